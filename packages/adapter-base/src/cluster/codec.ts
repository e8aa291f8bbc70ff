import type { EncodedPacket } from "@sockeye/socketio-parser";
import type { Envelope, Sockets } from "./envelope.js";
import { ClusterViolation } from "./errors.js";
import { isKnownKind, readFields } from "./fields.js";
import { Handshakes, writeHandshakes } from "./handshakes.js";
import { readSections, type Section, SectionWriter } from "./sections.js";
import { ToldSocket } from "./socket-details.js";
import { parseLowering, stringifyLifting } from "./values.js";

/**
 * An envelope as bytes:
 *
 *     magic (0x5E), version (1), header form (1 byte), 0, number of chunks (2 bytes, big endian), sections
 *     section = see `sections.ts`
 *
 * The first section is the header: the envelope's fields as JSON, plain (form 0) or with values of the application in the
 * notation of `values.ts` (form 1). Then come the chunks: of the encoded packet, just as the parser wrote them, if the
 * envelope carries one; the handshakes of the sockets that it tells of, as one chunk (`handshakes.ts`). Then the attachments
 * of the header and of the handshakes. A reader refuses other versions, ignores fields and sections it does not know, and
 * tells unknown kinds from garbage.
 */
const MAGIC = 0x5e;
const VERSION = 1;
const PLAIN = 0;
const LIFTED = 1;
const PREFIX = 6;

/** A well-formed envelope of a kind that this version does not know. */
export interface UnknownEnvelope {
  readonly kind: "unknown";
}

/** @throws what `JSON.stringify` throws when a value of the application cannot be written down */
export function encodeEnvelope(envelope: Envelope): Uint8Array {
  const attachments: Uint8Array[] = [];
  const [fields, chunks] = envelope.kind === "sockets" ? partSockets(envelope, attachments) : partPacket(envelope);
  const form = holdsValues(envelope) ? LIFTED : PLAIN;
  const header = form === LIFTED ? stringifyLifting(fields, attachments) : JSON.stringify(fields);
  const writer = new SectionWriter([MAGIC, VERSION, form, 0, chunks.length >> 8, chunks.length & 255]);
  writer.text(header);
  for (const chunk of chunks) writer.section(chunk);
  for (const attachment of attachments) writer.bytes(attachment);
  return writer.finish();
}

function partPacket(envelope: Envelope): [fields: object, chunks: EncodedPacket] {
  const { packet = [], ...fields } = envelope as Envelope & { packet?: EncodedPacket };
  return [fields, packet];
}

function partSockets(envelope: Sockets, attachments: Uint8Array[]): [fields: object, chunks: EncodedPacket] {
  const sockets = envelope.sockets.map(({ id, rooms, data }) => ({ id, rooms, data }));
  return [{ ...envelope, sockets }, [writeHandshakes(envelope.sockets, attachments)]];
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
  const [header, ...rest] = readSections(bytes, PREFIX);
  if (typeof header !== "string" || chunks > rest.length) throw new ClusterViolation("sections are missing");
  const attachments = rest.slice(chunks).filter((section) => typeof section !== "string");
  const fields = parseHeader(header, bytes[2]!, attachments);
  if (!isKnownKind(fields.kind)) return { kind: "unknown" };
  const envelope = readFields(fields.kind, chunks === 0 ? fields : { ...fields, packet: rest.slice(0, chunks) });
  if (typeof envelope === "string") throw new ClusterViolation(`bad ${envelope} in ${fields.kind}`);
  return envelope.kind === "sockets" ? withHandshakes(envelope, rest[0], attachments) : envelope;
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
