/**
 * One packet of Engine.IO protocol 3. Unlike protocol 4, binary frames carry their type: a leading byte, or after the
 * `b` of a base64 packet a digit.
 */
import { bytesOf, DEFAULT_BINARY_TYPE, decodeBase64, encodeBase64, toBinaryType } from "#bytes";
import { decodeText } from "../decode-packet.js";
import { digitOf } from "../encode-packet.js";
import { type EngineParserError, EngineParserMisuse, EngineProtocolViolation } from "../errors.js";
import { type BinaryData, type BinaryType, type EnginePacket, isBinaryData, PACKET_TYPES } from "../packet.js";

/** Encodes one packet as one frame; binary data as bytes when the transport `supportsBinary`, else as base64. */
export function encodePacket(packet: EnginePacket, supportsBinary: boolean): string | BinaryData {
  const { type, data } = packet;
  const digit = digitOf(type);
  if (!isBinaryData(data)) return data ? digit + data : digit;
  return supportsBinary ? encodeBinaryFrame(Number(digit), bytesOf(data)) : `b${digit}${encodeBase64(data)}`;
}

function encodeBinaryFrame(type: number, data: Uint8Array): Uint8Array {
  const frame = new Uint8Array(1 + data.length);
  frame[0] = type;
  frame.set(data, 1);
  return bytesOf(frame);
}

/** Decodes one frame. Never throws: a bad frame is a returned {@link EngineParserError}. */
export function decodePacket(
  frame: string | BinaryData,
  binaryType: BinaryType = DEFAULT_BINARY_TYPE,
): EnginePacket | EngineParserError {
  if (typeof frame === "string") {
    return frame.startsWith("b")
      ? decodeBase64Packet(frame, binaryType)
      : decodeText(frame, 0, frame.length, binaryType);
  }
  if (!isBinaryData(frame)) return new EngineParserMisuse("INVALID_FRAME");
  return decodeBinaryFrame(bytesOf(frame), binaryType);
}

function decodeBase64Packet(frame: string, binaryType: BinaryType): EnginePacket | EngineParserError {
  const type = PACKET_TYPES[frame.charCodeAt(1) - 48];
  if (type === undefined) return new EngineProtocolViolation("UNKNOWN_PACKET_TYPE");
  const data = decodeBase64(frame.slice(2), binaryType);
  return data === undefined ? new EngineProtocolViolation("INVALID_BASE64") : { type, data };
}

function decodeBinaryFrame(frame: Uint8Array, binaryType: BinaryType): EnginePacket | EngineParserError {
  if (frame.length === 0) return new EngineProtocolViolation("EMPTY_PACKET");
  const type = PACKET_TYPES[frame[0]!];
  if (type === undefined) return new EngineProtocolViolation("UNKNOWN_PACKET_TYPE");
  return { type, data: toBinaryType(frame.subarray(1), binaryType) };
}
