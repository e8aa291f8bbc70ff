import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type EnginePacket, EngineProtocolViolation } from "../../src/index.js";
import { decodePacket, encodePacket } from "../../src/v3/index.js";
import * as arbitraries from "../arbitraries.js";
import { bytes, plain } from "../vectors.js";
import { packetVectors } from "./vectors.js";

describe("v3 encodePacket", () => {
  it.each(packetVectors)("encodes $text", ({ packet, text, frame }) => {
    expect(encodePacket(packet, false)).toBe(text);
    const withBinary = encodePacket(packet, true);
    expect(typeof withBinary === "string" ? withBinary : [...new Uint8Array(withBinary as Buffer)]).toEqual(
      frame ? [...frame] : text,
    );
  });

  it("refuses a type outside the protocol", () => {
    expect(() => encodePacket({ type: "error" } as unknown as EnginePacket, true)).toThrow(
      expect.objectContaining({ code: "ERR_SOCKEYE_ENGINE_PARSER_INVALID_PACKET_TYPE" }),
    );
  });
});

describe("v3 decodePacket", () => {
  it.each(packetVectors)("decodes $text", ({ packet, text, frame }) => {
    expect(plain(decodePacket(text))).toEqual(plain(packet));
    if (frame) expect(plain(decodePacket(frame))).toEqual(plain(packet));
  });

  it("hands binary data over in the form asked for", () => {
    expect(decodePacket(bytes("04 0102"), "arraybuffer")).toEqual({ type: "message", data: bytes("0102").buffer });
    expect(decodePacket("b4AQI=", "arraybuffer")).toEqual({ type: "message", data: bytes("0102").buffer });
    expect(decodePacket(bytes("04 0102").buffer)).toEqual({ type: "message", data: Buffer.from([1, 2]) });
  });

  it.each([
    ["", "EMPTY_PACKET"],
    ["9", "UNKNOWN_PACKET_TYPE"],
    ["b", "UNKNOWN_PACKET_TYPE"],
    ["b9", "UNKNOWN_PACKET_TYPE"],
    ["bAQID", "UNKNOWN_PACKET_TYPE"],
    ["b4!", "INVALID_BASE64"],
    [bytes(""), "EMPTY_PACKET"],
    [bytes("07"), "UNKNOWN_PACKET_TYPE"],
    [bytes("34"), "UNKNOWN_PACKET_TYPE"],
    [undefined as unknown as string, "INVALID_FRAME"],
  ])("refuses %j", (frame, what) => {
    expect(decodePacket(frame)).toMatchObject({ code: `ERR_SOCKEYE_ENGINE_PARSER_${what}` });
  });

  // Invariant: whatever was encoded decodes to the same packet, in text form and in binary form.
  it("undoes encodePacket", () => {
    fc.assert(
      fc.property(arbitraries.packets(arbitraries.text), fc.boolean(), (packet, supportsBinary) => {
        expect(plain(decodePacket(encodePacket(packet, supportsBinary)))).toEqual(plain(packet));
      }),
    );
  });

  // Invariant: any text and any bytes are a packet or a violation, never a throw, whole and cut anywhere.
  it("takes anything", () => {
    fc.assert(
      fc.property(fc.oneof(arbitraries.nearlyFrame, fc.uint8Array()), (frame) => {
        for (let end = 0; end <= frame.length; end++) {
          const result = decodePacket(frame.slice(0, end));
          expect(result instanceof EngineProtocolViolation || "type" in result).toBe(true);
        }
      }),
    );
  });
});
