import { encodeBase64 } from "#bytes";
import { EngineParserMisuse } from "./errors.js";
import { type BinaryData, type EnginePacket, isBinaryData, PACKET_TYPES, type PacketType } from "./packet.js";

/**
 * Encodes one packet as one frame.
 *
 * Binary message data comes back as it is (the same reference: a binary frame has no type byte in protocol 4) when
 * the transport `supportsBinary`, else as `b` and base64. Everything else is the type digit and the text.
 *
 * ```ts
 * encodePacket({ type: "message", data: "hi" }, true); // "4hi"
 * ```
 */
export function encodePacket(packet: EnginePacket, supportsBinary: boolean): string | BinaryData {
  const { type, data } = packet;
  if (typeof data === "object" && isBinaryData(data)) {
    if (type !== "message") throw new EngineParserMisuse("BINARY_NOT_MESSAGE");
    return supportsBinary ? data : `b${encodeBase64(data)}`;
  }
  const digit = type === "message" ? "4" : digitOf(type);
  return data ? digit + data : digit;
}

/** The digit of a packet type on the wire. */
export function digitOf(type: PacketType): string {
  const index = PACKET_TYPES.indexOf(type);
  if (index < 0) throw new EngineParserMisuse("INVALID_PACKET_TYPE");
  return `${index}`;
}
