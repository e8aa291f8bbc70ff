import type { Parser } from "./contract.js";
import { Decoder } from "./decoder.js";
import { Encoder } from "./encode.js";

export type { Replacer } from "./attachments.js";
export { hasBinary } from "./attachments.js";
export type {
  BinaryChunk,
  Decoder as PacketDecoder,
  DecoderLimits,
  EncodedPacket,
  Encoder as PacketEncoder,
  Parser,
} from "./contract.js";
export type { DecoderOptions, Reviver } from "./decoder.js";
export type { DecodedListener } from "./emitting-decoder.js";
export { ParserError, type ParserErrorCode, ParserViolation, UnserializableError } from "./errors.js";
export { DEFAULT_LIMITS } from "./limits.js";
export * from "./packet.js";
export { RESERVED_EVENTS } from "./reserved-events.js";
export { isPacketValid } from "./shapes.js";
export { Decoder, Encoder };

/** Version of the Socket.IO protocol. */
export const protocol = 5;

/** The JSON codec as a value for the `parser` option. */
export const parser: Parser = { Encoder, Decoder, id: "json" };
