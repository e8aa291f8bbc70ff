import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DEFAULT_MAX_PACKETS } from "../../src/index.js";
import { decodePayload, encodePayload } from "../../src/v3/index.js";
import * as arbitraries from "../arbitraries.js";
import { plain } from "../vectors.js";
import { payloadVectors } from "./vectors.js";

describe("v3 encodePayload", () => {
  it.each(payloadVectors)("encodes $text", ({ packets, text }) => {
    expect(encodePayload(packets)).toBe(text);
  });
});

describe("v3 decodePayload of text", () => {
  it.each(payloadVectors)("decodes $text", ({ packets, text }) => {
    const decoded = decodePayload(text);
    expect(decoded.error).toBeUndefined();
    expect(decoded.packets.map(plain)).toEqual(packets.map(plain));
  });

  it("passes over packets without length", () => {
    expect(decodePayload("0:2:4a0:2:4b0:")).toEqual({
      packets: [
        { type: "message", data: "a" },
        { type: "message", data: "b" },
      ],
    });
  });

  it.each([
    ["", 0, "EMPTY_PACKET"],
    ["x", 0, "INVALID_PACKET_LENGTH"],
    [":", 0, "INVALID_PACKET_LENGTH"],
    ["1", 0, "INVALID_PACKET_LENGTH"],
    ["1:", 0, "INVALID_PACKET_LENGTH"],
    ["3:4a", 0, "INVALID_PACKET_LENGTH"],
    ["-1:2", 0, "INVALID_PACKET_LENGTH"],
    ["+1:2", 0, "INVALID_PACKET_LENGTH"],
    [" 1:2", 0, "INVALID_PACKET_LENGTH"],
    ["1e0:2", 0, "INVALID_PACKET_LENGTH"],
    ["1.0:2", 0, "INVALID_PACKET_LENGTH"],
    ["１:2", 0, "INVALID_PACKET_LENGTH"],
    ["1:2x", 1, "INVALID_PACKET_LENGTH"],
    ["3:4€😀", 1, "INVALID_PACKET_LENGTH"],
    ["999999999999999:2", 0, "INVALID_PACKET_LENGTH"],
    [`${"1".repeat(310)}:2`, 0, "INVALID_PACKET_LENGTH"],
    ["1:9", 0, "UNKNOWN_PACKET_TYPE"],
    ["1:b", 0, "UNKNOWN_PACKET_TYPE"],
    ["4:b4A!1:2", 0, "INVALID_BASE64"],
  ])("stops %j at the first bad packet", (payload, before, what) => {
    const { packets, error } = decodePayload(payload);
    expect(packets).toHaveLength(before);
    expect(error).toMatchObject({ code: `ERR_SOCKEYE_ENGINE_PARSER_${what}`, name: "EngineProtocolViolation" });
  });

  it("answers what is neither text nor bytes with a misuse", () => {
    expect(decodePayload(undefined as unknown as string)).toMatchObject({
      packets: [],
      error: { code: "ERR_SOCKEYE_ENGINE_PARSER_INVALID_FRAME" },
    });
  });

  describe("limits", () => {
    it("takes maxPackets packets and not one more, those without length included", () => {
      expect(decodePayload("1:20:1:2", { maxPackets: 3 })).toEqual({ packets: [{ type: "ping" }, { type: "ping" }] });
      const { packets, error } = decodePayload("1:20:1:21:2", { maxPackets: 3 });
      expect(packets).toHaveLength(2);
      expect(error).toMatchObject({ code: "ERR_SOCKEYE_ENGINE_PARSER_TOO_MANY_PACKETS" });
    });

    it("takes packets of maxPacketLength characters and none longer, judged by what is declared", () => {
      expect(decodePayload("3:4ab", { maxPacketLength: 3 }).error).toBeUndefined();
      expect(decodePayload("4:4abc", { maxPacketLength: 3 })).toMatchObject({
        packets: [],
        error: { code: "ERR_SOCKEYE_ENGINE_PARSER_PACKET_TOO_LONG" },
      });
      expect(decodePayload("999999999:4", { maxPacketLength: 3 }).error).toMatchObject({
        code: "ERR_SOCKEYE_ENGINE_PARSER_PACKET_TOO_LONG",
      });
    });

    it("stops 100,000 tiny packets at the default cap", () => {
      const { packets, error } = decodePayload("1:4".repeat(100_000));
      expect(packets).toHaveLength(DEFAULT_MAX_PACKETS);
      expect(error).toMatchObject({ code: "ERR_SOCKEYE_ENGINE_PARSER_TOO_MANY_PACKETS" });
    });

    it("decodes a million packets when told to", () => {
      expect(decodePayload("1:4".repeat(1_000_000), { maxPackets: Infinity }).packets).toHaveLength(1_000_000);
    });
  });

  // Invariant: packets come back as they went, one for one and in order.
  it("undoes encodePayload", () => {
    fc.assert(
      fc.property(fc.array(arbitraries.packets(arbitraries.text), { maxLength: 20 }), (packets) => {
        const decoded = decodePayload(encodePayload(packets));
        expect(decoded.error).toBeUndefined();
        expect(decoded.packets.map(plain)).toEqual(packets.map(plain));
      }),
    );
  });

  // Invariant: any text ends in packets or one error, never in a throw or an endless loop; and a payload cut short
  // gives a beginning of what the whole gives.
  it("takes any text, whole and cut at every character", () => {
    const nearly = fc.string({ unit: fc.constantFrom(..."0123:4b=A€"), maxLength: 30 });
    fc.assert(
      fc.property(fc.oneof(nearly, arbitraries.nearlyFrame), (payload) => {
        const whole = decodePayload(payload).packets.map(plain);
        for (let end = 0; end < payload.length; end++) {
          const cut = decodePayload(payload.slice(0, end)).packets.map(plain);
          expect(whole.slice(0, cut.length)).toEqual(cut);
        }
      }),
    );
  });
});
