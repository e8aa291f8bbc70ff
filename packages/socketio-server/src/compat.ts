import { ADAPTER_HOST, type AdapterHost } from "@sockeye/adapter-base";
import type { EngineServer, EngineSocket } from "@sockeye/engine-server";
import type { EncodedPacket, EventPacket, Packet } from "@sockeye/socketio-parser";
import type { AckTable } from "./acks.js";
import { ACKS, ANSWER_TO, DISPATCH, LEFT, NOTE_OUTGOING } from "./ports.js";

/**
 * Names outside the documented API that frameworks, admin tools and third-party adapters reach for on the incumbent's
 * objects. They are legacy: kept working here, at the edge, by ordinary accessors over what our classes offer; nothing of
 * ours uses them.
 */

interface AnyServer {
  readonly namespaces: ReadonlyMap<string, unknown>;
  readonly engine: EngineServer;
}

interface AnyNamespace {
  ackIds: number;
  readonly chain: readonly unknown[];
  readonly [ADAPTER_HOST]: AdapterHost;
}

interface AnySocket {
  readonly id: string;
  readonly nsp: { readonly name: string; readonly adapter: { delAll(id: string): void } };
  readonly client: AnyConnection;
  [DISPATCH](packet: EventPacket): void;
  [ANSWER_TO](id: number): unknown;
  [ACKS](): AckTable;
  [LEFT](reason: string, details?: unknown): void;
  [NOTE_OUTGOING](data: readonly unknown[]): void;
}

interface AnyConnection {
  readonly conn: EngineSocket;
  send(packet: Packet, flags?: object): void;
  write(encoded: EncodedPacket, flags: object): void;
  disconnect(): void;
  onData(data: string): void;
}

interface Prototype {
  readonly prototype: object;
}

/** Adds the names to the classes' prototypes, not enumerable and without types. */
export function addLegacyNames(
  server: Prototype,
  namespace: Prototype,
  socket: Prototype,
  connection: Prototype,
): void {
  define<AnyServer>(server, {
    _nsps: { get: (io) => io.namespaces },
    eio: { get: (io) => io.engine },
  });
  define<AnyNamespace>(namespace, {
    _ids: { get: (nsp) => nsp.ackIds, set: (nsp, next) => void Object.assign(nsp, { ackIds: next }) },
    _fns: { get: (nsp) => nsp.chain },
    _onServerSideEmit: { call: (nsp, args) => nsp[ADAPTER_HOST].onServerSideEmit(args as unknown[]) },
  });
  define<AnySocket>(socket, {
    acks: { get: (s) => s[ACKS]().entries },
    leaveAll: { call: (s) => s.nsp.adapter.delAll(s.id) },
    packet: { call: (s, packet, flags) => sendPacket(s, packet, flags as object | undefined) },
    notifyOutgoingListeners: { call: (s, packet) => s[NOTE_OUTGOING]((packet as { data: unknown[] }).data) },
    // Catch-all listeners of before there were any put a function of their own in its place.
    onevent: { get: (s) => s[DISPATCH], set: (s, handle) => void Object.assign(s, { [DISPATCH]: handle }) },
    ack: { call: (s, id) => s[ANSWER_TO](id as number) },
    _onclose: { call: (s, reason, details) => s[LEFT](reason as string, details) },
  });
  define<AnyConnection>(connection, {
    id: { get: (c) => c.conn.id },
    writeToEngine: { call: (c, encoded, flags) => c.write(asList(encoded), (flags as object | undefined) ?? {}) },
    _disconnect: { call: (c) => c.disconnect() },
    ondata: { call: (c, data) => c.onData(data as string) },
  });
}

/** Adapters of 2021 and before hand over what they have encoded. */
function sendPacket({ client, nsp }: AnySocket, packet: unknown, flags: { preEncoded?: boolean } = {}): void {
  if (flags.preEncoded) client.write(asList(packet), flags);
  else client.send({ ...(packet as Packet), nsp: nsp.name }, flags);
}

/** An accessor, or a method. */
interface LegacyName<Target> {
  readonly get?: (target: Target) => unknown;
  readonly set?: (target: Target, value: unknown) => void;
  readonly call?: (target: Target, ...args: unknown[]) => unknown;
}

function define<Target>(type: Prototype, names: Record<string, LegacyName<Target>>): void {
  for (const [name, { get, set, call }] of Object.entries(names)) {
    const how: PropertyDescriptor =
      call === undefined
        ? {
            get(this: Target) {
              return get?.(this);
            },
            set(this: Target, value: unknown) {
              set?.(this, value);
            },
          }
        : {
            writable: true,
            value(this: Target, ...args: unknown[]) {
              return call(this, ...args);
            },
          };
    Object.defineProperty(type.prototype, name, { ...how, configurable: true, enumerable: false });
  }
}

function asList(encoded: unknown): EncodedPacket {
  return (Array.isArray(encoded) ? encoded : [encoded]) as EncodedPacket;
}
