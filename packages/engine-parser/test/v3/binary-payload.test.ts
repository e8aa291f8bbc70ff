import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DEFAULT_MAX_PACKETS } from "../../src/index.js";
import { decodePayload, encodePayloadAsBinary } from "../../src/v3/index.js";
import * as arbitraries from "../arbitraries.js";
import { bytes, plain } from "../vectors.js";
import { payloadVectors } from "./vectors.js";

describe("v3 encodePayloadAsBinary", () => {
  it.each(payloadVectors)("encodes $text", ({ packets, binary }) => {
    expect([...encodePayloadAsBinary(packets)]).toEqual([...binary]);
  });
});

describe("v3 decodePayload of bytes", () => {
  it.each(payloadVectors)("decodes $text", ({ packets, binary }) => {
    for (const payload of [binary, binary.slice().buffer, new DataView(binary.slice().buffer)]) {
      const decoded = decodePayload(payload);
      expect(decoded.error).toBeUndefined();
      expect(decoded.packets.map(plain)).toEqual(packets.map(plain));
    }
  });

  it("hands binary data over in the form asked for", () => {
    expect(decodePayload(bytes("01 03 ff 040102"), { binaryType: "arraybuffer" }).packets).toEqual([
      { type: "message", data: bytes("0102").buffer },
    ]);
  });

  it.each([
    ["00", 0, "INVALID_PACKET_LENGTH"],
    ["00ff", 0, "INVALID_PACKET_LENGTH"],
    ["0001", 0, "INVALID_PACKET_LENGTH"],
    ["0001ff", 0, "INVALID_PACKET_LENGTH"],
    ["0001fe34", 0, "INVALID_PACKET_LENGTH"],
    ["00010034", 0, "INVALID_PACKET_LENGTH"],
    ["000aff34", 0, "INVALID_PACKET_LENGTH"],
    ["003aff34", 0, "INVALID_PACKET_LENGTH"],
    ["0201ff34", 0, "INVALID_PACKET_LENGTH"],
    ["ff01ff34", 0, "INVALID_PACKET_LENGTH"],
    ["0002ff34", 0, "INVALID_PACKET_LENGTH"],
    ["0001ff3200", 1, "INVALID_PACKET_LENGTH"],
    [`00${"09".repeat(15)}ff34`, 0, "INVALID_PACKET_LENGTH"],
    [`00${"01".repeat(310)}ff34`, 0, "INVALID_PACKET_LENGTH"],
    ["0000ff", 0, "EMPTY_PACKET"],
    ["0100ff", 0, "EMPTY_PACKET"],
    ["0001ff39", 0, "UNKNOWN_PACKET_TYPE"],
    ["0101ff34", 0, "UNKNOWN_PACKET_TYPE"],
    ["0002ff34e9", 0, "INVALID_UTF8"],
    ["0004ff34eda080", 0, "INVALID_UTF8"],
    ["0003ff623421", 0, "INVALID_BASE64"],
  ])("stops %s at the first bad packet", (hex, before, what) => {
    const { packets, error } = decodePayload(bytes(hex));
    expect(packets).toHaveLength(before);
    expect(error).toMatchObject({ code: `ERR_SOCKEYE_ENGINE_PARSER_${what}`, name: "EngineProtocolViolation" });
  });

  describe("limits", () => {
    it("takes maxPackets packets and not one more", () => {
      const ping = "0001ff32";
      expect(decodePayload(bytes(ping.repeat(3)), { maxPackets: 3 }).error).toBeUndefined();
      const { packets, error } = decodePayload(bytes(ping.repeat(4)), { maxPackets: 3 });
      expect(packets).toHaveLength(3);
      expect(error).toMatchObject({ code: "ERR_SOCKEYE_ENGINE_PARSER_TOO_MANY_PACKETS" });
    });

    it("takes packets of maxPacketLength bytes and none longer, judged by what is declared", () => {
      expect(decodePayload(bytes("0003ff346161"), { maxPacketLength: 3 }).error).toBeUndefined();
      expect(decodePayload(bytes("000909090909ff34"), { maxPacketLength: 3 }).error).toMatchObject({
        code: "ERR_SOCKEYE_ENGINE_PARSER_PACKET_TOO_LONG",
      });
    });

    it("stops 100,000 tiny packets at the default cap", () => {
      const { packets, error } = decodePayload(Buffer.alloc(400_000, bytes("0001ff34")));
      expect(packets).toHaveLength(DEFAULT_MAX_PACKETS);
      expect(error).toMatchObject({ code: "ERR_SOCKEYE_ENGINE_PARSER_TOO_MANY_PACKETS" });
    });
  });

  // Invariant: packets come back as they went, one for one and in order.
  it("undoes encodePayloadAsBinary", () => {
    fc.assert(
      fc.property(fc.array(arbitraries.packets(arbitraries.wellFormedText), { maxLength: 20 }), (packets) => {
        const decoded = decodePayload(encodePayloadAsBinary(packets));
        expect(decoded.error).toBeUndefined();
        expect(decoded.packets.map(plain)).toEqual(packets.map(plain));
      }),
    );
  });

  // Invariant: any bytes end in packets or one error, never in a throw or an endless loop; and a payload cut short
  // gives a beginning of what the whole gives.
  it("takes any bytes, whole and cut at every byte", () => {
    const nearly = fc
      .array(fc.constantFrom(0, 1, 2, 3, 4, 0xff, 0x34, 0x32, 0x62, 0xc3, 0xa9), { maxLength: 40 })
      .map((list) => Uint8Array.from(list));
    fc.assert(
      fc.property(fc.oneof(nearly, fc.uint8Array()), (payload) => {
        const whole = decodePayload(payload).packets.map(plain);
        for (let end = 0; end < payload.length; end++) {
          const cut = decodePayload(payload.subarray(0, end)).packets.map(plain);
          expect(whole.slice(0, cut.length)).toEqual(cut);
        }
      }),
    );
  });
});
