import { decode as read, encode as write } from "@msgpack/msgpack";
import fc from "fast-check";
import notepack from "notepack.io";
import { describe, expect, it } from "vitest";
import { ParserViolation, packValue, unpackValue } from "../../src/msgpack/index.js";

/** The libraries that peers on a shared bus write with. */
const peers = [
  {
    name: "notepack.io",
    write: (value: unknown) => notepack.encode(value),
    read: (b: Uint8Array) => notepack.decode(b),
  },
  { name: "@msgpack/msgpack", write, read },
];

const plain = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: "small" },
    fc.constant(null),
    fc.boolean(),
    fc.integer(),
    fc.maxSafeInteger(),
    // notepack writes whole numbers beyond 2^63 wrong.
    fc.double({ noNaN: true }).filter((value) => !Number.isInteger(value) || Number.isSafeInteger(value)),
    fc.string({ unit: "grapheme" }),
    fc.array(tie("value"), { maxLength: 20 }),
    // A member called __proto__ is read under another name by msgpackr, and not at all by notepack.
    fc.dictionary(
      fc.string().filter((key) => key !== "__proto__"),
      tie("value"),
      { maxKeys: 20 },
    ),
  ),
})).value;

describe("packValue and unpackValue", () => {
  it("keeps plain values, bytes and dates", () => {
    const value = { text: "é", list: [1, -5, 1.5, 2 ** 40, null, true], bytes: Buffer.from([1, 2]), at: new Date(5) };
    expect(unpackValue(packValue(value))).toEqual(value);
  });

  it("makes of undefined, functions and toJSON what JSON makes of them", () => {
    const value = { absent: undefined, f() {}, list: [undefined, 1], big: { toJSON: () => "json" } };
    expect(unpackValue(packValue(value))).toEqual({ list: [null, 1], big: "json" });
    expect(unpackValue(packValue(undefined))).toBe(null);
  });

  it("sends the part of the buffer that a view shows", () => {
    const view = new Uint16Array(new Uint8Array([1, 2, 3, 4]).buffer, 2, 1);
    expect(unpackValue(packValue([view, view.buffer]))).toEqual([Buffer.from([3, 4]), Buffer.from([1, 2, 3, 4])]);
  });

  it("refuses what has no form, and what is too deep", () => {
    const cycle: unknown[] = [];
    cycle.push(cycle);
    expect(() => packValue(1n)).toThrowError(expect.objectContaining({ code: "ERR_SOCKEYE_PARSER_UNSERIALIZABLE" }));
    expect(() => packValue(cycle)).toThrowError(expect.objectContaining({ code: "ERR_SOCKEYE_PARSER_TOO_DEEP" }));
    const deep = Uint8Array.from([...new Array(9).fill(0x91), 0xc0]);
    expect(() => unpackValue(deep, 8)).toThrowError(expect.objectContaining({ code: "ERR_SOCKEYE_PARSER_TOO_DEEP" }));
    expect(() => unpackValue(deep, 9)).not.toThrow();
  });

  it("reads no bytes behind the value, and no value that ends too early", () => {
    for (const bytes of [[], [0x92, 1], [1, 1], [0xdd, 255, 255, 255, 255, 0], [0xc1]]) {
      const refused = expect.objectContaining({ code: "ERR_SOCKEYE_PARSER_INVALID_PAYLOAD" });
      expect(() => unpackValue(Uint8Array.from(bytes))).toThrowError(refused);
    }
  });

  // Whatever the bytes, there is a value or a violation.
  it("ends with a value or a violation", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        try {
          unpackValue(bytes);
        } catch (thrown) {
          expect(thrown).toBeInstanceOf(ParserViolation);
        }
      }),
      { numRuns: 2000 },
    );
  });

  describe.each(peers)("with $name at the other end", ({ write, read }) => {
    it("reads what it writes, and is read by it", () => {
      fc.assert(
        fc.property(plain, (value) => {
          const asRead = JSON.parse(JSON.stringify(value));
          expect(JSON.parse(JSON.stringify(unpackValue(write(value))))).toEqual(asRead);
          expect(JSON.parse(JSON.stringify(read(packValue(value))))).toEqual(asRead);
        }),
      );
    });

    it("agrees on bytes, and on dates before and after 1970", () => {
      const value = [Buffer.from([1, 2, 255]), new Uint8Array(70_000), new Date(-1500), new Date(1_795_701_194_735)];
      for (const other of [unpackValue(write(value)), read(packValue(value))] as [
        Uint8Array,
        Uint8Array,
        Date,
        Date,
      ][]) {
        expect([...other[0]]).toEqual([1, 2, 255]);
        expect(other[1].length).toBe(70_000);
        expect([other[2].getTime(), other[3].getTime()]).toEqual([-1500, 1_795_701_194_735]);
      }
    });
  });
});
