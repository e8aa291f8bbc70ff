import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type BackoffOptions, backoff } from "../src/backoff.js";

describe("backoff", () => {
  const delays = (count: number, options: BackoffOptions, chance?: () => number) =>
    Array.from({ length: count }, (_, attempts) => backoff(options, attempts, undefined, chance));

  it("doubles up to the maximum", () => {
    const options = { reconnectionDelay: 100, reconnectionDelayMax: 1000, randomizationFactor: 0 };
    expect(delays(6, options)).toEqual([100, 200, 400, 800, 1000, 1000]);
  });

  it("is random at every attempt, the last ones included", () => {
    expect(delays(5, {}, () => 0)).toEqual([500, 1000, 2000, 2500, 2500]);
    expect(delays(5, {}, () => 1)).toEqual([1500, 3000, 5000, 5000, 5000]);
  });

  it("waits at least as long as the server asks for", () => {
    expect(backoff({ randomizationFactor: 0 }, 0, 20_000)).toBe(20_000);
    expect(backoff({}, 0, 20_000, () => 1)).toBe(30_000);
    expect(backoff({ randomizationFactor: 0 }, 1, 500)).toBe(2000);
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
          const delay = backoff({ reconnectionDelay: min, reconnectionDelayMax: max, randomizationFactor: jitter }, n);
          expect(delay).toBeGreaterThanOrEqual(Math.floor(Math.min(min, max) * (1 - jitter)));
          expect(delay).toBeLessThanOrEqual(max);
        },
      ),
    );
  });
});
