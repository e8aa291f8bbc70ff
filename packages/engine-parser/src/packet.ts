/** The seven packet types of Engine.IO. A type's index is its digit on the wire (protocol, "Packet types"). */
export const PACKET_TYPES = ["open", "close", "ping", "pong", "message", "upgrade", "noop"] as const;

export type PacketType = (typeof PACKET_TYPES)[number];

/** Binary message data: an `ArrayBuffer` or any view on one (typed arrays, `DataView`, Node's `Buffer`). */
export type BinaryData = ArrayBuffer | ArrayBufferView;

/**
 * The form in which a decoder hands over binary data.
 *
 * - `"nodebuffer"`: a `Buffer`, in builds without one a `Uint8Array`; may share memory with the decoded frame.
 * - `"arraybuffer"`: an `ArrayBuffer` that holds exactly the data; a view is copied out of the frame.
 *
 * Default: `"nodebuffer"` in the Node build, `"arraybuffer"` in the other.
 */
export type BinaryType = "nodebuffer" | "arraybuffer";

/** One Engine.IO packet. Only a `message` carries binary data; an empty text is no `data` on the wire. */
export interface EnginePacket {
  readonly type: PacketType;
  readonly data?: string | BinaryData;
}

/** Whether `data` is binary. Also true for an `ArrayBuffer` of another realm (an iframe, `node:vm`, Jest). */
export function isBinaryData(data: unknown): data is BinaryData {
  return ArrayBuffer.isView(data) || {}.toString.call(data) === "[object ArrayBuffer]";
}
