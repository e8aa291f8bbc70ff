/** Engine.IO protocol 3 on the wire, for clients of 2020 and before: packets and polling payloads. */
import { EngineParserMisuse } from "../errors.js";
import { type BinaryData, isBinaryData } from "../packet.js";
import type { DecodedPackets, DecodePayloadOptions } from "../payload.js";
import { decodeBinaryPayload } from "./binary-payload.js";
import { decodeTextPayload } from "./text-payload.js";

export { encodePayloadAsBinary } from "./binary-payload.js";
export { decodePacket, encodePacket } from "./packet.js";
export { encodePayload } from "./text-payload.js";

/** Revision of the Engine.IO protocol that this entry speaks. */
export const protocol = 3;

/**
 * Decodes the body of one polling request or response: text, or bytes when its content type is
 * `application/octet-stream`. Linear time, never throws; stops at the first bad packet and at the first limit.
 */
export function decodePayload(payload: string | BinaryData, options: DecodePayloadOptions = {}): DecodedPackets {
  if (typeof payload === "string") return decodeTextPayload(payload, options);
  if (!isBinaryData(payload)) return { packets: [], error: new EngineParserMisuse("INVALID_FRAME") };
  return decodeBinaryPayload(payload, options);
}
