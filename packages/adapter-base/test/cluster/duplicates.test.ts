import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Duplicates } from "../../src/cluster/duplicates.js";

describe("Duplicates", () => {
  it("admits each number of an origin once", () => {
    const duplicates = new Duplicates();
    expect(["a 1", "a 2", "a 1", "b 1", "a 2", "a 3"].map((one) => duplicates.admit(one[0]!, Number(one[2])))).toEqual([
      true,
      true,
      false,
      true,
      false,
      true,
    ]);
    duplicates.forget("a");
    expect(duplicates.admit("a", 1)).toBe(true);
  });

  it("takes what is far too late for a duplicate", () => {
    const duplicates = new Duplicates();
    duplicates.admit("a", 5000);
    expect([duplicates.admit("a", 3977), duplicates.admit("a", 3976)]).toEqual([true, false]);
  });

  // Invariant: whatever the order, as long as it stays within the window, each number is admitted exactly once.
  it("equals a set within its window", () => {
    const numbers = fc.array(fc.nat({ max: 1000 }), { maxLength: 200, size: "max" });
    fc.assert(
      fc.property(numbers, fc.nat({ max: 5 }), (late, rounds) => {
        const duplicates = new Duplicates();
        for (let round = 0; round <= rounds; round++) {
          const base = round * 4000;
          for (let n = 0; n < 3000; n++) duplicates.admit("a", base + n);
          const seen = new Set<number>();
          for (const n of late) {
            expect(duplicates.admit("a", base + 3000 + n)).toBe(!seen.has(n));
            seen.add(n);
          }
        }
      }),
      { numRuns: 20 },
    );
  });
});
