import { isUtf8 } from "node:buffer";
import { BINARY, CLOSE, FrameHeader, LONGEST_HEADER, PING, TEXT } from "./frame-header.js";
import { FrameViolation, type FrameViolationCode } from "./frame-violation.js";
import { rotateMask, unmask } from "./unmask.js";

/** What a reader finds, told in the order of the bytes. */
export interface FrameSink {
  /** A text message: `bytes[start, end)` during this call. It is UTF-8; with `ascii`, one byte is one character. */
  onText(bytes: Buffer, start: number, end: number, ascii: boolean): void;
  /** A binary message. The memory is the receiver's. */
  onBinary(data: Buffer): void;
  /** `bytes[start, end)` during this call: up to 125 bytes. */
  onPing(bytes: Buffer, start: number, end: number): void;
  onPong(bytes: Buffer, start: number, end: number): void;
  /** The peer takes its leave; nothing is told after that. Without a code in its frame, `code` is 1005. */
  onClose(code: number, reason: string): void;
  /** The peer broke the rules; nothing is told after that. */
  onViolation(violation: FrameViolation): void;
}

export interface FrameLimits {
  /** Bytes of one message. */
  readonly maxPayload: number;
  /** Fragments of one message; 0 for any number. */
  readonly maxFragments: number;
}

/** A close frame without a code (RFC 6455, 7.1.5). */
const NO_CODE = 1005;
const EMPTY: Buffer = Buffer.alloc(0);
/** A message in pieces gets this much room at first, if it is that long. */
const FIRST_ROOM = 1024;
/** A binary message may keep this much foreign memory from being freed, or as much as it is long. */
const IDLE_BYTES = 4096;

/** Scanning calls nobody, so one header serves all readers. */
const header = new FrameHeader();

/**
 * The frames of one client as a machine without I/O: bytes in, in any pieces, and messages out to a {@link FrameSink}.
 * For connections without extensions.
 *
 * A message that lies whole in one chunk, as nearly all do, is unmasked in place and handed on from there. What is not
 * whole is kept in memory that grows with what has arrived, not with what was announced: at most twice as much.
 */
export class FrameReader {
  readonly #limits: FrameLimits;
  #unfinished: Unfinished | undefined = undefined;
  #stopped = false;

  constructor(limits: FrameLimits) {
    this.#limits = limits;
  }

  /** Bytes received of a frame or message that is not whole yet. */
  get unfinishedBytes(): number {
    return this.#unfinished?.size ?? 0;
  }

  /** Reads the next bytes. They are the reader's from here on: payloads are unmasked where they lie. */
  read(bytes: Buffer, sink: FrameSink): void {
    const end = bytes.length;
    let at = 0;
    while (at < end && !this.#stopped) {
      at =
        this.#unfinished === undefined
          ? this.#readFrame(bytes, at, sink)
          : this.#goOn(this.#unfinished, bytes, at, sink);
    }
  }

  /** Nothing is read any more, and nothing told. */
  stop(): void {
    this.#stopped = true;
    this.#unfinished = undefined;
  }

  /** With nothing unfinished: most frames are whole. Returns where the next one begins. */
  #readFrame(bytes: Buffer, at: number, sink: FrameSink): number {
    const wrong = header.scan(bytes, at, bytes.length, 0, this.#limits.maxPayload);
    const start = at + header.size;
    const end = start + header.length;
    if (wrong !== undefined) this.#fail(wrong, sink);
    else if (header.size > 0 && end <= bytes.length && header.final) this.#tell(header.opcode, bytes, start, end, sink);
    else {
      this.#unfinished = new Unfinished();
      return this.#goOn(this.#unfinished, bytes, at, sink);
    }
    return end;
  }

  #tell(opcode: number, bytes: Buffer, start: number, end: number, sink: FrameSink): void {
    const seen = unmask(bytes, start, end, header.mask);
    if (opcode === TEXT) this.#tellText(bytes, start, end, seen, sink);
    else if (opcode === BINARY) sink.onBinary(detach(bytes, start, end));
    else this.#tellControl(opcode, bytes, start, end, sink);
  }

  // --- what comes in pieces -----------------------------------------------------------------------------------------

  /** One step further: through a header, and through as much of its payload as is here. */
  #goOn(unfinished: Unfinished, bytes: Buffer, at: number, sink: FrameSink): number {
    const from = unfinished.inFrame ? at : this.#takeHeader(unfinished, bytes, at, sink);
    if (!unfinished.inFrame) return from;
    const count = Math.min(unfinished.missing, bytes.length - from);
    if (count > 0) unfinished.take(bytes, from, count);
    if (unfinished.missing === 0) this.#finishFrame(unfinished, sink);
    return from + count;
  }

  #takeHeader(unfinished: Unfinished, bytes: Buffer, at: number, sink: FrameSink): number {
    const kept = unfinished.headLength;
    if (kept > 0) unfinished.keepHead(bytes, at);
    const [from, start, end] = kept > 0 ? [unfinished.head, 0, unfinished.headLength] : [bytes, at, bytes.length];
    const wrong = header.scan(from, start, end, unfinished.message, this.#limits.maxPayload - unfinished.announced);
    if (wrong !== undefined) this.#fail(wrong, sink);
    else if (header.size > 0) {
      unfinished.beginFrame(header);
      return at + header.size - kept;
    } else if (kept === 0) unfinished.keepHead(bytes, at);
    return bytes.length;
  }

  #finishFrame(unfinished: Unfinished, sink: FrameSink): void {
    unfinished.inFrame = false;
    if (unfinished.opcode >= CLOSE) {
      if (unfinished.message === 0) this.#unfinished = undefined;
      this.#tellControl(unfinished.opcode, unfinished.control, 0, unfinished.endControl(), sink);
      return;
    }
    const { maxFragments } = this.#limits;
    if (++unfinished.fragments > maxFragments && maxFragments > 0)
      this.#fail("ERR_SOCKEYE_FRAME_TOO_MANY_FRAGMENTS", sink);
    else if (unfinished.final) this.#finishMessage(unfinished, sink);
  }

  #finishMessage(unfinished: Unfinished, sink: FrameSink): void {
    const { content, message, seen } = unfinished;
    this.#unfinished = undefined;
    if (message === TEXT) this.#tellText(content, 0, content.length, seen, sink);
    else sink.onBinary(content);
  }

  // --- what is told -------------------------------------------------------------------------------------------------

  #tellText(bytes: Buffer, start: number, end: number, seen: number, sink: FrameSink): void {
    const ascii = (seen & 0x80) === 0;
    if (ascii || isUtf8(bytes.subarray(start, end))) sink.onText(bytes, start, end, ascii);
    else this.#fail("ERR_SOCKEYE_FRAME_NOT_UTF8", sink);
  }

  #tellControl(opcode: number, bytes: Buffer, start: number, end: number, sink: FrameSink): void {
    if (opcode === CLOSE) this.#tellClose(bytes, start, end, sink);
    else if (opcode === PING) sink.onPing(bytes, start, end);
    else sink.onPong(bytes, start, end);
  }

  #tellClose(bytes: Buffer, start: number, end: number, sink: FrameSink): void {
    const code = start === end ? NO_CODE : bytes.readUInt16BE(start);
    if (start !== end && !mayBeSent(code)) this.#fail("ERR_SOCKEYE_FRAME_CLOSE_CODE", sink);
    else if (end - start > 2 && !isUtf8(bytes.subarray(start + 2, end))) this.#fail("ERR_SOCKEYE_FRAME_NOT_UTF8", sink);
    else {
      this.stop();
      sink.onClose(code, bytes.toString("utf8", Math.min(start + 2, end), end));
    }
  }

  #fail(code: FrameViolationCode, sink: FrameSink): void {
    this.stop();
    sink.onViolation(new FrameViolation(code));
  }
}

/** A header, a frame or a message of which more is to come. */
class Unfinished {
  /** Opcode of the message under way; 0 when there is none. */
  message = 0;
  /** Its length so far, by what headers say. */
  announced = 0;
  fragments = 0;
  /** Its content; when all of it is here, exactly that. */
  content = EMPTY;
  #received = 0;
  /** Its bytes, ORed. */
  seen = 0;

  /** The header is here, and `missing` bytes of payload are not. */
  inFrame = false;
  opcode = 0;
  final = false;
  missing = 0;
  #mask = 0;
  /** Payload of a control frame, which may come between the fragments of a message. */
  control = EMPTY;
  controlLength = 0;

  /** The first bytes of a header. */
  head = EMPTY;
  headLength = 0;

  /** Bytes that wait for more. */
  get size(): number {
    return this.#received + this.controlLength + this.headLength;
  }

  /** Keeps bytes of a header, as many as there may be. */
  keepHead(bytes: Buffer, at: number): void {
    if (this.head === EMPTY) this.head = Buffer.allocUnsafeSlow(LONGEST_HEADER);
    this.headLength += bytes.copy(this.head, this.headLength, at);
  }

  beginFrame({ opcode, final, length, mask }: FrameHeader): void {
    this.headLength = 0;
    this.inFrame = true;
    this.opcode = opcode;
    this.final = final;
    this.missing = length;
    this.#mask = mask;
    if (opcode >= CLOSE) {
      if (this.control.length < length) this.control = Buffer.allocUnsafeSlow(length);
    } else {
      if (opcode !== 0) this.message = opcode;
      this.announced += length;
    }
  }

  /** A control frame is whole; returns its length. */
  endControl(): number {
    const length = this.controlLength;
    this.controlLength = 0;
    return length;
  }

  /** Takes bytes of the payload. */
  take(bytes: Buffer, at: number, count: number): void {
    if (this.opcode >= CLOSE) {
      bytes.copy(this.control, this.controlLength, at, at + count);
      unmask(this.control, this.controlLength, this.controlLength + count, this.#mask);
      this.controlLength += count;
    } else {
      this.#grow(this.#received + count);
      bytes.copy(this.content, this.#received, at, at + count);
      this.seen |= unmask(this.content, this.#received, this.#received + count, this.#mask);
      this.#received += count;
    }
    this.missing -= count;
    this.#mask = rotateMask(this.#mask, count);
  }

  /** Never beyond what is announced, so that in the end nothing stands there but the message. */
  #grow(needed: number): void {
    if (needed <= this.content.length) return;
    const size = Math.min(this.announced, Math.max(needed, 2 * this.content.length, FIRST_ROOM));
    const larger = Buffer.allocUnsafeSlow(size);
    this.content.copy(larger, 0, 0, this.#received);
    this.content = larger;
  }
}

/** A message as memory of its own, or as a view where little else would be kept by it. */
function detach(bytes: Buffer, start: number, end: number): Buffer {
  const length = end - start;
  if (bytes.buffer.byteLength - length <= Math.max(IDLE_BYTES, length)) return bytes.subarray(start, end);
  const copy = Buffer.allocUnsafeSlow(length);
  bytes.copy(copy, 0, start, end);
  return copy;
}

/** Codes that may stand in a close frame: those of the register, and those left to libraries and applications. */
function mayBeSent(code: number): boolean {
  if (code >= 3000) return code <= 4999;
  return code >= 1000 && code <= 1014 && code !== 1004 && code !== NO_CODE && code !== 1006;
}
