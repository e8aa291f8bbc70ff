import { utf8Length } from "#platform";
import type { EngineData } from "../contract.js";
import type { OutgoingPacket } from "./contract.js";

/** Bytes that a message takes on the wire: in UTF-8 behind its type, and as base64 where a transport carries text alone. */
export function encodedSize(data: EngineData, asText: boolean): number {
  if (typeof data === "string") return 1 + utf8Length(data);
  return asText ? 1 + Math.ceil(data.byteLength / 3) * 4 : data.byteLength;
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
