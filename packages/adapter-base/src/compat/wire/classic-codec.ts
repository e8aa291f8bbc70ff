import { unpackValue } from "@sockeye/socketio-parser/msgpack";
import { asViolation, EMITTER, readOptions } from "./catalog.js";
import type { Decoded, WireCommand, WireReply } from "./contract.js";
import { asCount, asEvent, asFlags, asList, asMembers, asRooms, asSockets, asText } from "./shapes.js";
import { fromTextOrPacked, packed, textOrPacked } from "./text-or-packed.js";

/**
 * What the incumbent's first Redis adapter and its emitter say over pub/sub: broadcasts as MessagePack arrays, requests and
 * responses as JSON or, where an event is in them, MessagePack. Responses do not tell who responds.
 */
export const REQUEST = {
  sockets: 0,
  allRooms: 1,
  join: 2,
  leave: 3,
  disconnect: 4,
  fetch: 5,
  serverSideEmit: 6,
  broadcast: 7,
  clientCount: 8,
  ack: 9,
} as const;

/** A MessagePack library in place of the default one: the incumbent's option `parser`. */
export interface ClassicParser {
  encode(value: unknown): Uint8Array;
  decode(bytes: Uint8Array): unknown;
}

const DEFAULT_PARSER: ClassicParser = { encode: packed, decode: unpackValue };

/** Older nodes ask for names only. */
export interface ListRequest {
  readonly kind: "list";
  readonly what: "sockets" | "rooms";
  /** Of `sockets`: of which rooms; empty: all. */
  readonly rooms: ReturnType<typeof asRooms>;
  readonly request: string;
  readonly origin: string;
}

/** The answer to a {@link ListRequest}. */
export interface List {
  readonly kind: "list-answer";
  readonly request: string;
  readonly names: readonly string[];
}

type Broadcast = Extract<WireCommand, { kind: "broadcast" }>;
type Requesting = Exclude<WireCommand, { kind: "broadcast" }>;

export class ClassicCodec {
  readonly #parser: ClassicParser;

  constructor(parser: ClassicParser = DEFAULT_PARSER) {
    this.#parser = parser;
  }

  /** A broadcast without acknowledgements, for the channel of its namespace or room. */
  encodeBroadcast(message: Broadcast): Uint8Array {
    return this.#parser.encode([message.origin, packetOf(message), optionsOf(message)]);
  }

  /** Everything else that is asked of the others, for the request channel. */
  encodeRequest(message: WireCommand): string | Uint8Array {
    if (message.kind !== "broadcast") return this.#textOrPacked(requestOf(message));
    return this.#parser.encode({
      uid: message.origin,
      requestId: message.request,
      type: REQUEST.broadcast,
      packet: packetOf(message),
      opts: optionsOf(message),
    });
  }

  encodeResponse(message: WireReply): string | Uint8Array {
    const requestId = message.request;
    switch (message.kind) {
      case "sockets":
        return this.#textOrPacked({ requestId, sockets: message.sockets });
      case "client-count":
        return JSON.stringify({ type: REQUEST.clientCount, requestId, clientCount: message.count });
      case "ack":
        return this.#parser.encode({ type: REQUEST.ack, requestId, packet: message.args[0] });
      case "answer":
        return this.#textOrPacked({ type: REQUEST.serverSideEmit, requestId, data: message.args[0] });
    }
  }

  encodeListRequest({ what, rooms, request, origin }: ListRequest): string {
    const type = what === "rooms" ? REQUEST.allRooms : REQUEST.sockets;
    return JSON.stringify({ uid: origin, requestId: request, type, rooms });
  }

  encodeList({ what, request }: ListRequest, names: readonly string[]): string {
    return JSON.stringify({ requestId: request, [what]: names });
  }

  /** Never throws. */
  decodeBroadcast(body: Uint8Array, namespace: string): Decoded {
    try {
      const [uid, packet, options] = asList(this.#parser.decode(body), "broadcast");
      const { data, nsp = "/" } = asMembers(packet, "packet");
      if (nsp !== namespace) return { kind: "unknown" };
      return {
        kind: "broadcast",
        origin: asText(uid, "uid"),
        namespace,
        ...readOptions(options),
        flags: asFlags(asMembers(options, "opts").flags),
        event: asEvent(data, "packet"),
        request: undefined,
      };
    } catch (thrown) {
      return asViolation(thrown);
    }
  }

  /** Never throws. */
  decodeRequest(body: string | Uint8Array, namespace: string): Decoded | ListRequest {
    try {
      return readRequest(asMembers(this.#read(body), "request"), namespace);
    } catch (thrown) {
      return asViolation(thrown);
    }
  }

  /** Never throws. */
  decodeResponse(body: string | Uint8Array, namespace: string): Decoded | List {
    try {
      return readResponse(asMembers(this.#read(body), "response"), namespace);
    } catch (thrown) {
      return asViolation(thrown);
    }
  }

  /** The incumbent's own requests are JSON whatever is in them; it reads MessagePack too, in which bytes stay bytes. */
  #textOrPacked(value: object): string | Uint8Array {
    const body = textOrPacked(value);
    return typeof body === "string" ? body : this.#parser.encode(value);
  }

  #read(body: string | Uint8Array): unknown {
    const isText = typeof body === "string" || body[0] === 0x7b;
    return isText ? fromTextOrPacked(body) : this.#parser.decode(body);
  }
}

function packetOf({ event, namespace }: Broadcast): object {
  return { type: 2, data: event, nsp: namespace };
}

function optionsOf({ rooms, except, flags }: Broadcast): object {
  return { rooms, except, flags };
}

function requestOf(message: Requesting): object {
  const uid = message.origin;
  if (message.kind === "server-side-emit") {
    return { uid, requestId: message.request, type: REQUEST.serverSideEmit, data: message.args };
  }
  const opts = { rooms: message.rooms, except: message.except };
  switch (message.kind) {
    case "join":
      return { uid, type: REQUEST.join, opts, rooms: message.target };
    case "leave":
      return { uid, type: REQUEST.leave, opts, rooms: message.target };
    case "disconnect":
      return { uid, type: REQUEST.disconnect, opts, close: message.close };
    case "fetch":
      return { uid, requestId: message.request, type: REQUEST.fetch, opts };
  }
}

type Members = Readonly<Record<string, unknown>>;

function readRequest(request: Members, namespace: string): Decoded | ListRequest {
  const { type, data, packet, close, rooms } = request;
  // Emitters sign events only.
  const head = { origin: asText(request.uid ?? EMITTER, "uid"), namespace };
  const requestId = () => asText(request.requestId, "requestId");
  switch (type) {
    case REQUEST.sockets:
      return { kind: "list", what: "sockets", rooms: asRooms(rooms ?? [], "rooms"), request: requestId(), ...head };
    case REQUEST.allRooms:
      return { kind: "list", what: "rooms", rooms: [], request: requestId(), ...head };
    case REQUEST.join:
      return { kind: "join", ...head, ...selectionOf(request), target: targetOf(request) };
    case REQUEST.leave:
      return { kind: "leave", ...head, ...selectionOf(request), target: targetOf(request) };
    case REQUEST.disconnect:
      return { kind: "disconnect", ...head, ...selectionOf(request), close: close === true };
    case REQUEST.fetch:
      return { kind: "fetch", ...head, ...selectionOf(request), request: requestId() };
    case REQUEST.serverSideEmit: {
      const asked = request.requestId === undefined ? undefined : requestId();
      return { kind: "server-side-emit", ...head, args: asList(data, "data"), request: asked };
    }
    case REQUEST.broadcast:
      return {
        kind: "broadcast",
        ...head,
        ...selectionOf(request),
        flags: asFlags(asMembers(request.opts, "opts").flags),
        event: asEvent(asMembers(packet, "packet").data, "packet"),
        request: requestId(),
      };
    default:
      return { kind: "unknown" };
  }
}

/** A request for one socket, as nodes before version 6 sent it, names its id. */
function selectionOf({ sid, opts }: Members): ReturnType<typeof readOptions> {
  return sid === undefined ? readOptions(opts) : { rooms: [asText(sid, "sid")], except: [] };
}

function targetOf({ sid, room, rooms }: Members): ReturnType<typeof asRooms> {
  return asRooms(sid === undefined ? rooms : [room], "rooms");
}

function readResponse(response: Members, namespace: string): Decoded | List {
  const head = { origin: "", namespace, request: asText(response.requestId, "requestId") };
  switch (response.type) {
    case REQUEST.clientCount:
      return { kind: "client-count", ...head, count: asCount(response.clientCount, "clientCount") };
    case REQUEST.ack:
      return { kind: "ack", ...head, args: [response.packet] };
    case REQUEST.serverSideEmit:
      return { kind: "answer", ...head, args: [response.data] };
  }
  if (response.rooms !== undefined) return listOf(head.request, response.rooms);
  if (response.sockets === undefined) return { kind: "unknown" };
  const sockets = asList(response.sockets, "sockets");
  if (typeof sockets[0] === "string") return listOf(head.request, sockets);
  return { kind: "sockets", ...head, sockets: asSockets(sockets, "sockets") };
}

function listOf(request: string, names: unknown): List {
  return { kind: "list-answer", request, names: asRooms(names, "names") };
}
