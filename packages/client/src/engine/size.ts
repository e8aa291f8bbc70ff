import type { EngineData } from "../contract.js";
import type { OutgoingPacket } from "./contract.js";

/** Bytes that a message takes on the wire: in UTF-8 behind its type, and as base64 where a transport carries text alone. */
export function encodedSize(data: EngineData, asText: boolean): number {
  if (typeof data !== "string") return asText ? 1 + Math.ceil(data.byteLength / 3) * 4 : data.byteLength;
  let size = 1;
  for (let i = 0; i < data.length; i++) {
    const code = data.charCodeAt(i);
    // A surrogate pair is four bytes for two units. (JSON has no lone ones.)
    size += code < 0x80 ? 1 : code < 0x800 || code >> 11 === 0x1b ? 2 : 3;
  }
  return size;
}

/**
 * How many packets share one body of polling: as many as fit into `limit` bytes. One that is too large on its own leaves alone, for the
 * server to judge.
 */
export function countWithin(packets: readonly OutgoingPacket[], limit: number): number {
  let size = -1;
  let count = 0;
  for (const { data = "" } of packets) {
    // Separator, message.
    size += 1 + encodedSize(data, true);
    if (count && size > limit) break;
    count++;
  }
  return count;
}
