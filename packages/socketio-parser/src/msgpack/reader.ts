import { ParserViolation } from "../errors.js";
import { EXTENSION_TYPE, readSigned64, readTimestamp, TIMESTAMP_TYPE, TWO_POW_32, type Words } from "./extensions.js";

/** Texts up to this many bytes are read by hand, in the hope that they are ASCII. */
const SHORT_TEXT = 12;
/** Names come again and again: a table of the last ones saves making them anew. Size is a power of two. */
const NAMES = 256;

const utf8 = new TextDecoder("utf-8", { ignoreBOM: true });
/** For the two kinds of float: copying four or eight bytes costs less than a view on each message. */
const scratch = new DataView(new ArrayBuffer(8));
const names: (string | undefined)[] = new Array(NAMES).fill(undefined);

/**
 * MessagePack values out of one message, each byte of which is the peer's. A length is believed only up to the bytes that
 * are there, nothing is allocated ahead by it (nested heads that each claim a million elements would cost gigabytes),
 * depth is counted, and names become properties of the object, `__proto__` too.
 */
export class Reader implements Words {
  readonly #bytes: Uint8Array;
  readonly #maxDepth: number;
  /** Whether bytes are handed out as `ArrayBuffer`s: in the form they came in. */
  readonly #asArrayBuffer: boolean;
  #at = 0;

  constructor(message: ArrayBuffer | ArrayBufferView, maxDepth: number) {
    this.#asArrayBuffer = !ArrayBuffer.isView(message);
    this.#bytes =
      message instanceof Uint8Array
        ? message
        : ArrayBuffer.isView(message)
          ? new Uint8Array(message.buffer, message.byteOffset, message.byteLength)
          : new Uint8Array(message);
    this.#maxDepth = maxDepth;
  }

  get position(): number {
    return this.#at;
  }

  get isAtEnd(): boolean {
    return this.#at === this.#bytes.length;
  }

  unsigned32(at: number): number {
    return this.signed32(at) >>> 0;
  }

  signed32(at: number): number {
    const bytes = this.#bytes;
    return (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!;
  }

  value(depth = 0): unknown {
    const code = this.#byte();
    if (code < 0x80) {
      return code;
    }
    if (code >= 0xe0) {
      return code - 0x100;
    }
    if (code >= 0xa0) {
      return code < 0xc0 ? this.#text(code & 0x1f) : this.#coded(code, depth);
    }
    return code < 0x90 ? this.#map(code & 0x0f, depth + 1) : this.#array(code & 0x0f, depth + 1);
  }

  /** Number of members of the map that stands here; `undefined` when something else does. */
  mapHead(): number | undefined {
    const code = this.#byte();
    return code >> 4 === 0x8
      ? code & 0x0f
      : code === 0xde
        ? this.#unsigned(2)
        : code === 0xdf
          ? this.#unsigned(4)
          : undefined;
  }

  /** Number of elements of the array that stands here; `undefined` when something else does. */
  arrayHead(): number | undefined {
    const code = this.#byte();
    return code >> 4 === 0x9
      ? code & 0x0f
      : code === 0xdc
        ? this.#unsigned(2)
        : code === 0xdd
          ? this.#unsigned(4)
          : undefined;
  }

  /** The name of a member. Numbers, which other languages use, become what they are in an object. */
  name(): string {
    const code = this.#bytes[this.#at];
    if (code !== undefined && code >= 0xa0 && code < 0xc0) {
      this.#at++;
      return this.#shortName(code & 0x1f);
    }
    const name = this.value();
    if (typeof name !== "string" && typeof name !== "number") {
      throw invalid();
    }
    return String(name);
  }

  #coded(code: number, depth: number): unknown {
    switch (code) {
      case 0xc0:
        return null;
      case 0xc2:
        return false;
      case 0xc3:
        return true;
      case 0xc4:
        return this.#binary(this.#unsigned(1));
      case 0xc5:
        return this.#binary(this.#unsigned(2));
      case 0xc6:
        return this.#binary(this.#unsigned(4));
      case 0xc7:
        return this.#extension(this.#unsigned(1), false);
      case 0xc8:
        return this.#extension(this.#unsigned(2), false);
      case 0xc9:
        return this.#extension(this.#unsigned(4), false);
      case 0xca:
        return this.#fill(4).getFloat32(0);
      case 0xcb:
        return this.#fill(8).getFloat64(0);
      case 0xcc:
        return this.#unsigned(1);
      case 0xcd:
        return this.#unsigned(2);
      case 0xce:
        return this.#unsigned(4);
      case 0xcf:
        // Beyond 2^53 the nearest number, as JSON would have it.
        return this.#unsigned(4) * TWO_POW_32 + this.#unsigned(4);
      case 0xd0:
        return (this.#unsigned(1) << 24) >> 24;
      case 0xd1:
        return (this.#unsigned(2) << 16) >> 16;
      case 0xd2:
        return this.#unsigned(4) | 0;
      case 0xd3:
        return readSigned64(this, this.#take(8));
      case 0xd4:
      case 0xd5:
      case 0xd6:
      case 0xd7:
      case 0xd8:
        return this.#extension(1 << (code - 0xd4), true);
      case 0xd9:
        return this.#text(this.#unsigned(1));
      case 0xda:
        return this.#text(this.#unsigned(2));
      case 0xdb:
        return this.#text(this.#unsigned(4));
      case 0xdc:
        return this.#array(this.#unsigned(2), depth + 1);
      case 0xdd:
        return this.#array(this.#unsigned(4), depth + 1);
      case 0xde:
        return this.#map(this.#unsigned(2), depth + 1);
      case 0xdf:
        return this.#map(this.#unsigned(4), depth + 1);
      default:
        throw invalid();
    }
  }

  #array(length: number, depth: number): unknown[] {
    this.#descend(length, depth);
    const array: unknown[] = [];
    for (let i = 0; i < length; i++) {
      array.push(this.value(depth));
    }
    return array;
  }

  #map(size: number, depth: number): Record<string, unknown> {
    this.#descend(size * 2, depth);
    const map: Record<string, unknown> = {};
    for (let i = 0; i < size; i++) {
      const name = this.name();
      const value = this.value(depth);
      if (name === "__proto__") {
        Object.defineProperty(map, name, { value, enumerable: true, writable: true, configurable: true });
      } else {
        map[name] = value;
      }
    }
    return map;
  }

  #descend(values: number, depth: number): void {
    if (depth > this.#maxDepth) {
      throw new ParserViolation("TOO_DEEP");
    }
    if (values > this.#bytes.length - this.#at) {
      throw invalid();
    }
  }

  #text(length: number): string {
    const start = this.#take(length);
    return (length <= SHORT_TEXT ? this.#ascii(start, length) : undefined) ?? this.#utf8(start, length);
  }

  #ascii(start: number, length: number): string | undefined {
    const bytes = this.#bytes;
    let text = "";
    for (let i = start; i < start + length; i++) {
      const code = bytes[i]!;
      if (code > 127) {
        return undefined;
      }
      text += String.fromCharCode(code);
    }
    return text;
  }

  #utf8(start: number, length: number): string {
    return utf8.decode(this.#bytes.subarray(start, start + length));
  }

  #shortName(length: number): string {
    const start = this.#take(length);
    const bytes = this.#bytes;
    let hash = length;
    for (let i = start; i < start + length; i++) {
      hash = (hash * 31 + bytes[i]!) | 0;
    }
    const slot = (hash ^ (hash >>> 8)) & (NAMES - 1);
    const known = names[slot];
    if (known !== undefined && known.length === length && this.#equals(known, start)) {
      return known;
    }
    const name = this.#ascii(start, length);
    if (name === undefined) {
      return this.#utf8(start, length);
    }
    names[slot] = name;
    return name;
  }

  #equals(text: string, start: number): boolean {
    for (let i = 0; i < text.length; i++) {
      if (text.charCodeAt(i) !== this.#bytes[start + i]) {
        return false;
      }
    }
    return true;
  }

  #binary(length: number): ArrayBuffer | Uint8Array {
    const start = this.#take(length);
    return this.#asArrayBuffer ? this.#copy(start, length) : this.#bytes.subarray(start, start + length);
  }

  /** @param fixed whether it is a fixext: the type 0 means other things there, see `extensions.ts` */
  #extension(length: number, fixed: boolean): unknown {
    const type = (this.#unsigned(1) << 24) >> 24;
    const start = this.#take(length);
    if (type === EXTENSION_TYPE) {
      if (!fixed) {
        return this.#copy(start, length);
      }
      if (length === 1) {
        return undefined;
      }
      if (length === 8) {
        return new Date(readSigned64(this, start));
      }
    }
    const date = type === TIMESTAMP_TYPE ? readTimestamp(this, start, length) : undefined;
    return date ?? [type, this.#bytes.subarray(start, start + length)];
  }

  #copy(start: number, length: number): ArrayBuffer {
    return new Uint8Array(this.#bytes.subarray(start, start + length)).buffer as ArrayBuffer;
  }

  #byte(): number {
    return this.#bytes[this.#take(1)]!;
  }

  #unsigned(size: 1 | 2 | 4): number {
    const at = this.#take(size);
    const bytes = this.#bytes;
    return size === 1 ? bytes[at]! : size === 2 ? (bytes[at]! << 8) | bytes[at + 1]! : this.unsigned32(at);
  }

  #fill(size: 4 | 8): DataView {
    const at = this.#take(size);
    for (let i = 0; i < size; i++) {
      scratch.setUint8(i, this.#bytes[at + i]!);
    }
    return scratch;
  }

  /** Steps over `size` bytes that must be there, and returns where they begin. */
  #take(size: number): number {
    const at = this.#at;
    this.#at = at + size;
    if (this.#at > this.#bytes.length) {
      throw invalid();
    }
    return at;
  }
}

function invalid(): ParserViolation {
  return new ParserViolation("INVALID_PAYLOAD");
}
