import type { EncodedPacket } from "@sockeye/socketio-parser";
import type { Broadcast, Draft, Envelope, Sockets } from "./envelope.js";
import { ClusterViolation } from "./errors.js";
import { isKnownKind, readFields } from "./fields.js";
import { Handshakes, writeHandshakes } from "./handshakes.js";
import type { NodeId } from "./node-id.js";
import { readSections, type Section, SectionWriter } from "./sections.js";
import { ToldSocket } from "./socket-details.js";
import { parseLowering, stringifyLifting } from "./values.js";

/**
 * An envelope as bytes:
 *
 *     magic (0x5E), version (2), header form (1 byte), 0, number of chunks (2 bytes), sequence (6 bytes), sections
 *     numbers are big endian; section = see `sections.ts`
 *
 * The first section is the header: the envelope's fields as JSON, plain (form 0) or with values of the application in the
 * notation of `values.ts` (form 1). Then come the chunks: of the encoded packet, just as the parser wrote them, if the
 * envelope carries one; the handshakes of the sockets that it tells of, as one chunk (`handshakes.ts`). Then the attachments
 * of the header and of the handshakes. A reader refuses other versions, ignores fields and sections it does not know, and
 * tells unknown kinds from garbage.
 *
 * What differs from one broadcast of a node to the next, its number and its packet, is outside the header: a header that was read
 * once is known when it comes again.
 */
const MAGIC = 0x5e;
const VERSION = 2;
const PLAIN = 0;
const LIFTED = 1;
const PREFIX = 12;
const CHUNKS_AT = 4;
const SEQUENCE_AT = 6;
const TWO_TO_32 = 2 ** 32;

/** A well-formed envelope of a kind that this version does not know. */
export interface UnknownEnvelope {
  readonly kind: "unknown";
}

/** @throws what `JSON.stringify` throws when a value of the application cannot be written down */
export function encodeEnvelope(envelope: Envelope): Uint8Array {
  return encodeDraft(envelope, envelope.origin, envelope.sequence);
}

/**
 * A draft as the envelope of this origin and number.
 *
 * @throws what `JSON.stringify` throws when a value of the application cannot be written down
 */
export function encodeDraft(draft: Draft, origin: NodeId, sequence: number): Uint8Array {
  if (draft.kind === "broadcast" && draft.event === undefined) return encodeRelayed(draft, origin, sequence);
  const attachments: Uint8Array[] = [];
  const [fields, chunks] = draft.kind === "sockets" ? partSockets(draft, attachments) : [draft, []];
  const header = { ...fields, origin, sequence: undefined };
  const form = holdsValues(draft) ? LIFTED : PLAIN;
  const text = form === LIFTED ? stringifyLifting(header, attachments) : JSON.stringify(header);
  const writer = writerOf(form, chunks.length, sequence);
  writer.text(text);
  for (const chunk of chunks) writer.section(chunk);
  for (const attachment of attachments) writer.bytes(attachment);
  return writer.finish();
}

/** A broadcast that holds no value of the application, but its packet. What nodes say most. */
function encodeRelayed(draft: Draft<Broadcast>, origin: NodeId, sequence: number): Uint8Array {
  const { kind, namespace, rooms, except, flags, parser, request, packet = [] } = draft;
  const writer = writerOf(PLAIN, packet.length, sequence);
  writer.text(JSON.stringify({ kind, origin, namespace, rooms, except, flags, parser, request }));
  for (const chunk of packet) writer.section(chunk);
  return writer.finish();
}

function writerOf(form: number, chunks: number, sequence: number): SectionWriter {
  const high = Math.floor(sequence / TWO_TO_32);
  const prefix = [MAGIC, VERSION, form, 0, chunks >> 8, chunks, high >> 8, high];
  prefix.push(sequence >>> 24, sequence >>> 16, sequence >>> 8, sequence);
  return new SectionWriter(prefix);
}

function partSockets(draft: Draft<Sockets>, attachments: Uint8Array[]): [fields: object, chunks: EncodedPacket] {
  const sockets = draft.sockets.map(({ id, rooms, data }) => ({ id, rooms, data }));
  return [{ ...draft, sockets }, [writeHandshakes(draft.sockets, attachments)]];
}

/** Whether the application's own values are among the fields; names of rooms and namespaces are plain text. */
function holdsValues(draft: Draft): boolean {
  return "args" in draft || "sockets" in draft || "event" in draft;
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
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const chunks = view.getUint16(CHUNKS_AT);
  const sequence = view.getUint16(SEQUENCE_AT) * TWO_TO_32 + view.getUint32(SEQUENCE_AT + 2);
  const sections = readSections(bytes, PREFIX);
  const header = sections[0];
  if (typeof header !== "string" || chunks >= sections.length) throw new ClusterViolation("sections are missing");
  const packet = chunks === 0 ? undefined : sections.slice(1, 1 + chunks);
  const known = bytes[2] === PLAIN ? knownBroadcasts.get(header) : undefined;
  if (known !== undefined) return broadcastOf(known, sequence, packet);
  const attachments = sections.slice(1 + chunks).filter((section) => typeof section !== "string");
  const envelope = readHeader(header, bytes[2]!, sequence, attachments);
  if (envelope.kind === "broadcast") {
    if (bytes[2] === PLAIN) remember(header, envelope);
    return broadcastOf(envelope, sequence, packet);
  }
  return envelope.kind === "sockets" ? withHandshakes(envelope, packet?.[0], attachments) : envelope;
}

/** Broadcasts by their headers; of each its last number and no packet. */
const knownBroadcasts = new Map<string, Broadcast>();
const MOST_KNOWN = 1024;
/** One with many rooms is read each time. */
const LONGEST_KNOWN = 512;

function remember(header: string, broadcast: Broadcast): void {
  if (header.length > LONGEST_KNOWN || broadcast.event !== undefined) return;
  if (knownBroadcasts.size >= MOST_KNOWN) knownBroadcasts.clear();
  knownBroadcasts.set(header, broadcast);
}

function broadcastOf(header: Broadcast, sequence: number, packet: EncodedPacket | undefined): Broadcast {
  const { kind, origin, namespace, rooms, except, flags, parser, event, request } = header;
  return { kind, origin, sequence, namespace, rooms, except, flags, packet, parser, event, request };
}

function readHeader(
  header: string,
  form: number,
  sequence: number,
  attachments: readonly Uint8Array[],
): Envelope | UnknownEnvelope {
  const fields = parseHeader(header, form, attachments);
  if (!isKnownKind(fields.kind)) return { kind: "unknown" };
  const envelope = readFields(fields.kind, fields, sequence);
  if (typeof envelope === "string") throw new ClusterViolation(`bad ${envelope} in ${fields.kind}`);
  return envelope;
}

function withHandshakes(envelope: Sockets, text: Section | undefined, attachments: readonly Uint8Array[]): Sockets {
  if (typeof text !== "string") throw new ClusterViolation("handshakes are missing");
  const handshakes = new Handshakes(text, attachments);
  return { ...envelope, sockets: envelope.sockets.map((socket, index) => new ToldSocket(socket, handshakes, index)) };
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
