import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodePacket, type EnginePacket, EngineProtocolViolation, encodePacket } from "../src/index.js";
import * as arbitraries from "./arbitraries.js";
import { packetVectors, plain } from "./vectors.js";

function dataOf(packet: EnginePacket | Error): unknown {
  return "data" in packet ? packet.data : packet;
}

describe("decodePacket", () => {
  it.each(packetVectors)("decodes $text", ({ packet, text }) => {
    expect(plain(decodePacket(text))).toEqual(plain(packet));
  });

  it("gives an empty message no data key", () => {
    expect(Object.keys(decodePacket("4"))).toEqual(["type"]);
  });

  it.each([
    ["", "EMPTY_PACKET"],
    ["a123", "UNKNOWN_PACKET_TYPE"],
    ["7", "UNKNOWN_PACKET_TYPE"],
    ["/", "UNKNOWN_PACKET_TYPE"],
    ["-1", "UNKNOWN_PACKET_TYPE"],
    [" 4", "UNKNOWN_PACKET_TYPE"],
    ["\ufeff4", "UNKNOWN_PACKET_TYPE"],
    ["４full width", "UNKNOWN_PACKET_TYPE"],
    ["constructor", "UNKNOWN_PACKET_TYPE"],
    ["b!", "INVALID_BASE64"],
    ["b4AQI=", "INVALID_BASE64"],
    ["bAQ ID", "INVALID_BASE64"],
  ])("refuses %j", (frame, what) => {
    const error = decodePacket(frame);
    expect(error).toBeInstanceOf(EngineProtocolViolation);
    expect(error).toMatchObject({ code: `ERR_SOCKEYE_ENGINE_PARSER_${what}` });
  });

  it.each([[undefined], [null], [4], [{}], [["4"]]])("answers %j with a misuse, not with a throw", (frame) => {
    expect(decodePacket(frame as unknown as string)).toMatchObject({
      code: "ERR_SOCKEYE_ENGINE_PARSER_INVALID_FRAME",
      name: "EngineParserMisuse",
    });
  });

  describe("binary", () => {
    const memory = new Uint8Array([9, 1, 2, 3, 9]).buffer;

    it("is a Buffer by default in Node, on the memory of the frame", () => {
      const data = dataOf(decodePacket(new Uint8Array(memory, 1, 3))) as Buffer;
      expect(Buffer.isBuffer(data)).toBe(true);
      expect(data).toEqual(Buffer.from([1, 2, 3]));
      expect(data.buffer).toBe(memory);
    });

    it("leaves a Buffer as it is", () => {
      const frame = Buffer.from([1, 2]);
      expect(decodePacket(frame)).toEqual({ type: "message", data: frame });
      expect(dataOf(decodePacket(frame))).toBe(frame);
    });

    it("copies a view into an ArrayBuffer of its own", () => {
      const data = dataOf(decodePacket(Buffer.from(memory, 1, 3), "arraybuffer")) as ArrayBuffer;
      expect(data).toBeInstanceOf(ArrayBuffer);
      expect([...new Uint8Array(data)]).toEqual([1, 2, 3]);
      expect(data).not.toBe(memory);
    });

    it("leaves an ArrayBuffer as it is", () => {
      expect(dataOf(decodePacket(memory, "arraybuffer"))).toBe(memory);
    });

    it.each([["nodebuffer" as const], ["arraybuffer" as const]])("comes from base64 as %s", (binaryType) => {
      const data = dataOf(decodePacket("bAQID", binaryType)) as Buffer | ArrayBuffer;
      expect(data instanceof ArrayBuffer).toBe(binaryType === "arraybuffer");
      expect(data.byteLength).toBe(3);
      expect([...new Uint8Array(data)]).toEqual([1, 2, 3]);
    });
  });

  // Invariant: whatever was encoded decodes to the same packet, in text form and in binary form.
  it("undoes encodePacket", () => {
    fc.assert(
      fc.property(arbitraries.packets(arbitraries.text), fc.boolean(), (packet, supportsBinary) => {
        expect(plain(decodePacket(encodePacket(packet, supportsBinary)))).toEqual(plain(packet));
      }),
    );
  });

  // Invariant: any text is a packet or a violation, never a throw; and so is every beginning of it.
  it("takes any text, whole and cut at every character", () => {
    fc.assert(
      fc.property(arbitraries.nearlyFrame, (frame) => {
        for (let end = 0; end <= frame.length; end++) {
          const result = decodePacket(frame.slice(0, end));
          expect(result instanceof EngineProtocolViolation || "type" in result).toBe(true);
        }
      }),
    );
  });
});
