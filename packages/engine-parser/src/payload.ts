import { DEFAULT_BINARY_TYPE } from "#bytes";
import { decodeText } from "./decode-packet.js";
import { encodePacket } from "./encode-packet.js";
import { EngineParserError, EngineProtocolViolation } from "./errors.js";
import { DEFAULT_MAX_PACKET_LENGTH, DEFAULT_MAX_PACKETS, type PayloadLimits } from "./limits.js";
import type { BinaryType, EnginePacket } from "./packet.js";

/** Stands between the packets of a payload (U+001E). JSON escapes it, so it needs no escape of its own. */
export const PACKET_SEPARATOR = "\x1e";

export interface DecodePayloadOptions extends PayloadLimits {
  /** Form of binary data. Default: see {@link BinaryType}. */
  readonly binaryType?: BinaryType;
}

/** What a run of packets was decoded to: those before the first bad one, and what was wrong with that. */
export interface DecodedPackets {
  readonly packets: EnginePacket[];
  readonly error?: EngineParserError;
}

/** Encodes packets as the body of one polling request or response. Binary data becomes base64. */
export function encodePayload(packets: readonly EnginePacket[]): string {
  let payload = "";
  for (let i = 0; i < packets.length; i++) {
    if (i > 0) payload += PACKET_SEPARATOR;
    payload += encodePacket(packets[i]!, false) as string;
  }
  return payload;
}

/**
 * Decodes the body of one polling request or response, in time linear to its length. Never throws; stops at the first
 * bad packet and at the first limit.
 */
export function decodePayload(payload: string, options: DecodePayloadOptions = {}): DecodedPackets {
  const {
    binaryType = DEFAULT_BINARY_TYPE,
    maxPackets = DEFAULT_MAX_PACKETS,
    maxPacketLength = DEFAULT_MAX_PACKET_LENGTH,
  } = options;
  const packets: EnginePacket[] = [];
  for (let start = 0; start <= payload.length; ) {
    let end = payload.indexOf(PACKET_SEPARATOR, start);
    if (end < 0) end = payload.length;
    if (packets.length >= maxPackets) return { packets, error: new EngineProtocolViolation("TOO_MANY_PACKETS") };
    if (end - start > maxPacketLength) return { packets, error: new EngineProtocolViolation("PACKET_TOO_LONG") };
    const packet = decodeText(payload, start, end, binaryType);
    if (packet instanceof EngineParserError) return { packets, error: packet };
    packets.push(packet);
    start = end + 1;
  }
  return { packets };
}
