/**
 * Polling payloads of protocol 3 as bytes. For each packet: 0 (text) or 1 (binary); the length in bytes, one byte of
 * value 0 to 9 per decimal digit; 255; the content. Text is UTF-8.
 */
import { bytesOf, decodeUtf8, encodeUtf8 } from "#bytes";
import { EngineParserError, EngineProtocolViolation } from "../errors.js";
import type { BinaryData, EnginePacket } from "../packet.js";
import type { DecodedPackets, DecodePayloadOptions } from "../payload.js";
import { decodePacket, encodePacket } from "./packet.js";
import { checkLength, readLength } from "./packet-length.js";

const TEXT = 0;
const BINARY = 1;
const END_OF_LENGTH = 255;

/** Encodes packets as one binary body. */
export function encodePayloadAsBinary(packets: readonly EnginePacket[]): Uint8Array {
  const pieces: Uint8Array[] = [];
  for (const packet of packets) {
    const encoded = encodePacket(packet, true);
    const text = typeof encoded === "string";
    const content = text ? encodeUtf8(encoded) : bytesOf(encoded);
    pieces.push(prefixOf(text ? TEXT : BINARY, content.length), content);
  }
  return concat(pieces);
}

function prefixOf(kind: number, length: number): Uint8Array {
  return Uint8Array.from([kind, ...Array.from(String(length), Number), END_OF_LENGTH]);
}

function concat(pieces: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return bytesOf(whole);
}

/** Every round moves on by at least three bytes or returns. */
export function decodeBinaryPayload(payload: BinaryData, options: DecodePayloadOptions): DecodedPackets {
  const bytes = bytesOf(payload);
  const packets: EnginePacket[] = [];
  const digitAt = (index: number) => bytes[index];
  for (let at = 0, index = 0; at < bytes.length; index++) {
    const kind = bytes[at]!;
    const prefix = kind === TEXT || kind === BINARY ? readLength(digitAt, at + 1) : undefined;
    if (prefix === undefined || bytes[prefix.end] !== END_OF_LENGTH) {
      return { packets, error: new EngineProtocolViolation("INVALID_PACKET_LENGTH") };
    }
    const start = prefix.end + 1;
    const error = checkLength(index, prefix.length, bytes.length - start, options);
    if (error !== undefined) return { packets, error };
    at = start + prefix.length;
    const packet = decodeContent(kind, bytes.subarray(start, at), options);
    if (packet instanceof EngineParserError) return { packets, error: packet };
    packets.push(packet);
  }
  return { packets };
}

function decodeContent(
  kind: number,
  content: Uint8Array,
  options: DecodePayloadOptions,
): EnginePacket | EngineParserError {
  if (kind === BINARY) return decodePacket(content, options.binaryType);
  const text = decodeUtf8(content);
  return text === undefined ? new EngineProtocolViolation("INVALID_UTF8") : decodePacket(text, options.binaryType);
}
