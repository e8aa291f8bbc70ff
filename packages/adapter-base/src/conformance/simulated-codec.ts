import type { EncodedPacket } from "@sockeye/socketio-parser";
import type { OutgoingEvent } from "../contract.js";

const ATTACHMENT = "$attachment";

/** A codec with a text and attachments, like the real ones, and with nothing else. */
export function encodeSimulated(event: OutgoingEvent): EncodedPacket {
  const attachments: Uint8Array[] = [];
  const text = JSON.stringify(event, function lift(this: Record<string, unknown>, key, value) {
    const original = this[key];
    if (!ArrayBuffer.isView(original)) return value;
    return { [ATTACHMENT]: attachments.push(original as Uint8Array) - 1 };
  });
  return [text, ...attachments];
}

export function decodeSimulated(encoded: EncodedPacket): OutgoingEvent {
  const [text, ...attachments] = encoded;
  return JSON.parse(String(text), (_, value) =>
    typeof value === "object" && value !== null && ATTACHMENT in value
      ? bytesOf(attachments[value[ATTACHMENT]])
      : value,
  );
}

/** Plain bytes whatever the adapter carried them in, so that they can be compared. */
function bytesOf(chunk: EncodedPacket[number] | undefined): Uint8Array {
  if (ArrayBuffer.isView(chunk)) return new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength).slice();
  return new Uint8Array(chunk as ArrayBuffer);
}
