import { describe, expect, it } from "vitest";
import { median, pairedRatios, percentile, ratioOf } from "../src/statistics.js";

describe("a percentile", () => {
  it("lies between its neighbours", () => {
    expect(percentile([4, 1, 3, 2], 50)).toBe(2.5);
    expect(percentile([10, 20, 30], 99)).toBeCloseTo(29.8);
    expect(percentile([10, 20, 30], 0)).toBe(10);
    expect(percentile([10, 20, 30], 100)).toBe(30);
  });

  it("of one number is that number, of none is NaN", () => {
    expect(median([7])).toBe(7);
    expect(median([])).toBeNaN();
  });

  it("compares numbers, not their digits, and leaves its input alone", () => {
    const numbers = [100, 9, 20];
    expect(median(numbers)).toBe(20);
    expect(numbers).toEqual([100, 9, 20]);
  });
});

describe("paired ratios", () => {
  it("compare within a round, whatever other rounds were like", () => {
    // The machine was half as fast in the second round, for both.
    expect(pairedRatios([200, 100, 240], [100, 50, 120])).toEqual([2, 2, 2]);
    expect(ratioOf([200, 100, 240], [100, 50, 120])).toEqual({ median: 2, least: 2, most: 2 });
  });

  it("are not the ratio of the medians", () => {
    expect(ratioOf([10, 40, 60], [10, 20, 100])).toEqual({ median: 1, least: 0.6, most: 2 });
  });

  it("leave out rounds that only one of the two has", () => {
    expect(pairedRatios([2, undefined, 6], [1, 1])).toEqual([2]);
    expect(ratioOf([1], [])).toBeUndefined();
  });
});
