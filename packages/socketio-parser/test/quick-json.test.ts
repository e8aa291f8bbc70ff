import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { quickJson, quote } from "../src/quick-json.js";
import { json } from "./arbitraries.js";

describe("quickJson", () => {
  // Invariant: what it writes is what JSON.stringify writes, or it writes nothing.
  it("writes as JSON.stringify does, or not at all", () => {
    fc.assert(
      fc.property(fc.oneof(json(true), fc.anything()), (value) => {
        const text = quickJson(value);
        if (text !== undefined) {
          expect(text).toBe(JSON.stringify(value));
        }
      }),
      { numRuns: 2000 },
    );
  });

  it("writes what most events carry", () => {
    const own: unknown = JSON.parse('{"__proto__":1}');
    for (const value of [
      "x",
      "é\n",
      1,
      -0,
      Number.NaN,
      true,
      false,
      null,
      {},
      { a: 1, 'b"': "x", c: null, d: true },
      own,
    ]) {
      expect(quickJson(value)).toBe(JSON.stringify(value));
    }
  });

  it("leaves the rest to others", () => {
    for (const value of [
      undefined,
      1n,
      () => 1,
      Symbol("s"),
      [],
      new Date(),
      new Map(),
      { a: {} },
      { a: undefined },
      { toJSON: () => 1 },
    ]) {
      expect(quickJson(value)).toBeUndefined();
    }
    expect(quickJson(Object.fromEntries(Array.from({ length: 8 }, (_, i) => [`k${i}`, i])))).toBeDefined();
    expect(quickJson(Object.fromEntries(Array.from({ length: 9 }, (_, i) => [`k${i}`, i])))).toBeUndefined();
  });

  it("does not write what was put on Object.prototype", () => {
    const prototype = Object.prototype as { polluted?: string };
    prototype.polluted = "yes";
    try {
      expect(quickJson({ a: 1 })).toBe('{"a":1}');
    } finally {
      delete prototype.polluted;
    }
  });
});

it("quote writes any text as JSON.stringify does", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 80 }), (text) => {
      expect(quote(text)).toBe(JSON.stringify(text));
    }),
    { numRuns: 500 },
  );
});
