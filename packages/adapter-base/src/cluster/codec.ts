import type { EncodedPacket } from "@sockeye/socketio-parser";
import { optionsOf } from "./commands.js";
import type { Broadcast, Draft, Envelope, Sockets } from "./envelope.js";
import { ClusterViolation } from "./errors.js";
import { isKnownKind, readFields } from "./fields.js";
import { Handshakes, writeHandshakes } from "./handshakes.js";
import { type NodeId, nodeOf, numbersOf } from "./node-id.js";
import { readSections, readUint32, type Section, SectionWriter, writeUint32 } from "./sections.js";
import { ToldSocket } from "./socket-details.js";
import { parseLowering, stringifyLifting } from "./values.js";

/**
 * An envelope as bytes:
 *
 *     magic (0x5E), version (3), header form (1 byte), 0, number of chunks (2 bytes), sequence (6 bytes), origin (8 bytes), sections
 *     numbers are big endian; section = see `sections.ts`
 *
 * The first section is the header: the envelope's other fields as JSON, plain (form 0) or with values of the application in the
 * notation of `values.ts` (form 1). Then come the chunks: of the encoded packet, just as the parser wrote them, if the
 * envelope carries one; the handshakes of the sockets that it tells of, as one chunk (`handshakes.ts`). Then the attachments
 * of the header and of the handshakes. A reader refuses other versions, ignores fields and sections it does not know, and
 * tells unknown kinds from garbage.
 *
 * What differs from one broadcast to the next, its node, number and packet, is outside the header: a header that was read or
 * written once is known when it comes again. A node's own envelopes can be told by their first bytes ({@link isFrom}).
 */
const MAGIC = 0x5e;
const VERSION = 3;
const PLAIN = 0;
const LIFTED = 1;
const PREFIX = 20;
const CHUNKS_AT = 4;
const SEQUENCE_AT = 6;
const ORIGIN_AT = 12;
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
  const header = { ...fields, origin: undefined, sequence: undefined };
  const form = holdsValues(draft) ? LIFTED : PLAIN;
  const text = form === LIFTED ? stringifyLifting(header, attachments) : JSON.stringify(header);
  const writer = new SectionWriter(numbered(prefixOf(form, origin), chunks.length, sequence));
  writer.text(text);
  for (const chunk of chunks) writer.section(chunk);
  for (const attachment of attachments) writer.bytes(attachment);
  return writer.finish();
}

/** A broadcast that holds no value of the application, but its packet. What nodes say most. */
function encodeRelayed(draft: Draft<Broadcast>, origin: NodeId, sequence: number): Uint8Array {
  const { packet = [] } = draft;
  const writer = new SectionWriter(numbered(headOf(draft, origin), packet.length, sequence));
  for (let i = 0; i < packet.length; i++) writer.section(packet[i]!);
  return writer.finish();
}

/** What broadcasts of a node to everybody in a namespace begin with: that of the one that was written last. */
const toEverybody = { origin: "", namespace: "", parser: undefined as string | undefined, head: new Uint8Array(0) };

/** Prefix and header, without the numbers of this one. */
function headOf(draft: Draft<Broadcast>, origin: NodeId): Uint8Array {
  const { kind, namespace, rooms, except, flags, parser, request } = draft;
  const isPlain = rooms.length === 0 && except.length === 0 && request === undefined && Object.keys(flags).length === 0;
  const isKnown = namespace === toEverybody.namespace && parser === toEverybody.parser && origin === toEverybody.origin;
  if (isPlain && isKnown) return toEverybody.head;
  const writer = new SectionWriter(prefixOf(PLAIN, origin));
  writer.text(JSON.stringify({ kind, namespace, rooms, except, flags, parser, request }));
  const head = writer.finish();
  if (isPlain) Object.assign(toEverybody, { origin, namespace, parser, head });
  return head;
}

/** The first bytes of an envelope; its numbers are missing. */
function prefixOf(form: number, origin: NodeId): Uint8Array {
  const prefix = new Uint8Array(PREFIX);
  prefix[0] = MAGIC;
  prefix[1] = VERSION;
  prefix[2] = form;
  const { high, low } = numbersOf(origin);
  writeUint32(prefix, ORIGIN_AT, high);
  writeUint32(prefix, ORIGIN_AT + 4, low);
  return prefix;
}

/** The same first bytes, with the numbers of this envelope in their places. */
function numbered(head: Uint8Array, chunks: number, sequence: number): Uint8Array {
  writeUint16(head, CHUNKS_AT, chunks);
  writeUint16(head, SEQUENCE_AT, Math.floor(sequence / TWO_TO_32));
  writeUint32(head, SEQUENCE_AT + 2, sequence);
  return head;
}

function writeUint16(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >> 8;
  bytes[at + 1] = value;
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

/** Whether this node said it, as far as the first bytes tell; it may be no envelope all the same. */
export function isFrom(bytes: Uint8Array, node: NodeId): boolean {
  const { high, low } = numbersOf(node);
  return readUint32(bytes, ORIGIN_AT) === high && readUint32(bytes, ORIGIN_AT + 4) === low;
}

function read(bytes: Uint8Array): Envelope | UnknownEnvelope {
  if (bytes[0] !== MAGIC || bytes[1] !== VERSION) throw new ClusterViolation("not an envelope of this version");
  const chunks = readUint16(bytes, CHUNKS_AT);
  const sequence = readUint16(bytes, SEQUENCE_AT) * TWO_TO_32 + readUint32(bytes, SEQUENCE_AT + 2);
  const sections = readSections(bytes, PREFIX);
  const header = sections[0];
  if (typeof header !== "string" || chunks >= sections.length) throw new ClusterViolation("sections are missing");
  const origin = nodeOf(readUint32(bytes, ORIGIN_AT), readUint32(bytes, ORIGIN_AT + 4));
  const packet = chunks === 0 ? undefined : sections.slice(1, 1 + chunks);
  const known = bytes[2] === PLAIN ? knownBroadcasts.get(header) : undefined;
  if (known !== undefined) return broadcastOf(known, origin, sequence, packet);
  const attachments = sections.slice(1 + chunks).filter((section) => typeof section !== "string");
  const envelope = readHeader(header, bytes[2]!, origin, sequence, attachments);
  if (envelope.kind === "broadcast") {
    const broadcast = { ...envelope, whom: optionsOf(envelope, envelope.flags) };
    if (bytes[2] === PLAIN) remember(header, broadcast);
    return broadcastOf(broadcast, origin, sequence, packet);
  }
  return envelope.kind === "sockets" ? withHandshakes(envelope, packet?.[0], attachments) : envelope;
}

function readUint16(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 8) + bytes[at + 1]!;
}

/** Broadcasts by their headers; node, number and packet are those of the first one. */
const knownBroadcasts = new Map<string, Broadcast>();
const MOST_KNOWN = 1024;
/** One with many rooms is read each time. */
const LONGEST_KNOWN = 512;

function remember(header: string, broadcast: Broadcast): void {
  if (header.length > LONGEST_KNOWN || broadcast.event !== undefined) return;
  if (knownBroadcasts.size >= MOST_KNOWN) knownBroadcasts.clear();
  knownBroadcasts.set(header, broadcast);
}

function broadcastOf(
  header: Broadcast,
  origin: NodeId,
  sequence: number,
  packet: EncodedPacket | undefined,
): Broadcast {
  const { kind, namespace, rooms, except, flags, whom, parser, event, request } = header;
  return { kind, origin, sequence, namespace, rooms, except, flags, whom, packet, parser, event, request };
}

function readHeader(
  header: string,
  form: number,
  origin: NodeId,
  sequence: number,
  attachments: readonly Uint8Array[],
): Envelope | UnknownEnvelope {
  const fields = parseHeader(header, form, attachments);
  if (!isKnownKind(fields.kind)) return { kind: "unknown" };
  const envelope = readFields(fields.kind, fields, origin, sequence);
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
