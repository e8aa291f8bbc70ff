import fc from "fast-check";
import { Packr } from "msgpackr";
import { describe, expect, it } from "vitest";
import { Writer } from "../../src/msgpack/writer.js";
import { json } from "../arbitraries.js";

const packr = new Packr({ useRecords: false, variableMapSize: true });

class Point {
  x = 1;
}

describe("Writer", () => {
  // Invariant: the library's bytes or none, whatever was written before; what was handed out before stays what it was.
  it("writes as the library does", () => {
    const writer = new Writer();
    const earlier: { written: Uint8Array; packed: Uint8Array }[] = [];
    fc.assert(
      fc.property(json(true), (value) => {
        const written = writer.write(value);
        expect(written).toBeDefined();
        earlier.push({ written: written!, packed: Uint8Array.from(packr.pack(value)) });
      }),
      { numRuns: 500 },
    );
    for (const { written, packed } of earlier) {
      expect(Buffer.compare(written, packed)).toBe(0);
    }
  });

  it.each([
    ["text", "x".repeat(1_000_000)],
    ["text of three bytes a unit", "\u20ac".repeat(100_000)],
    ["bytes", new Uint8Array(1_000_000).fill(7)],
    ["many small values", Array.from({ length: 50_000 }, (_, i) => i)],
  ])("holds no more than twice the size of large %s", (_title, value) => {
    const writer = new Writer();
    writer.write(["small"]);
    const written = writer.write(value)!;
    expect(Buffer.compare(written, packr.pack(value))).toBe(0);
    expect(written.buffer.byteLength).toBeLessThanOrEqual(written.byteLength * 2);
    expect(Buffer.compare(writer.write(["next"])!, packr.pack(["next"]))).toBe(0);
    expect(Buffer.compare(written, packr.pack(value))).toBe(0);
  });

  it.each([
    -1,
    -32,
    -33,
    -128,
    -129,
    -32_768,
    -32_769,
    -2_147_483_648,
    -2_147_483_649,
    0,
    -0,
    127,
    128,
    255,
    256,
    65_535,
    65_536,
    4_294_967_295,
    4_294_967_296,
    1.5,
    -0.1,
    1e300,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    Number.MIN_SAFE_INTEGER,
  ])("writes %d as the library does", (value) => {
    expect(hex(new Writer().write(value))).toBe(hex(packr.pack(value)));
  });

  it.each([0, 1, 10, 20, 31, 32, 40, 41, 85, 86, 127, 128, 255, 256, 20_000, 40_000, 65_535, 65_536])(
    "writes texts, bytes, lists and maps of %d as the library does",
    (length) => {
      const writer = new Writer();
      for (const value of [
        "x".repeat(length),
        "é".repeat(length),
        "\u20ac".repeat(length),
        `${"x".repeat(length)}\ud83d\ude00`,
        new Uint8Array(length).fill(7),
        new Array<number>(length).fill(1),
        Object.fromEntries(Array.from({ length }, (_, i) => [`name${i}`, i])),
      ]) {
        expect(hex(writer.write(value))).toBe(hex(packr.pack(value)));
      }
    },
  );

  it("leaves the rest to others, and nothing of it in what comes next", () => {
    const circle: unknown[] = [];
    circle.push(circle);
    const writer = new Writer();
    for (const value of [
      1n,
      () => 1,
      Symbol("s"),
      new Date(),
      new Map(),
      new Point(),
      { toJSON: () => 1 },
      new ArrayBuffer(1),
      new Uint16Array(1),
      circle,
    ]) {
      expect(writer.write(["before", value])).toBeUndefined();
      expect(hex(writer.write(["next"]))).toBe(hex(packr.pack(["next"])));
    }
  });

  it("takes objects without a prototype, and leaves what is undefined to others when told so", () => {
    const bare = Object.assign(Object.create(null), { a: 1 });
    expect(hex(new Writer().write(bare))).toBe(hex(packr.pack({ a: 1 })));
    expect(hex(new Writer().write([undefined]))).toBe(hex(packr.pack([undefined])));
    for (const value of [undefined, [undefined], { a: undefined }]) {
      expect(new Writer("unsure").write(value)).toBeUndefined();
    }
  });

  it("begins anew behind a getter that throws", () => {
    const writer = new Writer();
    const thrower = {
      get it() {
        throw new Error("no");
      },
    };
    expect(() => writer.write(["before", thrower])).toThrow("no");
    expect(hex(writer.write(["next"]))).toBe(hex(packr.pack(["next"])));
  });

  it("leaves to others what a getter writes meanwhile", () => {
    const writer = new Writer();
    let inner: unknown = "not asked";
    const value = {
      get it() {
        inner = writer.write(["inner"]);
        return 1;
      },
    };
    expect(hex(writer.write(value))).toBe(hex(packr.pack({ it: 1 })));
    expect(inner).toBeUndefined();
  });
});

function hex(bytes: Uint8Array | undefined): string | undefined {
  return bytes && Buffer.from(bytes).toString("hex");
}
