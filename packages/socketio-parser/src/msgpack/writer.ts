import { isBinary } from "../binary.js";
import { DEFAULT_LIMITS } from "../limits.js";
import { EXTENSION_TYPE, TWO_POW_32 } from "./extensions.js";

type Container = Record<string, unknown>;

/** Packets are written one behind the other into chunks of this size, as `Buffer` does; a bigger one has a chunk to itself. */
const CHUNK = 8192;
/** Room for the head of any value and a 64 bit number behind it. */
const HEAD = 16;
/** Texts up to this many characters are written by hand, in the hope that they are ASCII. */
const SHORT_TEXT = 31;

const utf8 = new TextEncoder();

/** MessagePack values, one behind the other. https://github.com/msgpack/msgpack/blob/master/spec.md */
export class Writer {
  #bytes = new Uint8Array(0);
  #view = new DataView(this.#bytes.buffer);
  #start = 0;
  #at = 0;

  /** What was written since the last `take` or `drop`: a part of a chunk, never written to again. */
  take(): Uint8Array {
    const bytes = this.#bytes.subarray(this.#start, this.#at);
    this.#start = this.#at;
    if (this.#bytes.length > CHUNK) {
      // What comes next must not keep a giant alive.
      this.#open(0);
    }
    return bytes;
  }

  /** Forgets what was written since the last `take`. */
  drop(): void {
    this.#at = this.#start;
  }

  byte(value: number): void {
    this.#reserve(1);
    this.#bytes[this.#at++] = value;
  }

  /** Bytes that are MessagePack already. */
  raw(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.#at);
    this.#at += bytes.length;
  }

  /**
   * Any value, as `JSON.stringify` would see it, except that `undefined`, dates and bytes stay what they are.
   * @throws TypeError for a symbol, a BigInt, a function outside an object; RangeError for too much depth
   */
  value(value: unknown, key: string | number = "", depth = 0): void {
    switch (typeof value) {
      case "string":
        this.text(value);
        break;
      case "number":
        this.number(value);
        break;
      case "boolean":
        this.byte(value ? 0xc3 : 0xc2);
        break;
      case "undefined":
        this.#fixedExtension(0xd4, 1);
        break;
      case "object":
        this.#object(value as Container | null, key, depth);
        break;
      default:
        throw new TypeError(`a ${typeof value} has no MessagePack form`);
    }
  }

  number(value: number): void {
    this.#reserve(HEAD);
    if (!Number.isSafeInteger(value)) {
      this.#bytes[this.#at] = 0xcb;
      this.#view.setFloat64(this.#at + 1, value);
      this.#at += 9;
    } else if (value < 0) {
      this.#negative(value);
    } else {
      this.#positive(value);
    }
  }

  text(text: string): void {
    this.#reserve(text.length * 3 + HEAD);
    if (text.length > SHORT_TEXT || !this.#shortText(text)) {
      this.#longText(text);
    }
  }

  arrayHead(length: number): void {
    this.#head(0x90, length, 0xdc);
  }

  mapHead(size: number): void {
    this.#head(0x80, size, 0xde);
  }

  #object(object: Container | null, key: string | number, depth: number): void {
    if (object === null) {
      this.byte(0xc0);
    } else if (object instanceof Date) {
      this.#date(object.getTime());
    } else if (isBinary(object)) {
      this.#binary(object);
    } else if (typeof object.toJSON === "function") {
      const value: unknown = object.toJSON(String(key));
      // Its own result is not asked again.
      if (typeof value === "object" && value !== null && !isBinary(value)) {
        this.#members(value as Container, depth + 1);
      } else {
        this.value(value);
      }
    } else {
      this.#members(object, depth + 1);
    }
  }

  #members(container: Container | unknown[], depth: number): void {
    if (depth > DEFAULT_LIMITS.maxDepth) {
      throw new RangeError("nested too deep");
    }
    if (Array.isArray(container)) {
      this.arrayHead(container.length);
      for (let i = 0; i < container.length; i++) {
        this.value(container[i], i, depth);
      }
      return;
    }
    const keys = Object.keys(container).filter((key) => typeof container[key] !== "function");
    this.mapHead(keys.length);
    for (const key of keys) {
      this.text(key);
      this.value(container[key], key, depth);
    }
  }

  /** Writing ASCII by hand beats a call into the engine for texts of this size. */
  #shortText(text: string): boolean {
    const start = this.#at + 1;
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i);
      if (code > 127) {
        return false;
      }
      this.#bytes[start + i] = code;
    }
    this.#bytes[this.#at] = 0xa0 | text.length;
    this.#at = start + text.length;
    return true;
  }

  /** The head is chosen by the largest size the text can have, because the text is written behind it in one go. */
  #longText(text: string): void {
    const most = text.length * 3;
    const head = most < 2 ** 8 ? 2 : most < 2 ** 16 ? 3 : 5;
    const { written } = utf8.encodeInto(text, this.#bytes.subarray(this.#at + head));
    this.#sized(head === 2 ? 0xd9 : head === 3 ? 0xda : 0xdb, written, head - 1);
    this.#at += written;
  }

  #positive(value: number): void {
    if (value < 0x80) {
      this.#bytes[this.#at++] = value;
    } else if (value < 2 ** 8) {
      this.#sized(0xcc, value, 1);
    } else if (value < 2 ** 16) {
      this.#sized(0xcd, value, 2);
    } else if (value < TWO_POW_32) {
      this.#sized(0xce, value, 4);
    } else {
      this.#bytes[this.#at++] = 0xcf;
      this.#signed64(value);
    }
  }

  #negative(value: number): void {
    if (value >= -0x20) {
      this.#bytes[this.#at++] = value;
    } else if (value >= -(2 ** 7)) {
      this.#sized(0xd0, value, 1);
    } else if (value >= -(2 ** 15)) {
      this.#sized(0xd1, value, 2);
    } else if (value >= -(2 ** 31)) {
      this.#sized(0xd2, value, 4);
    } else {
      this.#bytes[this.#at++] = 0xd3;
      this.#signed64(value);
    }
  }

  /** An invalid date is null, as in JSON. */
  #date(milliseconds: number): void {
    if (Number.isNaN(milliseconds)) {
      this.byte(0xc0);
    } else {
      this.#fixedExtension(0xd7, 0);
      this.#signed64(milliseconds);
    }
  }

  /** Head of a fixext of our type, and `zeros` bytes of content. */
  #fixedExtension(code: number, zeros: number): void {
    this.#reserve(HEAD);
    this.#bytes[this.#at++] = code;
    this.#bytes[this.#at++] = EXTENSION_TYPE;
    for (let i = 0; i < zeros; i++) {
      this.#bytes[this.#at++] = 0;
    }
  }

  /** `Uint8Array` (`Buffer` is one) as bin; any other buffer as the extension that arrives as an `ArrayBuffer`. */
  #binary(value: ArrayBuffer | ArrayBufferView): void {
    if (value instanceof Uint8Array) {
      this.#sizedByLength(0xc4, value.length);
      this.raw(value);
      return;
    }
    if (!ArrayBuffer.isView(value) && !(value instanceof ArrayBuffer)) {
      throw new TypeError("a Blob cannot be read at once, its arrayBuffer() can be awaited");
    }
    const bytes = ArrayBuffer.isView(value)
      ? new Uint8Array(value.buffer, value.byteOffset, value.byteLength)
      : new Uint8Array(value);
    this.#sizedByLength(0xc7, bytes.length);
    this.byte(EXTENSION_TYPE);
    this.raw(bytes);
  }

  #head(fixed: number, count: number, code16: number): void {
    this.#reserve(HEAD);
    if (count < 16) {
      this.#bytes[this.#at++] = fixed | count;
    } else if (count < 2 ** 16) {
      this.#sized(code16, count, 2);
    } else {
      this.#sized(code16 + 1, count, 4);
    }
  }

  #sizedByLength(code8: number, length: number): void {
    this.#reserve(HEAD);
    const step = length < 2 ** 8 ? 0 : length < 2 ** 16 ? 1 : 2;
    this.#sized(code8 + step, length, 1 << step);
  }

  /** A code and a number of 1, 2 or 4 bytes; room is there. */
  #sized(code: number, value: number, size: number): void {
    this.#bytes[this.#at] = code;
    if (size === 1) {
      this.#bytes[this.#at + 1] = value;
    } else if (size === 2) {
      this.#view.setUint16(this.#at + 1, value);
    } else {
      this.#view.setUint32(this.#at + 1, value);
    }
    this.#at += 1 + size;
  }

  /** Two's complement; good for unsigned integers too, as far as they are safe. */
  #signed64(value: number): void {
    this.#view.setInt32(this.#at, Math.floor(value / TWO_POW_32));
    this.#view.setUint32(this.#at + 4, value >>> 0);
    this.#at += 8;
  }

  /** Makes room; a chunk that is full stays with the packets taken from it, the unfinished one moves on. */
  #reserve(size: number): void {
    if (this.#at + size <= this.#bytes.length) {
      return;
    }
    const unfinished = this.#bytes.subarray(this.#start, this.#at);
    const needed = unfinished.length + size;
    this.#open(needed <= CHUNK ? CHUNK : needed * 2);
    this.raw(unfinished);
  }

  #open(size: number): void {
    this.#bytes = new Uint8Array(size);
    this.#view = new DataView(this.#bytes.buffer);
    this.#start = 0;
    this.#at = 0;
  }
}
