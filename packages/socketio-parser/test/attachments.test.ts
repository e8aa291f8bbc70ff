import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isPlain, lift } from "../src/attachments.js";
import { hasBinary } from "../src/index.js";
import { json } from "./arbitraries.js";

const bytes = Uint8Array.of(1);

class Point {
  x = 1;
}

describe("isPlain", () => {
  // Invariant: it may doubt a plain value, it never lets one through that JSON.stringify would not write as lift does.
  it("lets nothing through that the thorough walk writes otherwise", () => {
    fc.assert(
      fc.property(fc.oneof(json(true), fc.anything()), (value) => {
        if (isPlain(value)) {
          const { json: text, attachments } = lift([value]);
          expect(text).toBe(JSON.stringify([value]));
          expect(attachments).toEqual([]);
        }
      }),
      { numRuns: 1000 },
    );
  });

  it("lets ordinary data through", () => {
    for (const value of [
      1,
      "x",
      null,
      undefined,
      true,
      [1, [2]],
      { a: { b: [1] } },
      new Date(),
      new Point(),
      Object.create(null),
    ]) {
      expect(isPlain(value)).toBe(true);
    }
  });

  it("doubts what needs the thorough walk", () => {
    const circle: unknown[] = [];
    circle.push(circle, circle);
    for (const value of [bytes, [bytes], { a: [bytes] }, () => 1, 1n, { toJSON: () => 1 }, circle, Buffer.from("x")]) {
      expect(isPlain(value)).toBe(false);
    }
  });
});

describe("lift", () => {
  it("numbers bytes depth first", () => {
    const [a, b, c] = [Uint8Array.of(1), Uint8Array.of(2), Uint8Array.of(3)];
    expect(lift(["x", { deep: [{ a }], b }, c]).attachments).toEqual([a, b, c]);
  });

  it("lets a forged placeholder stand where there are no bytes", () => {
    expect(lift([{ _placeholder: true, num: 0, toJSON: undefined }]).attachments).toEqual([]);
    expect(() => lift([{ _placeholder: true, num: 0 }, bytes])).toThrow("_placeholder");
    expect(lift([{ _placeholder: "true" }, bytes]).attachments).toEqual([bytes]);
  });
});

describe("hasBinary", () => {
  it("finds bytes wherever they are", () => {
    for (const value of [
      bytes,
      bytes.buffer,
      new DataView(bytes.buffer),
      [[{ a: bytes }]],
      new Blob([]),
      { toJSON: () => [bytes] },
    ]) {
      expect(hasBinary(value)).toBe(true);
    }
  });

  it("finds none where there are none", () => {
    for (const value of [undefined, 1, "x", {}, { toJSON: () => 1, hidden: bytes }, new Date(), { f: () => bytes }]) {
      expect(hasBinary(value)).toBe(false);
    }
  });
});
