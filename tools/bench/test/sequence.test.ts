import { describe, expect, it } from "vitest";
import { TagReader, tag } from "../src/load/sequence.js";

function messageOf(prefix: string, n: number): Buffer {
  return Buffer.from(`${prefix}["b","${tag(n)}",{"n":1}]`);
}

describe("a tag", () => {
  it("is found where it stands, and found again elsewhere", () => {
    const reader = new TagReader();
    for (const [prefix, n] of [
      ["42", 0],
      ["42", 1_234],
      ["451-", 99_999_999],
      ["42", 7],
    ] as const) {
      const message = messageOf(prefix, n);
      expect(reader.read(message, 0, message.length)).toBe(n);
    }
  });

  it("is read within its message alone", () => {
    const message = Buffer.concat([Buffer.from('42["other"]'), messageOf("42", 5)]);
    expect(() => new TagReader().read(message, 0, 11)).toThrow("no number");
  });
});
