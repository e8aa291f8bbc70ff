import type { Parser } from "../contract.js";
import { Decoder } from "./decoder.js";
import { Encoder } from "./encode.js";

export { ParserError, type ParserErrorCode, ParserViolation, UnserializableError } from "../errors.js";
export { PacketType } from "../packet.js";
export { packValue, unpackValue } from "./value.js";
export { Decoder, Encoder };

/** Version of the Socket.IO protocol. */
export const protocol = 5;

/** The MessagePack codec as a value for the `parser` option. Both ends must use it. */
export const parser: Parser = { Encoder, Decoder, id: "msgpack" };
