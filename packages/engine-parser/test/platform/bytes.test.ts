import fc from "fast-check";
import { describe, expect, it } from "vitest";
import * as selected from "#bytes";
import type { BinaryData } from "../../src/packet.js";
import * as pure from "../../src/platform/bytes.js";
import * as node from "../../src/platform/bytes.node.js";
import { bytes } from "../vectors.js";

const platforms: Readonly<Record<string, typeof pure>> = { pure, node };

function list(data: BinaryData | undefined): number[] | undefined {
  return data && [...pure.bytesOf(data)];
}

it("Node gets the Buffer build", () => {
  expect(selected.decodeBase64).toBe(node.decodeBase64);
  expect([pure.DEFAULT_BINARY_TYPE, node.DEFAULT_BINARY_TYPE]).toEqual(["arraybuffer", "nodebuffer"]);
});

it("both platforms export the same names", () => {
  expect(Object.keys(pure).sort()).toEqual(Object.keys(node).sort());
});

describe.each(Object.entries(platforms))("%s bytes", (_, platform) => {
  describe("base64", () => {
    // RFC 4648, section 10, and the edges of the alphabet.
    it.each([
      ["", ""],
      ["66", "Zg=="],
      ["666f", "Zm8="],
      ["666f6f", "Zm9v"],
      ["666f6f62", "Zm9vYg=="],
      ["666f6f6261", "Zm9vYmE="],
      ["666f6f626172", "Zm9vYmFy"],
      ["fbefbe", "++++"],
      ["ffffff", "////"],
      ["000000", "AAAA"],
      ["00", "AA=="],
    ])("%s is %s", (hex, text) => {
      expect(platform.encodeBase64(bytes(hex))).toBe(text);
      for (const type of ["nodebuffer", "arraybuffer"] as const) {
        expect(list(platform.decodeBase64(text, type))).toEqual([...bytes(hex)]);
        expect(list(platform.decodeBase64(text.replace(/=/g, ""), type))).toEqual([...bytes(hex)]);
      }
    });

    it.each([
      ["A"],
      ["AAAAA"],
      ["="],
      ["=="],
      ["===="],
      ["A==="],
      ["AA="],
      ["AAA=="],
      ["AAAA="],
      ["AAAA=="],
      ["AAAA===="],
      ["AA=A"],
      ["A=AA"],
      ["=AAA"],
      ["AA==AA=="],
      ["AA==AAAA"],
      ["AA-A"],
      ["AA_A"],
      ["AAA A"],
      ["AAAA\n"],
      [" AAAA"],
      ["AA AA A"],
      ["\tAAAA\r"],
      ["AAAA\0"],
      ["AA!A"],
      ["AAA\x7f"],
      ["\u0141\u0141\u0141\u0141"],
      ["AAA\u0141"],
      ["AAA\u00c1"],
      ["AAA\u00a0A"],
      ["AAA\uff21"],
      ["AAA\ud83d\ude00"],
      ["AAAA\u2028"],
    ])("refuses %j", (text) => {
      expect(platform.decodeBase64(text, "nodebuffer")).toBeUndefined();
      expect(platform.decodeBase64(text, "arraybuffer")).toBeUndefined();
    });

    it("takes last digits whose spare bits are set, as other decoders do", () => {
      expect(list(platform.decodeBase64("QR", "arraybuffer"))).toEqual([65]);
      expect(list(platform.decodeBase64("QUJ=", "arraybuffer"))).toEqual([65, 66]);
    });

    it("takes more bytes than one call takes arguments", () => {
      const many = Uint8Array.from({ length: 300_001 }, (__, i) => i * 7);
      const text = platform.encodeBase64(many);
      expect(text).toBe(Buffer.from(many).toString("base64"));
      expect(Buffer.compare(Buffer.from(platform.decodeBase64(text, "arraybuffer") as ArrayBuffer), many)).toBe(0);
    });

    it("gives an ArrayBuffer that holds nothing else", () => {
      const data = platform.decodeBase64("AQID", "arraybuffer");
      expect(data).toBeInstanceOf(ArrayBuffer);
      expect(data?.byteLength).toBe(3);
    });
  });

  describe("binary types", () => {
    const memory = new Uint8Array([9, 1, 2, 9]).buffer;
    const view = new DataView(memory, 1, 2);

    it("share memory as nodebuffer", () => {
      for (const data of [view, new Uint8Array(memory, 1, 2), Buffer.from(memory, 1, 2)]) {
        const shared = platform.toBinaryType(data, "nodebuffer") as Uint8Array;
        expect([shared.buffer, shared.byteOffset, shared.byteLength]).toEqual([memory, 1, 2]);
      }
      expect((platform.toBinaryType(memory, "nodebuffer") as Uint8Array).buffer).toBe(memory);
    });

    it("are copied out of a view as arraybuffer", () => {
      for (const data of [view, Buffer.from(memory, 1, 2), new Uint8Array(memory)]) {
        const copy = platform.toBinaryType(data, "arraybuffer") as ArrayBuffer;
        expect(copy).toBeInstanceOf(ArrayBuffer);
        expect(copy).not.toBe(memory);
        expect(list(copy)).toEqual(list(data));
      }
      expect(platform.toBinaryType(memory, "arraybuffer")).toBe(memory);
    });

    it("never hand over shared memory as arraybuffer", () => {
      const shared = new Uint8Array(new SharedArrayBuffer(2));
      expect(platform.toBinaryType(shared, "arraybuffer")).toBeInstanceOf(ArrayBuffer);
    });
  });

  describe("UTF-8", () => {
    it.each([
      ["a", "61"],
      ["é", "c3a9"],
      ["€", "e282ac"],
      ["🎉", "f09f8e89"],
      ["\ufeffa", "efbbbf61"],
      ["\ufffd", "efbfbd"],
      ["\ufeff\ufffd", "efbbbfefbfbd"],
      ["\0", "00"],
      ["", ""],
    ])("%j is %s", (text, hex) => {
      expect(list(platform.encodeUtf8(text))).toEqual([...bytes(hex)]);
      expect(platform.decodeUtf8(bytes(hex))).toBe(text);
    });

    it.each([["80"], ["c3"], ["c328"], ["c080"], ["eda080"], ["e282"], ["f0808080"], ["f5808080"], ["ff"], ["61ff61"]])(
      "refuses %s",
      (hex) => {
        expect(platform.decodeUtf8(bytes(hex))).toBeUndefined();
      },
    );

    it("works after a refusal as before", () => {
      expect(platform.decodeUtf8(bytes("ff"))).toBeUndefined();
      expect(platform.decodeUtf8(bytes("61"))).toBe("a");
    });

    it("puts U+FFFD for half a surrogate pair", () => {
      expect(list(platform.encodeUtf8("\ud800"))).toEqual([...bytes("efbfbd")]);
    });
  });
});

// Invariant: the two platforms are the same function; for any text either both refuse it or both give the same bytes.
describe("the platforms agree", () => {
  it("on bytes to base64 and back", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (data) => {
        const text = node.encodeBase64(data);
        expect(pure.encodeBase64(data)).toBe(text);
        expect(list(pure.decodeBase64(text, "nodebuffer"))).toEqual([...data]);
        expect(list(node.decodeBase64(text, "nodebuffer"))).toEqual([...data]);
      }),
    );
  });

  it("on what is base64", () => {
    const nearly = fc.string({ unit: fc.constantFrom(..."AZaz09+/=-_ \n\u0141\u00c1~"), maxLength: 12 });
    fc.assert(
      fc.property(fc.oneof(nearly, fc.string({ unit: "binary" })), (text) => {
        expect(list(pure.decodeBase64(text, "nodebuffer"))).toEqual(list(node.decodeBase64(text, "nodebuffer")));
      }),
      { numRuns: 2_000 },
    );
  });

  it("on what is UTF-8", () => {
    const nearly = fc.array(
      fc.constantFrom(0x61, 0xc3, 0xa9, 0xe2, 0x82, 0xac, 0xf0, 0x9f, 0xef, 0xbf, 0xbd, 0xed, 0xff),
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.uint8Array(),
          nearly.map((codes) => Uint8Array.from(codes)),
        ),
        (data) => {
          expect(pure.decodeUtf8(data)).toBe(node.decodeUtf8(data));
        },
      ),
      { numRuns: 2_000 },
    );
  });
});
