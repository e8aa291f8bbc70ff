import type { Envelope, RemoteSocketDetails } from "./envelope.js";
import type { NodeId } from "./node-id.js";

type Check = (value: unknown) => boolean;
type Kind = Envelope["kind"];

const isString: Check = (value) => typeof value === "string";
const isBoolean: Check = (value) => typeof value === "boolean";
const isCount: Check = (value) => Number.isSafeInteger(value) && (value as number) >= 0;
const isArray: Check = Array.isArray;
const isStrings: Check = (value) => Array.isArray(value) && value.every(isString);
/** Applications in plain JavaScript use numbers for names of rooms. */
const isRooms: Check = (value) =>
  Array.isArray(value) && value.every((room) => isString(room) || Number.isFinite(room));
const isRecord: Check = (value) => typeof value === "object" && value !== null && !Array.isArray(value);
const optional =
  (check: Check): Check =>
  (value) =>
    value === undefined || check(value);
const isSockets: Check = (value) => Array.isArray(value) && value.every(isSocketDetails);

function isSocketDetails(value: unknown): value is RemoteSocketDetails {
  const { id, rooms } = isRecord(value) ? (value as RemoteSocketDetails) : {};
  return isString(id) && isRooms(rooms);
}

const inNamespace = { namespace: isString };
const selecting = { ...inNamespace, rooms: isRooms, except: isRooms };
const replying = { ...inNamespace, request: isString };

/**
 * The fields of each kind of envelope that stand in its header; node, number and packet do not. What is not listed is ignored, what does
 * not pass is a violation.
 */
export const FIELDS: { readonly [K in Kind]: Readonly<Record<string, Check>> } = {
  hello: { namespaces: isStrings, version: isCount, parser: isString, partitions: isCount, ask: isBoolean },
  namespace: { name: isString, open: isBoolean, version: isCount },
  heartbeat: { version: isCount },
  goodbye: {},
  broadcast: {
    ...selecting,
    flags: isRecord,
    parser: optional(isString),
    event: optional(isArray),
    request: optional(isString),
  },
  join: { ...selecting, target: isRooms },
  leave: { ...selecting, target: isRooms },
  disconnect: { ...selecting, close: isBoolean },
  fetch: { ...selecting, request: isString },
  "server-side-emit": { ...inNamespace, args: isArray, request: optional(isString) },
  "hand-over": { ...inNamespace, request: isString, pid: isString },
  sockets: { ...replying, sockets: isSockets },
  "client-count": { ...replying, count: isCount },
  ack: { ...replying, args: isArray },
  gone: replying,
  answer: { ...replying, args: isArray },
  "handed-over": replying,
};

export function isKnownKind(kind: unknown): kind is Kind {
  return typeof kind === "string" && Object.hasOwn(FIELDS, kind);
}

/** The envelope that a decoded header holds, with its known fields alone; the name of a bad field otherwise. */
export function readFields(
  kind: Kind,
  header: Readonly<Record<string, unknown>>,
  origin: NodeId,
  sequence: number,
): Envelope | string {
  const envelope: Record<string, unknown> = { kind, origin, sequence };
  for (const [name, check] of Object.entries(FIELDS[kind])) {
    const value = Object.hasOwn(header, name) ? header[name] : undefined;
    if (!check(value)) return name;
    if (value !== undefined) envelope[name] = value;
  }
  return envelope as unknown as Envelope;
}
