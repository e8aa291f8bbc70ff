/**
 * WebTransport framing: a byte stream cut into packets.
 *
 *     first byte   bit 7: the payload is binary; bits 0-6: its length, or
 *     126          the length follows in 2 bytes, big-endian
 *     127          the length follows in 8 bytes, big-endian
 *     payload      text: UTF-8 of the type digit and data; binary: the bytes of a message, nothing else
 *
 * The decoder is a machine of bytes that may be cut anywhere. Time is linear in the bytes pushed even when they come
 * one by one, and memory is bounded by twice the bytes received and 1 kB: a declared length is checked against the
 * limit before anything is kept, and reserves nothing.
 */
import { bytesOf, DEFAULT_BINARY_TYPE, decodeUtf8, encodeUtf8, toBinaryType } from "#bytes";
import { decodePacket } from "./decode-packet.js";
import { encodePacket } from "./encode-packet.js";
import { EngineParserError, EngineParserMisuse, EngineProtocolViolation } from "./errors.js";
import type { BinaryData, BinaryType, EnginePacket } from "./packet.js";
import type { DecodedPackets } from "./payload.js";

const BINARY_BIT = 0x80;
const LENGTH_IN_2_BYTES = 126;
const LENGTH_IN_8_BYTES = 127;
/** First room for a payload that came in pieces; it doubles from there. */
const FIRST_ROOM = 1_024;

/** Encodes a packet as one frame, header and payload in one piece of memory. */
export function encodeFrame(packet: EnginePacket): Uint8Array {
  return wrapFrame(encodePacket(packet, true));
}

/** Puts the header before what `encodePacket(packet, true)` made. */
export function wrapFrame(encoded: string | BinaryData): Uint8Array {
  const binary = typeof encoded !== "string";
  // A length of 0 is an error to every receiver, so an empty binary message travels as the text "b".
  if (binary && encoded.byteLength === 0) return wrapFrame("b");
  const payload = binary ? bytesOf(encoded) : encodeUtf8(encoded);
  const length = payload.length;
  const headerLength = length < LENGTH_IN_2_BYTES ? 1 : length < 65_536 ? 3 : 9;
  const frame = new Uint8Array(headerLength + length);
  const view = new DataView(frame.buffer);
  const flag = binary ? BINARY_BIT : 0;
  if (headerLength === 1) {
    frame[0] = flag | length;
  } else if (headerLength === 3) {
    frame[0] = flag | LENGTH_IN_2_BYTES;
    view.setUint16(1, length);
  } else {
    frame[0] = flag | LENGTH_IN_8_BYTES;
    view.setBigUint64(1, BigInt(length));
  }
  frame.set(payload, headerLength);
  return frame;
}

export interface FrameDecoderOptions {
  /** Bytes of one payload; a frame that declares more is `ERR_SOCKEYE_ENGINE_PARSER_FRAME_TOO_LONG`. */
  readonly maxPayload: number;
  /** Form of binary data. Default: see {@link BinaryType}. */
  readonly binaryType?: BinaryType;
}

/** Decodes one direction of one stream. The first error is final: every later `push` returns it again. */
export class FrameDecoder {
  readonly #maxPayload: number;
  readonly #binaryType: BinaryType;
  readonly #header = new Uint8Array(9);
  #headerFilled = 0;
  /** Declared length of the payload being read; 0 while a header is being read. */
  #length = 0;
  #payload: Uint8Array | undefined;
  #payloadFilled = 0;
  #error: EngineParserError | undefined;

  constructor(options: FrameDecoderOptions) {
    if (!(options.maxPayload > 0)) throw new EngineParserMisuse("INVALID_LIMIT");
    this.#maxPayload = options.maxPayload;
    this.#binaryType = options.binaryType ?? DEFAULT_BINARY_TYPE;
  }

  /** Bytes kept of a frame that is not whole yet. */
  get pendingBytes(): number {
    return this.#headerFilled + this.#payloadFilled;
  }

  /** Takes the next bytes of the stream, in any cut; `chunk` may be reused by the caller afterwards. Never throws. */
  push(chunk: Uint8Array): DecodedPackets {
    const packets: EnginePacket[] = [];
    let at = 0;
    while (at < chunk.length && this.#error === undefined) {
      at = this.#length === 0 ? this.#readHeader(chunk, at) : this.#readPayload(chunk, at, packets);
    }
    return this.#error === undefined ? { packets } : { packets, error: this.#error };
  }

  #readHeader(chunk: Uint8Array, from: number): number {
    const header = this.#header;
    let at = from;
    do {
      header[this.#headerFilled++] = chunk[at++]!;
    } while (this.#headerFilled < headerLengthOf(header[0]!) && at < chunk.length);
    if (this.#headerFilled === headerLengthOf(header[0]!)) this.#accept(declaredLength(header));
    return at;
  }

  #accept(length: number): void {
    this.#headerFilled = 0;
    this.#length = length;
    if (length === 0) this.#error = new EngineProtocolViolation("EMPTY_PACKET");
    // Beyond the safe integers (a high word over 2^21 - 1) the length is not even known; no limit admits that.
    if (length > this.#maxPayload || !Number.isSafeInteger(length))
      this.#error = new EngineProtocolViolation("FRAME_TOO_LONG");
  }

  #readPayload(chunk: Uint8Array, from: number, packets: EnginePacket[]): number {
    const end = Math.min(chunk.length, from + this.#length - this.#payloadFilled);
    const piece = chunk.subarray(from, end);
    if (this.#payload === undefined && piece.length === this.#length) {
      this.#finish(this.#isBinary() ? new Uint8Array(piece) : piece, packets);
      return end;
    }
    const payload = this.#roomFor(this.#payloadFilled + piece.length);
    payload.set(piece, this.#payloadFilled);
    this.#payloadFilled += piece.length;
    if (this.#payloadFilled === this.#length) this.#finish(payload, packets);
    return end;
  }

  /** Doubling keeps copies linear; the declared length, already within the limit, is the ceiling. */
  #roomFor(needed: number): Uint8Array {
    const old = this.#payload;
    if (old !== undefined && old.length >= needed) return old;
    const room = new Uint8Array(Math.min(this.#length, Math.max(needed, old ? old.length * 2 : FIRST_ROOM)));
    if (old !== undefined) room.set(old);
    this.#payload = room;
    return room;
  }

  #finish(payload: Uint8Array, packets: EnginePacket[]): void {
    this.#length = 0;
    this.#payload = undefined;
    this.#payloadFilled = 0;
    const packet = this.#isBinary() ? this.#binaryPacket(payload) : this.#textPacket(payload);
    if (packet instanceof EngineParserError) this.#error = packet;
    else packets.push(packet);
  }

  /** The first header byte stays where it is until the next frame. */
  #isBinary(): boolean {
    return (this.#header[0]! & BINARY_BIT) !== 0;
  }

  /** `payload` is ours and holds nothing else. */
  #binaryPacket(payload: Uint8Array): EnginePacket {
    const owned = this.#binaryType === "arraybuffer" ? (payload.buffer as ArrayBuffer) : payload;
    return { type: "message", data: toBinaryType(owned, this.#binaryType) };
  }

  #textPacket(payload: Uint8Array): EnginePacket | EngineParserError {
    const text = decodeUtf8(payload);
    return text === undefined ? new EngineProtocolViolation("INVALID_UTF8") : decodePacket(text, this.#binaryType);
  }
}

function headerLengthOf(firstByte: number): number {
  const length = firstByte & ~BINARY_BIT;
  return length < LENGTH_IN_2_BYTES ? 1 : length === LENGTH_IN_2_BYTES ? 3 : 9;
}

function declaredLength(header: Uint8Array): number {
  const length = header[0]! & ~BINARY_BIT;
  if (length < LENGTH_IN_2_BYTES) return length;
  const view = new DataView(header.buffer, header.byteOffset);
  if (length === LENGTH_IN_2_BYTES) return view.getUint16(1);
  return view.getUint32(1) * 2 ** 32 + view.getUint32(5);
}
