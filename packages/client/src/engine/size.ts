import type { Engine, EngineData } from "../contract.js";
import { MisuseError } from "../errors.js";
import type { OutgoingPacket } from "./contract.js";

/** Bytes that data takes on the wire: in UTF-8, and as base64 where a transport carries text alone. */
export function encodedSize(data: EngineData, asText: boolean): number {
  if (typeof data !== "string") return asText ? Math.ceil(data.byteLength / 3) * 4 : data.byteLength;
  let size = 0;
  for (let i = 0; i < data.length; i++) {
    const code = data.charCodeAt(i);
    // A surrogate pair is four bytes for two units. (JSON has no lone ones.)
    size += code < 0x80 ? 1 : code < 0x800 || code >> 11 === 0x1b ? 2 : 3;
  }
  return size;
}

/** Refuses a message that the server would not take. */
export function measure(data: EngineData, { maxPayload, transport }: Engine): void {
  const isText = typeof data === "string";
  const asText = transport.name === "polling";
  // No unit of text takes more than three bytes: most need no counting. What is text has a type before it.
  if (
    (!isText || data.length * 3 >= maxPayload) &&
    encodedSize(data, asText) + (isText || asText ? 1 : 0) > maxPayload
  ) {
    throw new MisuseError("TOO_LARGE", `the server takes ${maxPayload} bytes`);
  }
}

/**
 * How many packets share one body of polling: as many as fit into `limit` bytes. One that is too large on its own leaves alone, for the
 * server to judge.
 */
export function countWithin(packets: readonly OutgoingPacket[], limit: number): number {
  let size = -1;
  let count = 0;
  for (const { data = "" } of packets) {
    // Separator, type, data.
    size += 2 + encodedSize(data, true);
    if (count && size > limit) break;
    count++;
  }
  return count;
}
