import type { EncodedPacket } from "@sockeye/socketio-parser";

/** Size of an encoded packet: characters of its text, bytes of its attachments. */
export function encodedBytes(encoded: EncodedPacket): number {
  let bytes = 0;
  for (const chunk of encoded) bytes += typeof chunk === "string" ? chunk.length : chunk.byteLength;
  return bytes;
}
