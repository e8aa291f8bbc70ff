import { BINARY, CLOSE, TEXT } from "./frame-header.js";

/**
 * WebSocket frames as a server sends them (RFC 6455, 5.2): final, unmasked, header and payload contiguous, so that one
 * message is one write and many messages can share one.
 *
 *      0                   1
 *      0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5
 *     +-+-+-+-+-------+-+-------------+-------------------------------+
 *     |F|R|R|R| opcode|M| Payload len |    Extended payload length    |
 *     |I|S|S|S|  (4)  |A|     (7)     |  (16 bits if 126, 64 if 127)  |
 *     +-+-+-+-+-------+-+-------------+-------------------------------+
 */
const FIN = 0x80;
const FIN_TEXT = FIN | TEXT;
const FIN_BINARY = FIN | BINARY;
/** Bytes of payload that a control frame may have (RFC 6455, 5.5). */
export const LONGEST_CONTROL = 125;
const EMPTY = new Uint8Array(0);

/** Bytes of the header before `length` bytes of payload. */
export function headerSize(length: number): number {
  return length < 126 ? 2 : length < 65_536 ? 4 : 10;
}

function writeHeader(target: Buffer, at: number, first: number, length: number): number {
  target[at] = first;
  if (length < 126) {
    target[at + 1] = length;
    return at + 2;
  }
  if (length < 65_536) {
    target[at + 1] = 126;
    target[at + 2] = length >>> 8;
    target[at + 3] = length & 0xff;
    return at + 4;
  }
  target[at + 1] = 127;
  target.writeUInt32BE(Math.floor(length / 0x1_0000_0000), at + 2);
  target.writeUInt32BE(length >>> 0, at + 6);
  return at + 10;
}

/** Size of the text frame of an Engine.IO packet whose data takes `bytes` bytes in UTF-8. */
export function textFrameSize(bytes: number): number {
  return headerSize(bytes + 1) + bytes + 1;
}

/** Writes the frame of a text packet (a type digit and its data); returns the position behind it. */
export function writeTextFrame(target: Buffer, at: number, digit: number, data: string, bytes: number): number {
  let end = writeHeader(target, at, FIN_TEXT, bytes + 1);
  target[end++] = digit;
  // ASCII is the rule, and `latin1` is the cheaper road for it.
  target.write(data, end, bytes, bytes === data.length ? "latin1" : "utf8");
  return end + bytes;
}

/** Writes a frame that carries `data` as it is; returns the position behind it. */
export function writeBinaryFrame(target: Buffer, at: number, data: Uint8Array): number {
  const end = writeHeader(target, at, FIN_BINARY, data.length);
  target.set(data, end);
  return end + data.length;
}

/** A frame by itself: a control frame, or a message that somebody sends under the hood. */
export function frameOf(opcode: number, payload: Uint8Array): Buffer {
  const target = Buffer.allocUnsafe(headerSize(payload.length) + payload.length);
  target.set(payload, writeHeader(target, 0, FIN | opcode, payload.length));
  return target;
}

/** A close frame; without a code it has no payload. The reason is cut to what a control frame holds. */
export function closeFrame(code: number | undefined, reason = ""): Buffer {
  if (code === undefined) return frameOf(CLOSE, EMPTY);
  const payload = Buffer.allocUnsafe(LONGEST_CONTROL);
  payload.writeUInt16BE(code, 0);
  // Never half a character.
  return frameOf(CLOSE, payload.subarray(0, 2 + payload.write(reason, 2)));
}
