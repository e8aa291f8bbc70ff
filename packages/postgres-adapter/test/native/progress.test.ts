import fc from "fast-check";
import { expect, it } from "vitest";
import { Progress } from "../../src/native/progress.js";

it("has seen nothing at first, and everything below its floor", () => {
  const progress = new Progress();
  expect(progress.isSeen(5, 1)).toBe(false);
  progress.advance(6);
  expect(progress.isSeen(5, 99)).toBe(true);
  expect(progress.isSeen(6, 1)).toBe(false);
});

it("remembers transactions above the floor up to the number that was heard", () => {
  const progress = new Progress();
  progress.seen(10, 3);
  expect([1, 3, 4].map((n) => progress.isSeen(10, n))).toEqual([true, true, false]);
  expect(progress.isSeen(9, 1)).toBe(false);
});

it("forgets them when the floor has passed, and does not go back", () => {
  const progress = new Progress();
  for (let xid = 1; xid <= 100; xid++) progress.seen(xid, 1);
  progress.advance(91);
  progress.advance(20);
  expect([progress.floor, progress.size]).toEqual([91, 10]);
});

it("stays bounded while a transaction holds the floor down", () => {
  const progress = new Progress();
  let largest = 0;
  for (let xid = 1; xid <= 200_000; xid++) {
    progress.seen(xid, 1);
    largest = Math.max(largest, progress.size);
  }
  expect(largest).toBe(65_536);
  expect(progress.isSeen(200_000, 1)).toBe(true);
});

it("begins anew", () => {
  const progress = new Progress();
  progress.seen(500, 1);
  progress.advance(400);
  progress.restart(0);
  expect([progress.floor, progress.size, progress.isSeen(399, 1)]).toEqual([0, 0, false]);
});

// Invariant: what was seen stays seen whatever the floor does, and nothing else above the floor is taken for seen.
it("agrees with a set of everything that was seen", () => {
  const step = fc.record({
    xid: fc.integer({ min: 1, max: 40 }),
    n: fc.integer({ min: 1, max: 5 }),
    floor: fc.integer({ min: 0, max: 40 }),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const progress = new Progress();
      const seen = new Map<number, number>();
      let highest = 0;
      for (const { xid, n, floor } of steps) {
        const before = progress.isSeen(xid, n);
        expect(before).toBe(xid < highest || (seen.get(xid) ?? 0) >= n);
        if (!before) {
          progress.seen(xid, n);
          seen.set(xid, n);
        }
        progress.advance(floor);
        highest = Math.max(highest, floor);
      }
      for (const [xid, n] of seen) expect(progress.isSeen(xid, n)).toBe(true);
    }),
  );
});
