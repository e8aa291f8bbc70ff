/** What a {@link Reader} says of bytes that it leaves to others. No value of MessagePack is it. */
export const UNSURE: unique symbol = Symbol("unsure");

type Container = Record<string, unknown>;

const NOTHING: Uint8Array = new Uint8Array(0);

/** Names and texts up to this length are made here, byte by byte; a call of the platform costs more. */
const SHORT = 12;

/** Names that came before, by a few of their bytes: a text that is known need not be made. A power of two. */
const SLOTS = 512;

/** In browsers there is none. */
const { Buffer: NodeBuffer } = globalThis as unknown as { Buffer?: abstract new () => Slicing };

interface Slicing {
  toString(encoding?: "utf8", from?: number, to?: number): string;
}

/**
 * The short way from bytes to a value: reads and checks at once what nearly all packets consist of. At the first doubt (an
 * extension, a length that the bytes do not bear out, too much depth, an unusual name) it is unsure, and the thorough way
 * begins anew: it names the error, or has an answer after all. Linear; what it allocates is bounded by the bytes it has read.
 */
export class Reader {
  readonly #names = new Array<string>(SLOTS).fill("");
  readonly #scratch = new DataView(new ArrayBuffer(8));
  /** Absent in React Native: there, msgpackr reads what is not ASCII. */
  readonly #decoder = typeof TextDecoder === "undefined" ? undefined : new TextDecoder("utf-8", { ignoreBOM: true });
  #bytes = NOTHING;
  /** Behind the end once there is a doubt. */
  #at = 0;
  #end = 0;
  #maxDepth = 0;

  /** The one value that `bytes` are, or {@link UNSURE}. Bytes in it are views of `bytes`. */
  read(bytes: Uint8Array, maxDepth: number): unknown {
    this.#bytes = bytes;
    this.#at = 0;
    this.#end = bytes.length;
    this.#maxDepth = maxDepth;
    const value = this.#value(0);
    this.#bytes = NOTHING;
    return this.#at === this.#end ? value : UNSURE;
  }

  #value(depth: number): unknown {
    if (this.#at >= this.#end) {
      return this.#doubt();
    }
    const code = this.#bytes[this.#at++]!;
    if (code < 0x80) {
      return code;
    }
    if (code >= 0xe0) {
      return code - 256;
    }
    if (code >= 0xc0) {
      return this.#coded(code, depth);
    }
    if (code >= 0xa0) {
      return this.#text(code & 0x1f);
    }
    return code >= 0x90 ? this.#array(code & 0x0f, depth + 1) : this.#map(code & 0x0f, depth + 1);
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
      case 0xc5:
      case 0xc6:
        return this.#binary(this.#unsigned(1 << (code - 0xc4)));
      case 0xca:
        return this.#float(4);
      case 0xcb:
        return this.#float(8);
      case 0xcc:
      case 0xcd:
      case 0xce:
      case 0xcf:
        return this.#unsigned(1 << (code - 0xcc));
      case 0xd0:
        return (this.#unsigned(1) << 24) >> 24;
      case 0xd1:
        return (this.#unsigned(2) << 16) >> 16;
      case 0xd2:
        return this.#unsigned(4) | 0;
      case 0xd9:
      case 0xda:
      case 0xdb:
        return this.#text(this.#unsigned(1 << (code - 0xd9)));
      case 0xdc:
      case 0xdd:
        return this.#array(this.#unsigned(2 << (code - 0xdc)), depth + 1);
      case 0xde:
      case 0xdf:
        return this.#map(this.#unsigned(2 << (code - 0xde)), depth + 1);
      default:
        return this.#doubt();
    }
  }

  #array(count: number, depth: number): unknown {
    if (depth > this.#maxDepth || count > this.#end - this.#at) {
      return this.#doubt();
    }
    // Grows with what is read, not with what is claimed.
    const array: unknown[] = [];
    for (let i = 0; i < count && this.#at <= this.#end; i++) {
      array.push(this.#value(depth));
    }
    return array;
  }

  #map(count: number, depth: number): unknown {
    if (depth > this.#maxDepth || count > this.#end - this.#at) {
      return this.#doubt();
    }
    const map: Container = {};
    for (let i = 0; i < count; i++) {
      const name = this.#name();
      if (this.#at > this.#end) {
        return undefined;
      }
      map[name] = this.#value(depth);
    }
    return map;
  }

  /** Names are short texts. */
  #name(): string {
    const at = this.#at;
    const length = (this.#bytes[at] ?? 0) - 0xa0;
    if (length <= 0 || length > 31 || at + length >= this.#end) {
      return this.#doubt();
    }
    this.#at = at + 1;
    const slot = (this.#bytes[at + 1]! * 5 + this.#bytes[at + length]! * 11 + length * 31) & (SLOTS - 1);
    const known = this.#names[slot]!;
    if (this.#stands(known, length)) {
      this.#at += length;
      return known;
    }
    const name = this.#text(length);
    if (name === "__proto__") {
      return this.#doubt();
    }
    this.#names[slot] = name;
    return name;
  }

  /** Whether a text of ASCII is what comes next. */
  #stands(known: string, length: number): boolean {
    if (known.length !== length) {
      return false;
    }
    for (let i = 0, at = this.#at; i < length; i++, at++) {
      if (known.charCodeAt(i) !== this.#bytes[at] || this.#bytes[at]! >= 0x80) {
        return false;
      }
    }
    return true;
  }

  #text(length: number): string {
    const from = this.#at;
    if (!this.#step(length)) {
      return "";
    }
    let text = "";
    for (let at = from; at < this.#at; at++) {
      const code = this.#bytes[at]!;
      if (length > SHORT || code >= 0x80) {
        return this.#utf8(from, this.#at);
      }
      text += String.fromCharCode(code);
    }
    return text;
  }

  #utf8(from: number, to: number): string {
    const bytes = this.#bytes;
    if (NodeBuffer !== undefined && bytes instanceof NodeBuffer) return (bytes as Slicing).toString("utf8", from, to);
    return this.#decoder === undefined ? this.#doubt() : this.#decoder.decode(bytes.subarray(from, to));
  }

  #binary(length: number): Uint8Array {
    const from = this.#at;
    return this.#step(length) ? this.#bytes.subarray(from, this.#at) : NOTHING;
  }

  #unsigned(size: number): number {
    const from = this.#at;
    let value = 0;
    if (this.#step(size)) {
      for (let at = from; at < from + size; at++) {
        value = value * 256 + this.#bytes[at]!;
      }
    }
    return value;
  }

  #float(size: 4 | 8): number {
    const from = this.#at;
    if (!this.#step(size)) {
      return 0;
    }
    for (let i = 0; i < size; i++) {
      this.#scratch.setUint8(i, this.#bytes[from + i]!);
    }
    return size === 4 ? this.#scratch.getFloat32(0) : this.#scratch.getFloat64(0);
  }

  /** Steps over bytes that are to be read; `false` where they are not there. */
  #step(length: number): boolean {
    if (length > this.#end - this.#at) {
      this.#doubt();
      return false;
    }
    this.#at += length;
    return true;
  }

  #doubt(): never {
    this.#at = this.#end + 1;
    return undefined as never;
  }
}
