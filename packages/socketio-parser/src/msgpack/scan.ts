import { ParserViolation } from "../errors.js";

/** An extension value: where it stands, and what it says of itself. */
export interface Extension {
  /** Offset of its first byte. */
  readonly start: number;
  /** Offset of its content. */
  readonly content: number;
  readonly end: number;
  readonly type: number;
  /** Whether it was written in one of the five short forms, which the official codec tells from the others. */
  readonly fixed: boolean;
}

type Kind = "value" | "sized" | "array" | "map" | "extension" | "fixed extension" | "never used";

/** The codes from 0xc0 to 0xdf: what stands behind each ... */
const KINDS: readonly Kind[] = [
  ...fill(1, "value"), // nil
  ...fill(1, "never used"),
  ...fill(2, "value"), // false, true
  ...fill(3, "sized"), // bin 8, 16, 32
  ...fill(3, "extension"), // ext 8, 16, 32
  ...fill(10, "value"), // float 32, 64, uint 8 to 64, int 8 to 64
  ...fill(5, "fixed extension"), // fixext 1, 2, 4, 8, 16
  ...fill(3, "sized"), // str 8, 16, 32
  ...fill(2, "array"), // array 16, 32
  ...fill(2, "map"), // map 16, 32
];

/** ... and the bytes of the value, of its length, or of the content of the extension. */
const SIZES = [0, 0, 0, 0, 1, 2, 4, 1, 2, 4, 4, 8, 1, 2, 4, 8, 1, 2, 4, 8, 1, 2, 4, 8, 16, 1, 2, 4, 2, 4, 2, 4];

function fill(count: number, kind: Kind): Kind[] {
  return new Array<Kind>(count).fill(kind);
}

/**
 * Walks over MessagePack without making values of it, before a library for trusted input makes them. A length is believed only
 * up to the bytes that are there (a head of five bytes may claim four thousand million elements), depth is counted, names of
 * members are texts or numbers, the one unused code is refused, and the extensions are written down. Linear.
 * https://github.com/msgpack/msgpack/blob/master/spec.md
 */
export class Scanner {
  readonly #bytes: Uint8Array;
  readonly #maxDepth: number;
  /** `undefined` until there is one. */
  extensions: Extension[] | undefined = undefined;
  at = 0;

  constructor(bytes: Uint8Array, maxDepth: number) {
    this.#bytes = bytes;
    this.#maxDepth = maxDepth;
  }

  get isAtEnd(): boolean {
    return this.at === this.#bytes.length;
  }

  /** Number of members of the map that must stand here. */
  mapHead(): number {
    const code = this.#number(1);
    if ((code & 0xf0) === 0x80) {
      return code & 0x0f;
    }
    return this.#long(code, 0xde);
  }

  /** Number of elements of the array that must stand here. */
  arrayHead(): number {
    const code = this.#number(1);
    if ((code & 0xf0) === 0x90) {
      return code & 0x0f;
    }
    return this.#long(code, 0xdc);
  }

  /** Steps over one value. */
  skip(depth = 0): void {
    const code = this.#number(1);
    if (code < 0x80 || code >= 0xe0) {
      return;
    }
    if (code >= 0xc0) {
      this.#skipCoded(code, depth);
    } else if (code >= 0xa0) {
      this.#step(code & 0x1f);
    } else if (code >= 0x90) {
      this.#skipMembers(code & 0x0f, false, depth + 1);
    } else {
      this.#skipMembers(code & 0x0f, true, depth + 1);
    }
  }

  #skipCoded(code: number, depth: number): void {
    const size = SIZES[code - 0xc0]!;
    switch (KINDS[code - 0xc0]) {
      case "value":
        this.#step(size);
        break;
      case "sized":
        this.#step(this.#number(size));
        break;
      case "array":
        this.#skipMembers(this.#number(size), false, depth + 1);
        break;
      case "map":
        this.#skipMembers(this.#number(size), true, depth + 1);
        break;
      case "extension":
        this.#noteExtension(this.at - 1, this.#number(size), false);
        break;
      case "fixed extension":
        this.#noteExtension(this.at - 1, size, true);
        break;
      default:
        throw new ParserViolation("INVALID_PAYLOAD");
    }
  }

  #skipMembers(count: number, named: boolean, depth: number): void {
    if (depth > this.#maxDepth) {
      throw new ParserViolation("TOO_DEEP");
    }
    if (count > this.#bytes.length - this.at) {
      throw new ParserViolation("INVALID_PAYLOAD");
    }
    for (let i = 0; i < count; i++) {
      if (named) {
        this.#skipName();
      }
      this.skip(depth);
    }
  }

  #skipName(): void {
    const code = this.#bytes[this.at] ?? 0xc1;
    const isText = (code >= 0xa0 && code < 0xc0) || (code >= 0xd9 && code <= 0xdb);
    const isNumber = code < 0x80 || code >= 0xe0 || (code >= 0xca && code <= 0xd3);
    if (!isText && !isNumber) {
      throw new ParserViolation("INVALID_PAYLOAD");
    }
    this.skip();
  }

  #noteExtension(start: number, length: number, fixed: boolean): void {
    const type = (this.#number(1) << 24) >> 24;
    const content = this.at;
    this.#step(length);
    this.extensions ??= [];
    this.extensions.push({ start, content, end: this.at, type, fixed });
  }

  #long(code: number, code16: number): number {
    if (code === code16) {
      return this.#number(2);
    }
    if (code === code16 + 1) {
      return this.#number(4);
    }
    throw new ParserViolation("INVALID_PAYLOAD");
  }

  #number(size: number): number {
    const at = this.at;
    this.#step(size);
    let value = 0;
    for (let i = at; i < at + size; i++) {
      value = value * 256 + this.#bytes[i]!;
    }
    return value;
  }

  #step(length: number): void {
    this.at += length;
    if (this.at > this.#bytes.length) {
      throw new ParserViolation("INVALID_PAYLOAD");
    }
  }
}
