/**
 * Engine.IO protocol 4 on the wire: packets, polling payloads, WebTransport frames, the handshake. Synchronous and
 * pure; decoders return a typed value or a typed error and never throw.
 */
export { decodePacket } from "./decode-packet.js";
export { encodePacket } from "./encode-packet.js";
export {
  EngineParserError,
  type EngineParserErrorCode,
  EngineParserMisuse,
  EngineProtocolViolation,
} from "./errors.js";
export { decodeHandshake, encodeHandshake, type Handshake } from "./handshake.js";
export { DEFAULT_MAX_PACKET_LENGTH, DEFAULT_MAX_PACKETS, type PayloadLimits } from "./limits.js";
export {
  type BinaryData,
  type BinaryType,
  type EnginePacket,
  isBinaryData,
  PACKET_TYPES,
  type PacketType,
} from "./packet.js";
export {
  type DecodedPackets,
  type DecodePayloadOptions,
  decodePayload,
  encodePayload,
  PACKET_SEPARATOR,
} from "./payload.js";
export { encodeFrame, FrameDecoder, type FrameDecoderOptions, wrapFrame } from "./stream-framing.js";

/** Revision of the Engine.IO protocol that this entry speaks; `./v3` speaks the one before. */
export const protocol = 4;
