import { ClusterViolation } from "./errors.js";

/** Texts and bytes, one behind the other: section = type (1 byte: 0 text, 1 bytes), length (4 bytes, big endian), content. */
export type Section = string | Uint8Array;

const TEXT = 0;
const BYTES = 1;
const SECTION_HEAD = 5;
const LONG = 64 * 1024;

const { Buffer: NodeBuffer } = globalThis as { Buffer?: typeof Buffer };

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Node writes text straight to where it belongs; elsewhere that takes a view of the place. */
class Memory {
  readonly bytes: Uint8Array;
  readonly #node: Buffer | undefined;

  constructor(size: number) {
    this.bytes = new Uint8Array(size);
    this.#node = NodeBuffer?.from(this.bytes.buffer);
  }

  /** Returns the length in bytes; there must be room. */
  write(text: string, at: number): number {
    return this.#node === undefined
      ? encoder.encodeInto(text, this.bytes.subarray(at)).written
      : this.#node.write(text, at);
  }
}

/** Texts and bytes are put together here and copied out; it grows with the largest one, up to a limit. */
let scratch = new Memory(4096);
const MAX_SCRATCH = 1024 * 1024;

/** One is to be finished before the next one is begun. */
export class SectionWriter {
  #memory = scratch;
  #at = 0;

  /** @param head what stands before the sections that are written: a prefix, perhaps with sections that were written before */
  constructor(head: Uint8Array) {
    this.#reserve(head.byteLength);
    this.#memory.bytes.set(head);
    this.#at = head.byteLength;
  }

  section(content: string | ArrayBuffer | ArrayBufferView): void {
    if (typeof content === "string") this.text(content);
    else this.bytes(content);
  }

  text(content: string): void {
    this.#reserve(bound(content));
    this.#close(TEXT, this.#memory.write(content, this.#at + SECTION_HEAD));
  }

  bytes(content: ArrayBuffer | ArrayBufferView): void {
    this.#reserve(content.byteLength);
    const view = ArrayBuffer.isView(content)
      ? new Uint8Array(content.buffer, content.byteOffset, content.byteLength)
      : new Uint8Array(content);
    this.#memory.bytes.set(view, this.#at + SECTION_HEAD);
    this.#close(BYTES, content.byteLength);
  }

  finish(): Uint8Array {
    if (this.#memory.bytes.byteLength <= MAX_SCRATCH) scratch = this.#memory;
    return this.#memory.bytes.slice(0, this.#at);
  }

  /** Writes the head of the section whose content stands behind it. */
  #close(type: number, length: number): void {
    const { bytes } = this.#memory;
    bytes[this.#at] = type;
    writeUint32(bytes, this.#at + 1, length);
    this.#at += SECTION_HEAD + length;
  }

  #reserve(length: number): void {
    const { bytes } = this.#memory;
    const needed = this.#at + SECTION_HEAD + length;
    if (needed <= bytes.byteLength) return;
    const larger = new Memory(Math.max(needed, 2 * bytes.byteLength));
    larger.bytes.set(bytes.subarray(0, this.#at));
    this.#memory = larger;
  }
}

/** No fewer bytes than a text takes: three for a UTF-16 unit, unless it is so long that counting costs less than the room. */
function bound(text: string): number {
  return text.length < LONG || NodeBuffer === undefined ? text.length * 3 : NodeBuffer.byteLength(text);
}

/**
 * The sections behind a prefix of this length; bytes are views.
 *
 * @throws ClusterViolation when they are malformed, TypeError when a text is no UTF-8
 */
export function readSections(bytes: Uint8Array, prefix: number): Section[] {
  const sections: Section[] = [];
  let at = prefix;
  while (at < bytes.byteLength) {
    const type = bytes[at]!;
    const from = at + SECTION_HEAD;
    const end = from + readUint32(bytes, at + 1);
    // A head that is cut off makes its end no number.
    if (type > BYTES || !(end <= bytes.byteLength)) throw new ClusterViolation("bad section");
    const content = bytes.subarray(from, end);
    sections.push(type === TEXT ? decoder.decode(content) : content);
    at = end;
  }
  return sections;
}

/** Big endian. NaN behind the end. */
export function readUint32(bytes: Uint8Array, at: number): number {
  return bytes[at]! * 2 ** 24 + (bytes[at + 1]! << 16) + (bytes[at + 2]! << 8) + bytes[at + 3]!;
}

/** Big endian. */
export function writeUint32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 24;
  bytes[at + 1] = value >>> 16;
  bytes[at + 2] = value >>> 8;
  bytes[at + 3] = value;
}
