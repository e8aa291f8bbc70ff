import { describe, expect, it } from "vitest";
import { RateMeter } from "../src/rate-meter.js";

describe("a rate meter", () => {
  it("allows one second's worth at once, and refills evenly", () => {
    const meter = new RateMeter(10, Number.POSITIVE_INFINITY, 0);
    for (let i = 0; i < 10; i++) expect(meter.take(1, 0)).toBeUndefined();
    expect(meter.take(1, 0)?.code).toBe("ERR_SOCKEYE_SERVER_TOO_MANY_EVENTS");
    const later = new RateMeter(10, Number.POSITIVE_INFINITY, 0);
    for (let i = 0; i < 100; i++) expect(later.take(1, i * 100)).toBeUndefined();
  });

  it("counts bytes by themselves", () => {
    const meter = new RateMeter(Number.POSITIVE_INFINITY, 1000, 0);
    expect(meter.take(1000, 0)).toBeUndefined();
    expect(meter.take(500, 500)).toBeUndefined();
    expect(meter.take(1, 500)?.code).toBe("ERR_SOCKEYE_SERVER_TOO_MANY_BYTES");
  });
});
