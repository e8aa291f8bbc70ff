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

/** Texts and bytes are put together here and copied out; it grows with the largest one, up to a limit. */
let scratch = new Uint8Array(4096);
const MAX_SCRATCH = 1024 * 1024;

export class SectionWriter {
  #buffer = scratch;
  #at: number;

  /** What stands before the sections. */
  constructor(prefix: readonly number[]) {
    this.#buffer.set(prefix);
    this.#at = prefix.length;
  }

  section(content: string | ArrayBuffer | ArrayBufferView): void {
    if (typeof content === "string") this.text(content);
    else this.bytes(content);
  }

  text(content: string): void {
    this.#reserve(bound(content));
    const { written } = encoder.encodeInto(content, this.#buffer.subarray(this.#at + SECTION_HEAD));
    this.#close(TEXT, written);
  }

  bytes(content: ArrayBuffer | ArrayBufferView): void {
    this.#reserve(content.byteLength);
    const view = ArrayBuffer.isView(content)
      ? new Uint8Array(content.buffer, content.byteOffset, content.byteLength)
      : new Uint8Array(content);
    this.#buffer.set(view, this.#at + SECTION_HEAD);
    this.#close(BYTES, content.byteLength);
  }

  finish(): Uint8Array {
    if (this.#buffer.byteLength <= MAX_SCRATCH) scratch = this.#buffer;
    return this.#buffer.slice(0, this.#at);
  }

  /** Writes the head of the section whose content stands behind it. */
  #close(type: number, length: number): void {
    const buffer = this.#buffer;
    const at = this.#at;
    buffer[at] = type;
    buffer[at + 1] = length >>> 24;
    buffer[at + 2] = length >>> 16;
    buffer[at + 3] = length >>> 8;
    buffer[at + 4] = length;
    this.#at = at + SECTION_HEAD + length;
  }

  #reserve(length: number): void {
    const needed = this.#at + SECTION_HEAD + length;
    if (needed <= this.#buffer.byteLength) return;
    const larger = new Uint8Array(Math.max(needed, 2 * this.#buffer.byteLength));
    larger.set(this.#buffer.subarray(0, this.#at));
    this.#buffer = larger;
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
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const sections: Section[] = [];
  let at = prefix;
  while (at < bytes.byteLength) {
    const type = view.getUint8(at);
    const end = at + SECTION_HEAD + view.getUint32(at + 1);
    if (type > BYTES || end > bytes.byteLength) throw new ClusterViolation("bad section");
    const content = bytes.subarray(at + SECTION_HEAD, end);
    sections.push(type === TEXT ? decoder.decode(content) : content);
    at = end;
  }
  return sections;
}
