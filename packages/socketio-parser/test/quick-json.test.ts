import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { lift } from "../src/attachments.js";
import type { BinaryChunk } from "../src/index.js";
import { quickJson, quote, quoteName } from "../src/quick-json.js";
import { bytes, json } from "./arbitraries.js";

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

  // Invariant: with a list for bytes it takes the very way of the thorough walk, or none.
  it("takes bytes out as the thorough walk does", () => {
    let taken = 0;
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.oneof(json(true), bytes), { maxKeys: 5 }), (value) => {
        const attachments: BinaryChunk[] = [];
        const text = quickJson(value, attachments);
        if (text !== undefined) {
          taken += attachments.length;
          const lifted = lift(value);
          expect(text).toBe(lifted.json);
          expect(attachments).toEqual(lifted.attachments);
        }
      }),
    );
    expect(taken).toBeGreaterThan(10);
  });

  it("leaves what looks like a placeholder to the thorough walk", () => {
    expect(quickJson({ _placeholder: true, num: 0 }, [])).toBeUndefined();
    expect(quickJson({ _placeholder: 1 }, [])).toBe('{"_placeholder":1}');
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

it("quoteName writes any text as JSON.stringify does, the first time and again, also when it remembers no more", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 40 }), (text) => {
      expect(quoteName(text)).toBe(JSON.stringify(text));
      expect(quoteName(text)).toBe(JSON.stringify(text));
    }),
    { numRuns: 500, examples: [["__proto__"], ["12"], ["constructor"], [""], ['"']] },
  );
  for (let i = 0; i < 2000; i++) {
    expect(quoteName(`name ${i}`)).toBe(`"name ${i}"`);
  }
  expect(quoteName("__proto__")).toBe('"__proto__"');
});
