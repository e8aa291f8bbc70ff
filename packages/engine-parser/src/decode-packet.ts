import { DEFAULT_BINARY_TYPE, decodeBase64, toBinaryType } from "#bytes";
import { type EngineParserError, EngineParserMisuse, EngineProtocolViolation } from "./errors.js";
import { type BinaryData, type BinaryType, type EnginePacket, isBinaryData, PACKET_TYPES } from "./packet.js";

const LETTER_B = 98;
const DIGIT_ZERO = 48;

/**
 * Decodes one frame. Never throws: a bad frame is a returned {@link EngineParserError}.
 *
 * A packet without text has no `data` key (`"4"` is an empty message). Binary frames, and text that starts with `b`,
 * are messages with binary data in the form of `binaryType`.
 */
export function decodePacket(
  frame: string | BinaryData,
  binaryType: BinaryType = DEFAULT_BINARY_TYPE,
): EnginePacket | EngineParserError {
  if (typeof frame === "string") return decodeText(frame, 0, frame.length, binaryType);
  if (!isBinaryData(frame)) return new EngineParserMisuse("INVALID_FRAME");
  return { type: "message", data: toBinaryType(frame, binaryType) };
}

/** Decodes the packet in `text[start, end)`. */
export function decodeText(
  text: string,
  start: number,
  end: number,
  binaryType: BinaryType,
): EnginePacket | EngineParserError {
  if (start >= end) return new EngineProtocolViolation("EMPTY_PACKET");
  const code = text.charCodeAt(start++);
  if (code === LETTER_B) return decodeBinaryText(text.slice(start, end), binaryType);
  const type = PACKET_TYPES[code - DIGIT_ZERO];
  if (type === undefined) return new EngineProtocolViolation("UNKNOWN_PACKET_TYPE");
  return start === end ? { type } : { type, data: text.slice(start, end) };
}

function decodeBinaryText(base64: string, binaryType: BinaryType): EnginePacket | EngineParserError {
  const data = decodeBase64(base64, binaryType);
  return data === undefined ? new EngineProtocolViolation("INVALID_BASE64") : { type: "message", data };
}
