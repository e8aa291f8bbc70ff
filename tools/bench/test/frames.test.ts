import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { clientFrame, FrameReader, serverFrame } from "../src/load/frames.js";

function read(chunks: readonly Buffer[]): (string | Buffer)[] {
  const messages: (string | Buffer)[] = [];
  const reader = new FrameReader({
    message(data, start, end, isBinary) {
      const bytes = Buffer.from(data.subarray(start, end));
      messages.push(isBinary ? bytes : bytes.toString());
    },
  });
  for (const chunk of chunks) reader.push(Buffer.from(chunk));
  return messages;
}

function cut(bytes: Buffer, at: readonly number[]): Buffer[] {
  const cuts = [0, ...at.map((n) => n % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  return cuts.slice(1).map((end, i) => bytes.subarray(cuts[i], end));
}

const lengths = [0, 1, 125, 126, 127, 65_535];

describe("the frame reader", () => {
  it.each(lengths)("reads what both writers write, %i bytes long", (length) => {
    const text = "x".repeat(length);
    const bytes = Buffer.alloc(length, 0xab);
    for (const write of [clientFrame, serverFrame]) {
      const [first, second, ...others] = read([write(text), write(bytes)]);
      expect(first === text).toBe(true);
      expect(bytes.equals(second as Buffer)).toBe(true);
      expect(others).toEqual([]);
    }
  });

  it("reads frames of more than 64 kB, which only servers write", () => {
    const bytes = Buffer.alloc(70_000, 1);
    expect(bytes.equals(read([serverFrame(bytes)])[0] as Buffer)).toBe(true);
    expect(() => clientFrame(bytes)).toThrow(RangeError);
  });

  it("gives the same messages in whatever pieces the bytes come", () => {
    const messages = fc.array(fc.oneof(fc.string({ unit: "grapheme" }), fc.uint8Array({ maxLength: 300 })));
    fc.assert(
      fc.property(messages, fc.array(fc.nat(5_000)), fc.boolean(), (sent, at, masked) => {
        const write = masked ? clientFrame : serverFrame;
        const expected = sent.map((message) => (typeof message === "string" ? message : Buffer.from(message)));
        expect(read(cut(Buffer.concat(sent.map(write)), at))).toEqual(expected);
      }),
    );
  });

  it.each([
    ["a fragment", 0x01],
    ["a continuation", 0x80],
    ["a close frame", 0x88],
    ["a compressed frame", 0xc1],
  ])("refuses %s: a scenario that meets one has no figures", (_name, first) => {
    expect(() => read([Buffer.from([first, 0])])).toThrow(`0x${first.toString(16)}`);
  });
});

it("what is masked does not look like what it says", () => {
  expect(clientFrame("42").includes("42")).toBe(false);
});
