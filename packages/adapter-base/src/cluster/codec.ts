import type { EncodedPacket } from "@sockeye/socketio-parser";
import type { Envelope } from "./envelope.js";
import { ClusterViolation } from "./errors.js";
import { isKnownKind, readFields } from "./fields.js";
import { parseLowering, stringifyLifting } from "./values.js";

/**
 * An envelope as bytes:
 *
 *     magic (0x5E), version (1), header form (1 byte), 0, number of chunks (2 bytes, big endian), sections
 *     section = type (1 byte: 0 text, 1 bytes), length (4 bytes, big endian), content
 *
 * The first section is the header: the envelope's fields as JSON, plain (form 0) or with values of the application in the
 * notation of `values.ts` (form 1). Then come the chunks of the encoded packet, just as the parser wrote them, if the
 * envelope carries one; then the attachments of the header itself. A reader refuses other versions, ignores fields and
 * sections it does not know, and tells unknown kinds from garbage.
 */
const MAGIC = 0x5e;
const VERSION = 1;
const TEXT = 0;
const BYTES = 1;
const PLAIN = 0;
const LIFTED = 1;
const PREFIX = 6;
const SECTION_HEAD = 5;

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** A well-formed envelope of a kind that this version does not know. */
export interface UnknownEnvelope {
  readonly kind: "unknown";
}

type Section = string | Uint8Array;

/** @throws what `JSON.stringify` throws when a value of the application cannot be written down */
export function encodeEnvelope(envelope: Envelope): Uint8Array {
  const { packet, ...fields } = envelope as Envelope & { packet?: EncodedPacket };
  const attachments: Uint8Array[] = [];
  const form = holdsValues(envelope) ? LIFTED : PLAIN;
  const header = form === LIFTED ? stringifyLifting(fields, attachments) : JSON.stringify(fields);
  const chunks = packet ?? [];
  const writer = new Writer(form, chunks.length);
  writer.text(header);
  for (const chunk of chunks) {
    if (typeof chunk === "string") writer.text(chunk);
    else writer.bytes(chunk);
  }
  for (const attachment of attachments) writer.bytes(attachment);
  return writer.finish();
}

/** Whether the application's own values are among the fields; names of rooms and namespaces are plain text. */
function holdsValues(envelope: Envelope): boolean {
  return "args" in envelope || "sockets" in envelope || "event" in envelope;
}

/** Never throws: what is not an envelope comes back as a violation. */
export function decodeEnvelope(bytes: Uint8Array): Envelope | UnknownEnvelope | ClusterViolation {
  try {
    return read(bytes);
  } catch (thrown) {
    return thrown instanceof ClusterViolation ? thrown : new ClusterViolation("malformed envelope", { cause: thrown });
  }
}

function read(bytes: Uint8Array): Envelope | UnknownEnvelope {
  if (bytes[0] !== MAGIC || bytes[1] !== VERSION) throw new ClusterViolation("not an envelope of this version");
  const chunks = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint16(4);
  const [header, ...rest] = split(bytes);
  if (typeof header !== "string" || chunks > rest.length) throw new ClusterViolation("sections are missing");
  const attachments = rest.slice(chunks).filter((section) => typeof section !== "string");
  const fields = parseHeader(header, bytes[2]!, attachments);
  if (!isKnownKind(fields.kind)) return { kind: "unknown" };
  const envelope = readFields(fields.kind, chunks === 0 ? fields : { ...fields, packet: rest.slice(0, chunks) });
  if (typeof envelope === "string") throw new ClusterViolation(`bad ${envelope} in ${fields.kind}`);
  return envelope;
}

function parseHeader(
  header: string,
  form: number,
  attachments: readonly Uint8Array[],
): Readonly<Record<string, unknown>> {
  const fields: unknown = form === LIFTED ? parseLowering(header, attachments) : JSON.parse(header);
  if (typeof fields !== "object" || fields === null) throw new ClusterViolation("the header is no object");
  return fields as Readonly<Record<string, unknown>>;
}

/** Envelopes are put together here and copied out; it grows with the largest one, up to a limit. */
let scratch = new Uint8Array(4096);
const MAX_SCRATCH = 1024 * 1024;

class Writer {
  #buffer = scratch;
  #at = PREFIX;

  constructor(form: number, chunks: number) {
    this.#buffer.set([MAGIC, VERSION, form, 0, chunks >> 8, chunks & 255]);
  }

  text(content: string): void {
    // One UTF-16 unit takes three bytes of UTF-8 at most.
    this.#reserve(content.length * 3);
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

function split(bytes: Uint8Array): Section[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const sections: Section[] = [];
  let at = PREFIX;
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
