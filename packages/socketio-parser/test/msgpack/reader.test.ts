import fc from "fast-check";
import { Packr, Unpackr } from "msgpackr";
import { describe, expect, it } from "vitest";
import { Reader, UNSURE } from "../../src/msgpack/reader.js";
import { Scanner } from "../../src/msgpack/scan.js";
import { json } from "../arbitraries.js";

const bytesOf = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex.replaceAll(" ", ""), "hex"));
const read = (hex: string, maxDepth = 100): unknown => new Reader().read(bytesOf(hex), maxDepth);

const packr = new Packr({ useRecords: false, variableMapSize: true });
const unpackr = new Unpackr({ useRecords: false, mapsAsObjects: true, int64AsType: "number" });

describe("Reader", () => {
  // Invariant: it is the library's value or none, from Buffers and from plain bytes, whatever was read before.
  it("reads what was written as the library does", () => {
    const reader = new Reader();
    let sure = 0;
    fc.assert(
      fc.property(json(true), (value) => {
        const packed = packr.pack(value);
        for (const bytes of [packed, Uint8Array.from(packed)]) {
          const got = reader.read(bytes, 100);
          if (got !== UNSURE) {
            sure++;
            expect(got).toEqual(unpackr.unpack(bytes));
          }
        }
      }),
      { numRuns: 500 },
    );
    expect(sure).toBeGreaterThan(300);
  });

  // Invariant: it never takes what the thorough way refuses.
  it("is unsure of all that the scanner refuses", () => {
    const reader = new Reader();
    fc.assert(
      fc.property(
        fc.oneof(
          fc.uint8Array({ maxLength: 60 }),
          fc
            .tuple(json(true), fc.nat(), fc.nat(255))
            .map(([value, at, byte]) => Uint8Array.from(packr.pack(value)).fill(byte, at % 50, (at % 50) + 1)),
        ),
        (bytes) => {
          if (reader.read(bytes, 5) !== UNSURE) {
            const scanner = new Scanner(bytes, 5);
            scanner.skip();
            expect(scanner.isAtEnd).toBe(true);
          }
        },
      ),
      { numRuns: 2000 },
    );
  });

  it.each([
    ["positive fixint", "7f", 127],
    ["negative fixint", "e0", -32],
    ["nil", "c0", null],
    ["false", "c2", false],
    ["true", "c3", true],
    ["bin 8", "c4 02 0102", Uint8Array.of(1, 2)],
    ["bin 16", "c5 0002 0102", Uint8Array.of(1, 2)],
    ["bin 32", "c6 00000002 0102", Uint8Array.of(1, 2)],
    ["float 32", "ca 3fc00000", 1.5],
    ["float 64", "cb 3ff8000000000000", 1.5],
    ["uint 8", "cc ff", 255],
    ["uint 16", "cd ffff", 65_535],
    ["uint 32", "ce ffffffff", 4_294_967_295],
    ["uint 64", "cf 0000010000000000", 2 ** 40],
    ["int 8", "d0 80", -128],
    ["int 16", "d1 8000", -32_768],
    ["int 32", "d2 80000000", -2_147_483_648],
    ["fixstr", "a2 6162", "ab"],
    ["str 8", "d9 02 6162", "ab"],
    ["str 16", "da 0002 c3a9", "é"],
    ["str 32", `db 00000020 ${"61".repeat(32)}`, "a".repeat(32)],
    ["a byte order mark", "a4 efbbbf61", "\ufeffa"],
    ["fixarray", "92 01 02", [1, 2]],
    ["array 16", "dc 0002 01 02", [1, 2]],
    ["array 32", "dd 00000002 01 02", [1, 2]],
    ["fixmap", "81 a161 01", { a: 1 }],
    ["map 16", "de 0001 a161 01", { a: 1 }],
    ["map 32", "df 00000001 a161 01", { a: 1 }],
  ])("knows %s", (_name, hex, value) => {
    expect(read(hex)).toEqual(value);
    const bytes = bytesOf(hex);
    for (let end = 0; end < bytes.length; end++) {
      expect(new Reader().read(bytes.subarray(0, end), 100)).toBe(UNSURE);
    }
    expect(read(`${hex}00`)).toBe(UNSURE);
  });

  it.each([
    ["an extension", "d6ff00000001"],
    ["the code that is never used", "c1"],
    ["a signed integer of 64 bits", "d3ffffff0000000000"],
    ["the name __proto__", "81 a95f5f70726f746f5f5f 80"],
    ["a name that is a number", "81 01 02"],
    ["a name of no length", "81 a0 02"],
    ["an array longer than the bytes", "ddffffffff"],
    ["a map longer than the bytes", "dfffffffff"],
    ["claims nested in claims", "dd000fffff".repeat(10)],
  ])("leaves %s to others", (_name, hex) => {
    expect(read(hex)).toBe(UNSURE);
    expect(read(`92 01 ${hex}`)).toBe(UNSURE);
  });

  it("counts depth", () => {
    expect(read("919191c0", 3)).toEqual([[[null]]]);
    expect(read("919191c0", 2)).toBe(UNSURE);
    expect(read("81a161 81a161 90", 2)).toBe(UNSURE);
  });

  it("tells a name from others of its length and ends", () => {
    const reader = new Reader();
    for (const name of ["abcd", "acbd", "abcd", "é", "\u00c3\u00a9", "é", "ab", "a"]) {
      expect(reader.read(packr.pack({ [name]: 1 }), 100)).toEqual({ [name]: 1 });
    }
    // A byte that is no ASCII is no character of the same number.
    expect(reader.read(packr.pack({ "\u00e9x": 1 }), 100)).toEqual({ "\u00e9x": 1 });
    expect(reader.read(bytesOf("81 a2 e978 01"), 100)).toEqual({ "\ufffdx": 1 });
  });

  it("gives views of the bytes", () => {
    const reader = new Reader();
    const bytes = packr.pack({ bytes: Buffer.from([1, 2]) });
    const { bytes: view } = reader.read(bytes, 100) as { bytes: Uint8Array };
    expect(view.buffer).toBe(bytes.buffer);
    expect(reader.read(bytesOf("c3"), 100)).toBe(true);
    expect([...view]).toEqual([1, 2]);
  });
});
