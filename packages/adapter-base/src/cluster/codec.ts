import type { EncodedPacket } from "@sockeye/socketio-parser";
import type { Envelope } from "./envelope.js";
import { ClusterViolation } from "./errors.js";
import { isKnownKind, readFields } from "./fields.js";
import { parseLowering, stringifyLifting } from "./values.js";

/**
 * An envelope as bytes:
 *
 *     magic (0x5E), version (1), number of chunks (2 bytes, big endian), sections
 *     section = type (1 byte: 0 text, 1 bytes), length (4 bytes, big endian), content
 *
 * The first section is the header: the envelope's fields as JSON. Then come the chunks of the encoded packet, just as the
 * parser wrote them, if the envelope carries one; then the attachments of the header itself (`values.ts`). A reader refuses
 * other versions, ignores fields and sections it does not know, and tells unknown kinds from garbage.
 */
const MAGIC = 0x5e;
const VERSION = 1;
const TEXT = 0;
const BYTES = 1;
const PREFIX = 4;
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
  const chunks = packet ?? [];
  const attachments: Uint8Array[] = [];
  const header = stringifyLifting(fields, attachments);
  const bytes = join([header, ...chunks, ...attachments].map(toSection));
  new DataView(bytes.buffer).setUint16(2, chunks.length);
  return bytes;
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
  const chunks = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint16(2);
  const [header, ...rest] = split(bytes);
  if (typeof header !== "string" || chunks > rest.length) throw new ClusterViolation("sections are missing");
  const attachments = rest.slice(chunks).filter((section) => typeof section !== "string");
  const fields = parseLowering(header, attachments) as Readonly<Record<string, unknown>>;
  if (!isKnownKind(fields.kind)) return { kind: "unknown" };
  const envelope = readFields(fields.kind, chunks === 0 ? fields : { ...fields, packet: rest.slice(0, chunks) });
  if (typeof envelope === "string") throw new ClusterViolation(`bad ${envelope} in ${fields.kind}`);
  return envelope;
}

function join(sections: readonly { readonly type: number; readonly content: Uint8Array }[]): Uint8Array {
  const size = sections.reduce((sum, { content }) => sum + SECTION_HEAD + content.byteLength, PREFIX);
  const bytes = new Uint8Array(size);
  const view = new DataView(bytes.buffer);
  bytes[0] = MAGIC;
  bytes[1] = VERSION;
  let at = PREFIX;
  for (const { type, content } of sections) {
    bytes[at] = type;
    view.setUint32(at + 1, content.byteLength);
    bytes.set(content, at + SECTION_HEAD);
    at += SECTION_HEAD + content.byteLength;
  }
  return bytes;
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

function toSection(chunk: EncodedPacket[number]): { type: number; content: Uint8Array } {
  if (typeof chunk === "string") return { type: TEXT, content: encoder.encode(chunk) };
  if (chunk instanceof ArrayBuffer) return { type: BYTES, content: new Uint8Array(chunk) };
  return { type: BYTES, content: new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength) };
}
