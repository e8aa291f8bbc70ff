import { expect, it } from "vitest";
import * as parser from "../src/index.js";
import * as v3 from "../src/v3/index.js";

it("each entry names the revision it speaks", () => {
  expect([parser.protocol, v3.protocol]).toEqual([4, 3]);
});

it("an entry exports its surface and nothing else", () => {
  expect(Object.keys(parser).sort()).toEqual([
    "DEFAULT_MAX_PACKETS",
    "DEFAULT_MAX_PACKET_LENGTH",
    "EngineParserError",
    "EngineParserMisuse",
    "EngineProtocolViolation",
    "FrameDecoder",
    "PACKET_SEPARATOR",
    "PACKET_TYPES",
    "decodeHandshake",
    "decodePacket",
    "decodePayload",
    "encodeFrame",
    "encodeHandshake",
    "encodePacket",
    "encodePayload",
    "isBinaryData",
    "protocol",
    "wrapFrame",
  ]);
  expect(Object.keys(v3).sort()).toEqual([
    "decodePacket",
    "decodePayload",
    "encodePacket",
    "encodePayload",
    "encodePayloadAsBinary",
    "protocol",
  ]);
});
