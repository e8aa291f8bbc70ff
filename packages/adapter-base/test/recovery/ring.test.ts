import { describe, expect, it } from "vitest";
import { Ring } from "../../src/recovery/ring.js";

describe("Ring", () => {
  it("numbers entries from 1 and never uses a number again", () => {
    const ring = new Ring<{ n: number }>();
    expect([ring.first, ring.last, ring.size]).toEqual([1, 0, 0]);
    expect(ring.push({ n: 1 })).toBe(1);
    expect(ring.shift()).toEqual({ n: 1 });
    expect([ring.first, ring.last, ring.size]).toEqual([2, 1, 0]);
    expect(ring.push({ n: 2 })).toBe(2);
  });

  it("finds entries by number while they are kept", () => {
    const ring = new Ring<{ n: number }>();
    for (let n = 1; n <= 5; n++) ring.push({ n });
    ring.shift();
    expect([0, 1, 2, 5, 6].map((number) => ring.at(number)?.n)).toEqual([undefined, undefined, 2, 5, undefined]);
    expect(ring.oldest()).toEqual({ n: 2 });
  });

  it("has nothing to give when it is empty", () => {
    const ring = new Ring<object>();
    expect(ring.shift()).toBeUndefined();
    expect(ring.oldest()).toBeUndefined();
    expect(ring.first).toBe(1);
  });

  it("equals a plain list over many turns", () => {
    const ring = new Ring<{ n: number }>();
    const model: number[] = [];
    for (let n = 1; n <= 5000; n++) {
      ring.push({ n });
      model.push(n);
      if (n % 3 !== 0) expect(ring.shift()!.n).toBe(model.shift());
      if (n % 500 === 0) while (model.length > 10) expect(ring.shift()!.n).toBe(model.shift());
      expect([ring.first, ring.last, ring.size]).toEqual([n - model.length + 1, n, model.length]);
      expect(ring.at(ring.first)?.n).toBe(model[0]);
      expect(ring.at(ring.last)?.n).toBe(model.at(-1));
    }
  });
});
