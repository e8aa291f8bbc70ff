import { describe, expect, it } from "vitest";
import { readLength } from "../../src/v3/packet-length.js";

function read(text: string, from = 0) {
  let reads = 0;
  const result = readLength((index) => {
    reads++;
    return text.charCodeAt(index) - 48;
  }, from);
  return { result, reads };
}

describe("readLength", () => {
  it.each([
    ["0", { length: 0, end: 1 }],
    ["12:", { length: 12, end: 2 }],
    ["007:", { length: 7, end: 3 }],
    ["999999999999999:", { length: 999_999_999_999_999, end: 15 }],
  ])("reads %s", (text, expected) => {
    expect(read(text).result).toEqual(expected);
  });

  it("reads from the middle", () => {
    expect(read("5:4abcd12:", 7).result).toEqual({ length: 12, end: 9 });
  });

  it.each([[""], [":"], ["x"], ["-1"], ["+1"], [" 1"], ["/"], ["1".repeat(16)]])("refuses %j", (text) => {
    expect(read(text).result).toBeUndefined();
  });

  it("looks at no more than sixteen digits of a run without end", () => {
    expect(read("1".repeat(1_000_000)).reads).toBe(16);
  });
});
