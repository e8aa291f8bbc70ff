import { PACKET_TYPES } from "@sockeye/engine-parser";
import type { OutgoingPacket } from "../session/outbox.js";
import type { Protocol } from "../session/protocol.js";
import { headerSize, textFrameSize, writeBinaryFrame, writeTextFrame } from "../websocket/server-frame.js";

/** Engine.IO packets as WebSocket frames, composed here and written as few times as possible. */

/** Where frames are written: a stream, or a WebSocket of our own. */
export interface FrameTarget {
  write(frames: Uint8Array): unknown;
  cork(): void;
  uncork(): void;
}

/** What decides how a packet is framed. */
export interface Framing {
  readonly protocol: Protocol;
  /** Whether the peer takes binary frames; else binary travels as base64. */
  readonly supportsBinary: boolean;
}

const DIGIT_ZERO = 0x30;
const MESSAGE_DIGIT = 0x34;
/** Up to this size frames are copied into one buffer; larger ones are written by themselves, corked together. */
const COPY_LIMIT = 16 * 1024;
const EMPTY = Buffer.alloc(0);

/** Writes the frames of a batch. */
export function writeFrames(target: FrameTarget, batch: readonly OutgoingPacket[], framing: Framing): void {
  if (batch.length === 1) {
    target.write(framesOf(batch[0]!, framing));
    return;
  }
  let small = 0;
  let corked = false;
  for (let i = 0; i < batch.length; i++) {
    if (batch[i]!.size <= COPY_LIMIT) continue;
    if (!corked) {
      corked = true;
      target.cork();
    }
    writeSmall(target, batch, small, i, framing);
    target.write(framesOf(batch[i]!, framing));
    small = i + 1;
  }
  writeSmall(target, batch, small, batch.length, framing);
  if (corked) target.uncork();
}

/** A packet of text as a message of its own: its type digit and its data. */
export function textOf(packet: OutgoingPacket): string {
  return String.fromCharCode(digitOf(packet)) + ((packet.data as string | undefined) ?? "");
}

/** A packet of binary data as a message of its own. */
export function encodeBinary(packet: OutgoingPacket, framing: Framing): string | Uint8Array {
  const encoded = framing.protocol.encodePacket({ type: packet.type, data: packet.data }, framing.supportsBinary);
  return typeof encoded === "string" ? encoded : bytesOf(encoded);
}

/** Writes the frames of `batch[from, to)` as one buffer. */
function writeSmall(
  target: FrameTarget,
  batch: readonly OutgoingPacket[],
  from: number,
  to: number,
  framing: Framing,
): void {
  if (from === to) return;
  if (to - from === 1) {
    target.write(framesOf(batch[from]!, framing));
    return;
  }
  let size = 0;
  for (let i = from; i < to; i++) size += frameSize(batch[i]!, framing);
  const frames = Buffer.allocUnsafe(size);
  let at = 0;
  for (let i = from; i < to; i++) at = writeFrame(frames, at, batch[i]!, framing);
  target.write(frames);
}

function frameSize(packet: OutgoingPacket, framing: Framing): number {
  if (packet.parts !== undefined) return framesOf(packet, framing).length;
  const { data } = packet;
  if (typeof data === "string") return textFrameSize(Buffer.byteLength(data));
  if (data === undefined) return textFrameSize(0);
  return binarySize(encodeBinary(packet, framing));
}

function writeFrame(target: Buffer, at: number, packet: OutgoingPacket, framing: Framing): number {
  if (packet.parts !== undefined) {
    const frames = framesOf(packet, framing);
    target.set(frames, at);
    return at + frames.length;
  }
  const { data } = packet;
  if (data === undefined || typeof data === "string") {
    const text = data ?? "";
    return writeTextFrame(target, at, digitOf(packet), text, Buffer.byteLength(text));
  }
  const encoded = encodeBinary(packet, framing);
  if (typeof encoded !== "string") return writeBinaryFrame(target, at, encoded);
  return writeTextFrame(target, at, encoded.charCodeAt(0), encoded.slice(1), encoded.length - 1);
}

/** All frames of one packet or prepared message; those of a prepared message are made once for all recipients. */
function framesOf(packet: OutgoingPacket, framing: Framing): Uint8Array {
  const { variants } = packet;
  if (variants === undefined) {
    const target = Buffer.allocUnsafe(frameSize(packet, framing));
    writeFrame(target, 0, packet, framing);
    return target;
  }
  // Only protocol 4 shares frames: another revision may frame binary data differently.
  if (framing.protocol.revision !== 4) return joinParts(packet, framing);
  if (framing.supportsBinary) {
    variants.frames ??= joinParts(packet, framing);
    return variants.frames;
  }
  variants.textFrames ??= joinParts(packet, framing);
  return variants.textFrames;
}

function joinParts(packet: OutgoingPacket, framing: Framing): Uint8Array {
  const parts = packet.parts ?? [];
  let size = 0;
  for (const part of parts) size += frameSize(part, framing);
  // Not from the pool: what is shared by many may live long, and would keep a whole slab.
  const target = Buffer.allocUnsafeSlow(size);
  let at = 0;
  for (const part of parts) at = writeFrame(target, at, part, framing);
  return target;
}

function digitOf(packet: OutgoingPacket): number {
  return packet.type === "message" ? MESSAGE_DIGIT : DIGIT_ZERO + PACKET_TYPES.indexOf(packet.type);
}

function binarySize(encoded: string | Uint8Array): number {
  return typeof encoded === "string" ? textFrameSize(encoded.length - 1) : headerSize(encoded.length) + encoded.length;
}

function bytesOf(data: ArrayBuffer | ArrayBufferView): Uint8Array {
  if (data instanceof Uint8Array) return data;
  if (ArrayBuffer.isView(data)) return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  return data.byteLength === 0 ? EMPTY : new Uint8Array(data);
}
