import { PACKET_TYPES } from "@sockeye/engine-parser";
import type { OutgoingPacket } from "../session/outbox.js";
import type { Protocol } from "../session/protocol.js";

/** One WebSocket message as the library takes it. */
export interface Frame {
  readonly data: string | Uint8Array;
  readonly isBinary: boolean;
  readonly compress: boolean;
}

/** The message of one packet. */
export function frameOf(packet: OutgoingPacket, isBinary: boolean, protocol: Protocol, supportsBinary: boolean): Frame {
  const { data, compress } = packet;
  if (!isBinary) {
    return {
      data: PACKET_TYPES.indexOf(packet.type) + ((data as string | undefined) ?? ""),
      isBinary: false,
      compress,
    };
  }
  const encoded = protocol.encodePacket({ type: packet.type, data }, supportsBinary);
  if (typeof encoded === "string") return { data: encoded, isBinary: false, compress };
  return { data: bytesOf(encoded), isBinary: true, compress };
}

/** The messages of a prepared message; made once for all recipients on the same terms. */
export function framesOf(prepared: OutgoingPacket, protocol: Protocol, supportsBinary: boolean): readonly Frame[] {
  const { parts = [], variants } = prepared;
  const make = () => parts.map((part) => sharedFrame(part, protocol, supportsBinary));
  if (variants === undefined) return make();
  const key = `uws ${protocol.revision} ${supportsBinary}`;
  variants.other ??= new Map();
  const known = variants.other.get(key) as readonly Frame[] | undefined;
  if (known !== undefined) return known;
  const frames = make();
  variants.other.set(key, frames);
  return frames;
}

/** In bytes: text would be encoded anew for each recipient. */
function sharedFrame(part: OutgoingPacket, protocol: Protocol, supportsBinary: boolean): Frame {
  const { data, isBinary, compress } = frameOf(part, typeof part.data === "object", protocol, supportsBinary);
  return { data: typeof data === "string" ? Buffer.from(data) : data, isBinary, compress };
}

export function bytesOf(data: ArrayBuffer | ArrayBufferView): Uint8Array {
  if (data instanceof Uint8Array) return data;
  if (ArrayBuffer.isView(data)) return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  return new Uint8Array(data);
}
