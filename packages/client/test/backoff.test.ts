import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Backoff } from "../src/backoff.js";

describe("Backoff", () => {
  it("doubles up to the maximum", () => {
    const backoff = new Backoff({ reconnectionDelay: 100, reconnectionDelayMax: 1000, randomizationFactor: 0 });
    expect(Array.from({ length: 6 }, () => backoff.next())).toEqual([100, 200, 400, 800, 1000, 1000]);
    expect(backoff.attempts).toBe(6);
    backoff.reset();
    expect(backoff.next()).toBe(100);
  });

  it("is random at every attempt, the last ones included", () => {
    const low = new Backoff({}, () => 0);
    const high = new Backoff({}, () => 1);
    const delays = (backoff: Backoff) => Array.from({ length: 5 }, () => backoff.next());
    expect(delays(low)).toEqual([500, 1000, 2000, 2500, 2500]);
    expect(delays(high)).toEqual([1500, 3000, 5000, 5000, 5000]);
  });

  it("waits at least as long as the server asks for, once", () => {
    const backoff = new Backoff({ randomizationFactor: 0 });
    backoff.advised = 20_000;
    expect(backoff.next()).toBe(20_000);
    expect(backoff.next()).toBe(2000);
  });

  // Invariant: whatever the options, a delay lies between min * (1 - jitter) and max.
  it("stays within its bounds", () => {
    fc.assert(
      fc.property(
        fc.nat(10_000),
        fc.nat(60_000),
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.nat(40),
        (min, max, jitter, n) => {
          const backoff = new Backoff({
            reconnectionDelay: min,
            reconnectionDelayMax: max,
            randomizationFactor: jitter,
          });
          backoff.attempts = n;
          const delay = backoff.next();
          expect(delay).toBeGreaterThanOrEqual(Math.floor(Math.min(min, max) * (1 - jitter)));
          expect(delay).toBeLessThanOrEqual(max);
        },
      ),
    );
  });
});
