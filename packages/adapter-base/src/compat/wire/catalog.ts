import { ClusterViolation } from "../../cluster/errors.js";
import type { BroadcastFlags } from "../../contract.js";
import type { Decoded, WireCommand, WireMembership, WireMessage, WireReply } from "./contract.js";
import { asCount, asEvent, asFlags, asList, asMembers, asRooms, asSockets, asText } from "./shapes.js";

/** Messages of the incumbent's cluster adapters as the objects that they are made of, and back. */
export interface CatalogMessage {
  readonly type: number;
  readonly data?: unknown;
  readonly uid: string;
  readonly nsp: string;
}

/** Under this name emitters, which are no members, sign what they send. */
export const EMITTER = "emitter";

export const CATALOG = {
  hello: 1,
  heartbeat: 2,
  broadcast: 3,
  join: 4,
  leave: 5,
  disconnect: 6,
  fetch: 7,
  sockets: 8,
  "server-side-emit": 9,
  answer: 10,
  "client-count": 11,
  ack: 12,
  goodbye: 13,
} as const satisfies Record<WireMessage["kind"], number>;

type Kind = WireMessage["kind"];
type Of<K extends Kind> = Extract<WireMessage, { kind: K }>;

const KINDS: ReadonlyMap<unknown, Kind> = new Map(Object.entries(CATALOG).map(([kind, type]) => [type, kind as Kind]));

export function toCatalog(message: WireMessage): CatalogMessage {
  const data = dataOf(message);
  const envelope = { uid: message.origin, nsp: message.namespace };
  const type = CATALOG[message.kind];
  return data === undefined ? { type, ...envelope } : { type, data, ...envelope };
}

/** The `data` of a message; some buses move it by itself. */
export function dataOf(message: WireMessage): unknown {
  switch (message.kind) {
    case "broadcast": {
      const packet = { type: 2, data: message.event };
      return message.request === undefined
        ? { packet, opts: optionsOf(message) }
        : { packet, requestId: message.request, opts: optionsOf(message) };
    }
    case "join":
    case "leave":
      return { opts: optionsOf(message), rooms: message.target };
    case "disconnect":
      return { opts: optionsOf(message), close: message.close };
    case "fetch":
      return { opts: optionsOf(message), requestId: message.request };
    case "sockets":
      return { requestId: message.request, sockets: message.sockets };
    case "server-side-emit":
      return message.request === undefined
        ? { packet: message.args }
        : { requestId: message.request, packet: message.args };
    case "answer":
    case "ack":
      return { requestId: message.request, packet: message.args[0] };
    case "client-count":
      return { requestId: message.request, clientCount: message.count };
    default:
      return undefined;
  }
}

/** The incumbent reads `flags` of every selection without asking whether there are any. */
function optionsOf(selecting: Extract<WireCommand, { rooms: unknown }>): object {
  const flags: BroadcastFlags = selecting.kind === "broadcast" ? selecting.flags : {};
  return { rooms: selecting.rooms, except: selecting.except, flags };
}

/**
 * Never throws. `namespace` is that of the channel the message came on, if channels have one: it is used where the message
 * names none, and a message for another namespace is `unknown`.
 */
export function fromCatalog(value: unknown, namespace?: string): Decoded {
  try {
    const { type, data, uid, nsp = namespace } = asMembers(value, "message");
    const kind = KINDS.get(type);
    if (kind === undefined || (namespace !== undefined && nsp !== namespace)) return { kind: "unknown" };
    return readData(kind, { kind, origin: asText(uid, "uid"), namespace: asText(nsp, "nsp") }, data);
  } catch (thrown) {
    return asViolation(thrown);
  }
}

export function asViolation(thrown: unknown): ClusterViolation {
  return thrown instanceof ClusterViolation ? thrown : new ClusterViolation("malformed message", { cause: thrown });
}

function readData(kind: Kind, head: { kind: Kind; origin: string; namespace: string }, data: unknown): WireMessage {
  const read = READERS[kind];
  if (read === undefined) return head as WireMembership;
  return { ...head, ...read(asMembers(data, `data of ${kind}`)) } as WireMessage;
}

type Fields<K extends Kind> = Omit<Of<K>, "kind" | "origin" | "namespace">;
type Data = Readonly<Record<string, unknown>>;

const READERS: { readonly [K in WireCommand["kind"] | WireReply["kind"]]: (data: Data) => Fields<K> } & {
  readonly [K in WireMembership["kind"]]?: undefined;
} = {
  broadcast: ({ opts, packet, requestId }) => ({
    ...readOptions(opts),
    flags: asFlags(asMembers(opts, "opts").flags),
    event: asEvent(asMembers(packet, "packet").data, "packet"),
    request: requestId === undefined ? undefined : asText(requestId, "requestId"),
  }),
  join: ({ opts, rooms }) => ({ ...readOptions(opts), target: asRooms(rooms, "rooms") }),
  leave: ({ opts, rooms }) => ({ ...readOptions(opts), target: asRooms(rooms, "rooms") }),
  disconnect: ({ opts, close }) => ({ ...readOptions(opts), close: close === true }),
  fetch: ({ opts, requestId }) => ({ ...readOptions(opts), request: asText(requestId, "requestId") }),
  sockets: ({ requestId, sockets }) => ({
    request: asText(requestId, "requestId"),
    sockets: asSockets(sockets, "sockets"),
  }),
  "server-side-emit": ({ packet, requestId }) => ({
    args: asList(packet, "packet"),
    request: requestId === undefined ? undefined : asText(requestId, "requestId"),
  }),
  answer: ({ requestId, packet }) => ({ request: asText(requestId, "requestId"), args: [packet] }),
  "client-count": ({ requestId, clientCount }) => ({
    request: asText(requestId, "requestId"),
    count: asCount(clientCount, "clientCount"),
  }),
  ack: ({ requestId, packet }) => ({ request: asText(requestId, "requestId"), args: [packet] }),
};

/** Rooms and exceptions of a selection. Emitters leave out what is empty. */
export function readOptions(value: unknown): { rooms: ReturnType<typeof asRooms>; except: ReturnType<typeof asRooms> } {
  const { rooms = [], except = [] } = asMembers(value, "opts");
  return { rooms: asRooms(rooms, "rooms"), except: asRooms(except, "except") };
}
