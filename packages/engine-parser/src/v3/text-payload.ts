/** Polling payloads of protocol 3 as text: `<length>:<packet>`, repeated; lengths in UTF-16 code units. */
import { EngineParserError, EngineProtocolViolation } from "../errors.js";
import type { EnginePacket } from "../packet.js";
import type { DecodedPackets, DecodePayloadOptions } from "../payload.js";
import { decodePacket, encodePacket } from "./packet.js";
import { checkLength, readLength } from "./packet-length.js";

const DIGIT_ZERO = 48;

/** Encodes packets as one text body; binary data becomes base64. No packets at all are `0:`. */
export function encodePayload(packets: readonly EnginePacket[]): string {
  if (packets.length === 0) return "0:";
  let payload = "";
  for (const packet of packets) {
    const encoded = encodePacket(packet, false) as string;
    payload += `${encoded.length}:${encoded}`;
  }
  return payload;
}

/** Every round moves on by at least two characters or returns. Packets of length 0 say nothing, but count. */
export function decodeTextPayload(payload: string, options: DecodePayloadOptions): DecodedPackets {
  const packets: EnginePacket[] = [];
  if (payload === "") return { packets, error: new EngineProtocolViolation("EMPTY_PACKET") };
  const digitAt = (index: number) => payload.charCodeAt(index) - DIGIT_ZERO;
  for (let at = 0, index = 0; at < payload.length; index++) {
    const prefix = readLength(digitAt, at);
    if (prefix === undefined || payload[prefix.end] !== ":") {
      return { packets, error: new EngineProtocolViolation("INVALID_PACKET_LENGTH") };
    }
    const start = prefix.end + 1;
    const error = checkLength(index, prefix.length, payload.length - start, options);
    if (error !== undefined) return { packets, error };
    at = start + prefix.length;
    if (at === start) continue;
    const packet = decodePacket(payload.slice(start, at), options.binaryType);
    if (packet instanceof EngineParserError) return { packets, error: packet };
    packets.push(packet);
  }
  return { packets };
}
