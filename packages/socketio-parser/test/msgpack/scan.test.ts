import fc from "fast-check";
import { pack } from "msgpackr";
import { describe, expect, it } from "vitest";
import { ParserError } from "../../src/index.js";
import { Scanner } from "../../src/msgpack/scan.js";
import { json } from "../arbitraries.js";

const scan = (hex: string, maxDepth = 100): Scanner => {
  const scanner = new Scanner(Uint8Array.from(Buffer.from(hex.replaceAll(" ", ""), "hex")), maxDepth);
  scanner.skip();
  return scanner;
};

describe("Scanner", () => {
  // Invariant: whatever msgpackr writes is stepped over to the byte, and every shorter text of it is refused.
  it("steps over what was written, and over nothing that was cut", () => {
    fc.assert(
      fc.property(json(true), (value) => {
        const bytes = pack(value);
        const scanner = new Scanner(bytes, 100);
        scanner.skip();
        expect(scanner.isAtEnd).toBe(true);
        for (let end = 0; end < Math.min(bytes.length, 200); end++) {
          expect(() => new Scanner(bytes.subarray(0, end), 100).skip()).toThrow(ParserError);
        }
      }),
      { numRuns: 150 },
    );
  });

  // Invariant: any bytes end in one pass, inside the bytes or in our own error.
  it("ends on any bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        const scanner = new Scanner(bytes, 10);
        try {
          scanner.skip();
          expect(scanner.at).toBeLessThanOrEqual(bytes.length);
        } catch (error) {
          expect(error).toBeInstanceOf(ParserError);
        }
      }),
      { numRuns: 2000 },
    );
  });

  it.each([
    ["positive fixint", "7f"],
    ["negative fixint", "e0"],
    ["nil", "c0"],
    ["false", "c2"],
    ["true", "c3"],
    ["bin 8", "c4 02 0000"],
    ["bin 16", "c5 0002 0000"],
    ["bin 32", "c6 00000002 0000"],
    ["ext 8", "c7 02 05 0000"],
    ["ext 16", "c8 0002 05 0000"],
    ["ext 32", "c9 00000002 05 0000"],
    ["float 32", "ca 00000000"],
    ["float 64", "cb 0000000000000000"],
    ["uint 8", "cc 00"],
    ["uint 16", "cd 0000"],
    ["uint 32", "ce 00000000"],
    ["uint 64", "cf 0000000000000000"],
    ["int 8", "d0 00"],
    ["int 16", "d1 0000"],
    ["int 32", "d2 00000000"],
    ["int 64", "d3 0000000000000000"],
    ["fixext 1", "d4 05 00"],
    ["fixext 2", "d5 05 0000"],
    ["fixext 4", "d6 05 00000000"],
    ["fixext 8", "d7 05 0000000000000000"],
    ["fixext 16", `d8 05 ${"00".repeat(16)}`],
    ["fixstr", "a2 6161"],
    ["str 8", "d9 02 6161"],
    ["str 16", "da 0002 6161"],
    ["str 32", "db 00000002 6161"],
    ["fixarray", "92 01 02"],
    ["array 16", "dc 0002 01 02"],
    ["array 32", "dd 00000002 01 02"],
    ["fixmap", "81 a161 01"],
    ["map 16", "de 0001 a161 01"],
    ["map 32", "df 00000001 a161 01"],
  ])("knows %s", (_name, hex) => {
    expect(scan(hex).isAtEnd).toBe(true);
    expect(() => scan(hex.replaceAll(" ", "").slice(0, -2))).toThrow("invalid payload");
  });

  it("notes where extensions stand", () => {
    expect(scan("93 d405ff c70200aabb d6ff00000001").extensions).toEqual([
      { start: 1, content: 3, end: 4, type: 5, fixed: true },
      { start: 4, content: 7, end: 9, type: 0, fixed: false },
      { start: 9, content: 11, end: 15, type: -1, fixed: true },
    ]);
    expect(scan("c0").extensions).toBeUndefined();
  });

  it("counts depth", () => {
    expect(scan("919191c0", 3).isAtEnd).toBe(true);
    expect(() => scan("919191c0", 2)).toThrow("too deep");
    expect(() => scan("81a161 81a161 90", 2)).toThrow("too deep");
  });
});
