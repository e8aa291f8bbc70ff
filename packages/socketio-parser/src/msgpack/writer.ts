/** Where packets are written, one behind the other: each is handed out as its part of a chunk, not copied. */
const CHUNK = 8 * 1024;

/** How deep the short way goes. */
const QUICK_DEPTH = 64;

/** Texts up to this length are written here, byte by byte; a call of the platform costs more. */
const SHORT = 40;

/** The most that a number, or the head of a text, list or map, takes. */
const HEAD = 9;

/** The most bytes of UTF-8 that one unit of a text becomes. */
const UNIT = 3;

interface Chunk extends Uint8Array {
  write?(text: string, at: number): number;
}

/** In browsers there is none. */
const { Buffer: NodeBuffer } = globalThis as unknown as {
  Buffer?: { allocUnsafeSlow(size: number): Chunk; byteLength(text: string): number };
};

const NOTHING: Chunk = new Uint8Array(0);

/**
 * The short way from a value to bytes, in one pass: what nearly all packets consist of, in the forms that msgpackr writes.
 * At the first doubt (a `toJSON`, an object of a class, bytes other than a `Uint8Array`, a function, great depth or a cycle) the
 * thorough way begins anew.
 */
export class Writer {
  /** Absent in Node, which does without, and in old versions of React Native: there, msgpackr writes what is long or not ASCII. */
  readonly #encoder = NodeBuffer || typeof TextEncoder === "undefined" ? undefined : new TextEncoder();
  readonly #number = new DataView(new ArrayBuffer(8));
  readonly #takesUndefined: boolean;
  #bytes = NOTHING;
  /** Where the packet begins that is being written; -1 between packets. */
  #start = -1;
  #at = 0;

  /** @param undefinedIs `itself`: it is written as the official extension; `unsure`: it is left to others */
  constructor(undefinedIs: "itself" | "unsure" = "itself") {
    this.#takesUndefined = undefinedIs === "itself";
  }

  /** The value as bytes, or `undefined` for what it leaves to others. */
  write(value: unknown): Uint8Array | undefined {
    if (this.#start >= 0) {
      // A getter in a payload sends something itself.
      return undefined;
    }
    this.#start = this.#at;
    let sure = false;
    try {
      sure = this.#value(value, 0);
      return sure ? this.#handOut() : undefined;
    } finally {
      if (!sure) {
        this.#at = this.#start;
      }
      this.#start = -1;
    }
  }

  /** What is large had a chunk to itself, and does not hold more than twice its size. */
  #handOut(): Uint8Array {
    const chunk = this.#bytes;
    const packet = chunk.subarray(this.#start, this.#at);
    if (chunk.length <= CHUNK) {
      return packet;
    }
    this.#bytes = NOTHING;
    this.#at = 0;
    return packet.length * 2 >= chunk.length ? packet : copyOf(packet);
  }

  #value(value: unknown, depth: number): boolean {
    switch (typeof value) {
      case "string":
        return this.#text(value);
      case "number":
        return this.#numeric(value);
      case "boolean":
        return this.#byte(value ? 0xc3 : 0xc2);
      case "undefined":
        return this.#takesUndefined && this.#word(0xd4, 0, 2);
      case "object":
        return value === null ? this.#byte(0xc0) : this.#object(value, depth);
      default:
        return false;
    }
  }

  #object(value: object, depth: number): boolean {
    if (depth > QUICK_DEPTH) {
      return false;
    }
    if (Array.isArray(value)) {
      return this.#array(value, depth + 1);
    }
    const prototype = Object.getPrototypeOf(value);
    if (prototype === Object.prototype || prototype === null) {
      return this.#map(value as Record<string, unknown>, depth + 1);
    }
    return value instanceof Uint8Array && this.#binary(value);
  }

  #array(array: readonly unknown[], depth: number): boolean {
    const { length } = array;
    this.#head(length, 16, 0x90, 0xdc);
    for (let i = 0; i < length; i++) {
      if (!this.#value(array[i], depth)) {
        return false;
      }
    }
    return true;
  }

  #map(map: Record<string, unknown>, depth: number): boolean {
    const names = Object.keys(map);
    this.#head(names.length, 16, 0x80, 0xde);
    for (let i = 0; i < names.length; i++) {
      const name = names[i]!;
      if (!this.#text(name) || !this.#value(map[name], depth)) {
        return false;
      }
    }
    return true;
  }

  /** A list's or map's: `short` while it is few, else 16 or 32 bits behind `long`. */
  #head(count: number, few: number, short: number, long: number): boolean {
    if (count < few) {
      return this.#byte(short | count);
    }
    return count < 0x1_0000 ? this.#word(long, count, 2) : this.#word(long + 1, count, 4);
  }

  #binary(content: Uint8Array): boolean {
    const { length } = content;
    this.#room(HEAD + length);
    if (length < 0x100) {
      this.#word(0xc4, length, 1);
    } else if (length < 0x1_0000) {
      this.#word(0xc5, length, 2);
    } else {
      this.#word(0xc6, length, 4);
    }
    this.#bytes.set(content, this.#at);
    this.#at += length;
    return true;
  }

  #text(text: string): boolean {
    const { length } = text;
    this.#room(HEAD + boundOf(text));
    if (length > SHORT) {
      return this.#longText(text);
    }
    const bytes = this.#bytes;
    let at = this.#at;
    if (length < 32) {
      bytes[at++] = 0xa0 | length;
    } else {
      bytes[at++] = 0xd9;
      bytes[at++] = length;
    }
    for (let i = 0; i < length; i++) {
      const code = text.charCodeAt(i);
      if (code >= 0x80) {
        return this.#longText(text);
      }
      bytes[at++] = code;
    }
    this.#at = at;
    return true;
  }

  /** By the platform, behind the head that it has if it is ASCII. */
  #longText(text: string): boolean {
    const from = this.#at + headOfText(text.length);
    const length = this.#utf8(text, from);
    if (length === undefined) {
      return false;
    }
    const head = headOfText(length);
    const at = this.#at;
    if (at + head !== from) {
      this.#bytes.copyWithin(at + head, from, from + length);
    }
    if (head === 1) {
      this.#byte(0xa0 | length);
    } else {
      this.#word(head === 2 ? 0xd9 : head === 3 ? 0xda : 0xdb, length, head - 1);
    }
    this.#at = at + head + length;
    return true;
  }

  #utf8(text: string, at: number): number | undefined {
    const bytes = this.#bytes;
    return bytes.write === undefined
      ? this.#encoder?.encodeInto(text, bytes.subarray(at)).written
      : bytes.write(text, at);
  }

  #numeric(value: number): boolean {
    if (value >>> 0 === value) {
      return this.#positive(value);
    }
    if (value >> 0 === value) {
      return this.#negative(value);
    }
    this.#room(HEAD);
    const bytes = this.#bytes;
    this.#number.setFloat64(0, value);
    bytes[this.#at++] = 0xcb;
    for (let i = 0; i < 8; i++) {
      bytes[this.#at++] = this.#number.getUint8(i);
    }
    return true;
  }

  #positive(value: number): boolean {
    if (value < 0x80) {
      return this.#byte(value);
    }
    if (value < 0x100) {
      return this.#word(0xcc, value, 1);
    }
    return value < 0x1_0000 ? this.#word(0xcd, value, 2) : this.#word(0xce, value, 4);
  }

  #negative(value: number): boolean {
    if (value >= -0x20) {
      return this.#byte(value & 0xff);
    }
    if (value >= -0x80) {
      return this.#word(0xd0, value, 1);
    }
    return value >= -0x8000 ? this.#word(0xd1, value, 2) : this.#word(0xd2, value, 4);
  }

  #byte(byte: number): true {
    this.#room(1);
    this.#bytes[this.#at++] = byte;
    return true;
  }

  /** A code, and a whole number of some bytes behind it. */
  #word(code: number, value: number, size: number): true {
    this.#room(HEAD);
    const bytes = this.#bytes;
    let at = this.#at;
    bytes[at++] = code;
    for (let shift = (size - 1) * 8; shift >= 0; shift -= 8) {
      bytes[at++] = value >>> shift;
    }
    this.#at = at;
    return true;
  }

  /** Room for more bytes, in a new chunk when this one ends; what the packet has so far comes along. */
  #room(length: number): void {
    if (this.#at + length <= this.#bytes.length) {
      return;
    }
    const written = this.#bytes.subarray(this.#start, this.#at);
    const needed = written.length + length;
    const chunk = chunkOf(needed <= CHUNK ? CHUNK : needed + (needed >> 1));
    chunk.set(written);
    this.#bytes = chunk;
    this.#start = 0;
    this.#at = written.length;
  }
}

function chunkOf(size: number): Chunk {
  return NodeBuffer === undefined ? new Uint8Array(size) : NodeBuffer.allocUnsafeSlow(size);
}

function copyOf(bytes: Uint8Array): Uint8Array {
  const copy = chunkOf(bytes.length);
  copy.set(bytes);
  return copy;
}

/** No fewer bytes than a text takes. A long one is counted, where the platform can: that costs less than the room for the worst. */
function boundOf(text: string): number {
  return text.length < CHUNK || NodeBuffer === undefined ? text.length * UNIT : NodeBuffer.byteLength(text);
}

/** Bytes before a text of so many bytes. */
function headOfText(length: number): number {
  if (length < 32) {
    return 1;
  }
  if (length < 0x100) {
    return 2;
  }
  return length < 0x1_0000 ? 3 : 5;
}
