import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DEFAULT_MAX_PACKETS, decodePacket, decodePayload, encodePayload, PACKET_SEPARATOR } from "../src/index.js";
import * as arbitraries from "./arbitraries.js";
import { payloadVectors, plain } from "./vectors.js";

describe("encodePayload", () => {
  it.each(payloadVectors)("encodes $payload", ({ packets, payload }) => {
    expect(encodePayload(packets)).toBe(payload);
  });
});

describe("decodePayload", () => {
  it.each(payloadVectors)("decodes $payload", ({ packets, payload }) => {
    const decoded = decodePayload(payload);
    expect(decoded.error).toBeUndefined();
    expect(decoded.packets.map(plain)).toEqual(packets.map(plain));
  });

  it("hands binary data over in the form asked for", () => {
    const { packets } = decodePayload("bAQID\x1eb", { binaryType: "arraybuffer" });
    expect(packets.map((packet) => packet.data)).toEqual([new Uint8Array([1, 2, 3]).buffer, new ArrayBuffer(0)]);
  });

  it.each([
    ["", 0, "EMPTY_PACKET"],
    ["{", 0, "UNKNOWN_PACKET_TYPE"],
    ["{}", 0, "UNKNOWN_PACKET_TYPE"],
    ['["a123", "a456"]', 0, "UNKNOWN_PACKET_TYPE"],
    ["4a\x1e", 1, "EMPTY_PACKET"],
    ["\x1e4a", 0, "EMPTY_PACKET"],
    ["4a\x1e\x1e4b", 1, "EMPTY_PACKET"],
    ["4a\x1e2\x1e9\x1e4b", 2, "UNKNOWN_PACKET_TYPE"],
    ["4a\x1eb*\x1e4b", 1, "INVALID_BASE64"],
  ])("stops %j at the first bad packet", (payload, before, what) => {
    const { packets, error } = decodePayload(payload);
    expect(packets).toHaveLength(before);
    expect(error).toMatchObject({ code: `ERR_SOCKEYE_ENGINE_PARSER_${what}`, name: "EngineProtocolViolation" });
  });

  describe("limits", () => {
    it("takes maxPackets packets and not one more", () => {
      expect(decodePayload("2\x1e2\x1e2", { maxPackets: 3 }).error).toBeUndefined();
      const { packets, error } = decodePayload("2\x1e2\x1e2\x1e2", { maxPackets: 3 });
      expect(packets).toHaveLength(3);
      expect(error).toMatchObject({ code: "ERR_SOCKEYE_ENGINE_PARSER_TOO_MANY_PACKETS" });
    });

    it("takes packets of maxPacketLength characters and none longer", () => {
      expect(decodePayload("4ab\x1e4ab", { maxPacketLength: 3 }).error).toBeUndefined();
      const { packets, error } = decodePayload("4ab\x1e4abc", { maxPacketLength: 3 });
      expect(packets).toHaveLength(1);
      expect(error).toMatchObject({ code: "ERR_SOCKEYE_ENGINE_PARSER_PACKET_TOO_LONG" });
    });

    it("stops 100,000 tiny packets at the default cap", () => {
      const { packets, error } = decodePayload(Array(100_000).fill("4").join(PACKET_SEPARATOR));
      expect(packets).toHaveLength(DEFAULT_MAX_PACKETS);
      expect(error).toMatchObject({ code: "ERR_SOCKEYE_ENGINE_PARSER_TOO_MANY_PACKETS" });
    });

    it("decodes a million packets when told to", () => {
      const { packets, error } = decodePayload(Array(1_000_000).fill("4a").join(PACKET_SEPARATOR), {
        maxPackets: Infinity,
      });
      expect([packets.length, error]).toEqual([1_000_000, undefined]);
    });

    it("answers a body of separators only at once", () => {
      expect(decodePayload(PACKET_SEPARATOR.repeat(1_000_000))).toMatchObject({
        packets: [],
        error: { code: "ERR_SOCKEYE_ENGINE_PARSER_EMPTY_PACKET" },
      });
    });
  });

  // Invariant: packets come back as they went, one for one and in order.
  it("undoes encodePayload", () => {
    const some = fc.array(arbitraries.packets(arbitraries.separatedText), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(some, (packets) => {
        const decoded = decodePayload(encodePayload(packets));
        expect(decoded.error).toBeUndefined();
        expect(decoded.packets.map(plain)).toEqual(packets.map(plain));
      }),
    );
  });

  // Invariant: a payload is exactly its packets, decoded one by one up to the first bad one. Cut anywhere it stays so.
  it("agrees with decodePacket, whole and cut at every character", () => {
    fc.assert(
      fc.property(arbitraries.nearlyFrame, (payload) => {
        for (let end = 0; end <= payload.length; end++) {
          const frames = payload
            .slice(0, end)
            .split(PACKET_SEPARATOR)
            .map((frame) => decodePacket(frame));
          const bad = frames.findIndex((frame) => frame instanceof Error);
          const { packets, error } = decodePayload(payload.slice(0, end));
          expect(packets.map(plain)).toEqual((bad < 0 ? frames : frames.slice(0, bad)).map(plain));
          expect(error).toEqual(frames[bad]);
        }
      }),
    );
  });
});
