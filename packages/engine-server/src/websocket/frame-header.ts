import type { FrameViolationCode } from "./frame-violation.js";

/** Opcodes of RFC 6455, 5.2. */
export const CONTINUATION = 0;
export const TEXT = 1;
export const BINARY = 2;
export const CLOSE = 8;
export const PING = 9;
export const PONG = 10;

/** The longest header of a masked frame. */
export const LONGEST_HEADER = 14;

const FINAL = 0x80;
const RESERVED = 0x70;
const MASKED = 0x80;
/** `2 ** 21`: a length whose upper word is not below it cannot be counted exactly. */
const UNCOUNTABLE = 0x20_0000;

/**
 * The header of a frame as a client sends it (RFC 6455, 5.2):
 *
 *      0                   1
 *      0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5
 *     +-+-+-+-+-------+-+-------------+-------------------------------+
 *     |F|R|R|R| opcode|M| Payload len |    Extended payload length    |
 *     |I|S|S|S|  (4)  |A|     (7)     |  (16 bits if 126, 64 if 127)  |
 *     |N|V|V|V|       |S|             |    Masking key (32 bits)      |
 *     +-+-+-+-+-------+-+-------------+-------------------------------+
 */
export class FrameHeader {
  /** Bytes of the header; 0 while more of them are needed. */
  size = 0;
  final = true;
  opcode = 0;
  /** Bytes of payload. */
  length = 0;
  mask = 0;

  /**
   * Reads the header at `bytes[at, end)`, and says what is wrong with it as soon as that can be known.
   *
   * @param within opcode of the message under way, 0 when there is none
   * @param room bytes that the message may still grow by
   */
  scan(bytes: Uint8Array, at: number, end: number, within: number, room: number): FrameViolationCode | undefined {
    this.size = 0;
    if (end - at < 2) return undefined;
    const first = bytes[at]!;
    const second = bytes[at + 1]!;
    this.final = (first & FINAL) !== 0;
    this.opcode = first & 0x0f;
    const short = second & 0x7f;
    if ((first & RESERVED) !== 0) return "ERR_SOCKEYE_FRAME_RESERVED_BITS";
    const isData = this.opcode <= BINARY;
    const wrong = isData ? checkData(this.opcode, within) : checkControl(this.opcode, this.final, short);
    if (wrong !== undefined) return wrong;
    if ((second & MASKED) === 0) return "ERR_SOCKEYE_FRAME_NOT_MASKED";
    const keyAt = at + (short < 126 ? 2 : short === 126 ? 4 : 10);
    if (end < keyAt) return undefined;
    this.length = short < 126 ? short : short === 126 ? readUint16(bytes, at + 2) : readUint64(bytes, at + 2);
    // Before a single byte of it is kept.
    if (isData && (this.length > room || this.length === Number.POSITIVE_INFINITY))
      return "ERR_SOCKEYE_FRAME_MESSAGE_TOO_LARGE";
    if (end < keyAt + 4) return undefined;
    this.mask = readInt32(bytes, keyAt);
    this.size = keyAt + 4 - at;
    return undefined;
  }
}

function checkData(opcode: number, within: number): FrameViolationCode | undefined {
  return (opcode === CONTINUATION) === (within !== 0) ? undefined : "ERR_SOCKEYE_FRAME_OPCODE";
}

function checkControl(opcode: number, final: boolean, length: number): FrameViolationCode | undefined {
  if (opcode < CLOSE || opcode > PONG) return "ERR_SOCKEYE_FRAME_OPCODE";
  if (!final) return "ERR_SOCKEYE_FRAME_FRAGMENTED_CONTROL";
  return length > 125 || (opcode === CLOSE && length === 1) ? "ERR_SOCKEYE_FRAME_CONTROL_LENGTH" : undefined;
}

function readUint16(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 8) | bytes[at + 1]!;
}

function readInt32(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!;
}

/** What cannot be counted is infinitely long: over every limit, and also where there is none. */
function readUint64(bytes: Uint8Array, at: number): number {
  const upper = readInt32(bytes, at) >>> 0;
  if (upper >= UNCOUNTABLE) return Number.POSITIVE_INFINITY;
  return upper * 0x1_0000_0000 + (readInt32(bytes, at + 4) >>> 0);
}
