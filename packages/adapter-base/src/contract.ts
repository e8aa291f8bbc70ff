import type { EncodedPacket, EventPacket } from "@sockeye/socketio-parser";
import type { Room, SocketId } from "./names.js";
import type { RecoveryLog } from "./recovery/contract.js";

/**
 * The adapter contract. An adapter keeps the rooms of one namespace and carries broadcasts: to the sockets of this
 * process through its {@link AdapterHost}, to other processes by whatever it likes. The {@link Adapter} shape is that of
 * the Socket.IO ecosystem, so adapters written for the incumbent's server run on ours and ours run on theirs; what goes
 * beyond it is marked "capability" and looked for on the object itself.
 */

export type { Room, SocketId } from "./names.js";

export interface BroadcastFlags {
  /** May be dropped for a recipient that is not ready to take it. */
  volatile?: boolean;
  /** `false`: do not compress. */
  compress?: boolean;
  /** Only to sockets of this process. */
  local?: boolean;
  /** Set by `socket.broadcast`; the sender's id is then among `except`. */
  broadcast?: boolean;
  /** Milliseconds to wait for acknowledgements, or for other nodes' answers. */
  timeout?: number;
  /** One response is expected, not a list (an emit to a RemoteSocket). */
  expectSingleResponse?: boolean;
}

/** Whom an operation concerns. */
export interface BroadcastOptions {
  /** Union of rooms; empty: every socket of the namespace. */
  rooms: Set<Room>;
  /** Wins over `rooms`. */
  except?: Set<Room>;
  flags?: BroadcastFlags;
}

/** An EVENT on its way out, before an adapter or host fills in namespace and acknowledgement id. */
export interface OutgoingEvent {
  readonly type: EventPacket["type"];
  data: readonly [event: string | number, ...args: unknown[]];
  nsp?: string;
  id?: number;
}

/** What `fetchSockets` reports of a socket, and `RemoteSocket` wraps. Local sockets are returned as themselves. */
export interface SocketDetails {
  readonly id: SocketId;
  readonly handshake: unknown;
  readonly rooms: ReadonlySet<Room>;
  readonly data: unknown;
}

/** What an adapter may do with one socket of this process. */
export interface HostSocket extends SocketDetails {
  join(rooms: Room | Room[]): void | Promise<void>;
  leave(room: Room): void | Promise<void>;
  /** `close`: the whole connection, not only this namespace. */
  disconnect(close?: boolean): unknown;
}

/**
 * Recipients of a broadcast on this node. An adapter computes it; the host walks it, or serves it from native topics
 * when `rooms` and `except` fit.
 */
export interface Selection {
  readonly rooms: ReadonlySet<Room>;
  readonly except: ReadonlySet<Room>;
  /** `rooms` and `except` alone do not say who is selected: it has to be walked. */
  readonly walkOnly?: boolean;
  /** Visits each recipient once. MUST NOT allocate per recipient. The visitor MUST NOT change rooms. */
  forEach(visit: (id: SocketId) => void): void;
}

/** One broadcast, encoded once. */
export interface OutgoingBroadcast {
  readonly encoded: EncodedPacket;
  readonly flags: BroadcastFlags;
  /** The packet it was encoded from; absent when it was relayed by another node (decoded only if somebody listens). */
  readonly packet?: OutgoingEvent;
  /** Position in the namespace's recovery log; spliced in as trailing argument for recipients with a session. */
  readonly offset?: string;
}

/** Called as the answers to one acknowledged broadcast come in on this node. */
export interface BroadcastAckSink {
  /** Once, synchronously during the call: how many sockets were written to. */
  onClientCount(count: number): void;
  /** Per answer. */
  onAck(args: unknown[]): void;
  /** Per recipient that left without answering. */
  onGone(): void;
}

/**
 * All that an adapter can reach of the namespace above it. Implemented by socketio-server, and over the incumbent's
 * namespace object by `compat/`.
 */
export interface AdapterHost {
  /** Name of the namespace, with its slash. */
  readonly name: string;
  /** Codec id (`Parser.id`); nodes with equal ids relay encoded packets to each other as they are. */
  readonly parserId: string | undefined;
  /** How connection state recovery was configured; absent: it is off, and an adapter keeps no log. */
  readonly recovery?: RecoverySettings | undefined;

  /** Encodes with the server's parser. Throws what the parser throws. */
  encode(event: OutgoingEvent): EncodedPacket;
  /** Decodes a packet that another node encoded; `undefined` when it is not a valid EVENT. */
  decode(encoded: EncodedPacket): OutgoingEvent | undefined;

  /**
   * Writes one broadcast to the selected sockets of this process, in order with everything else written to them.
   * MUST NOT throw because of one recipient.
   */
  deliver(broadcast: OutgoingBroadcast, selection: Selection): void;
  /** As `deliver`, with an acknowledgement asked of each recipient. The host assigns the id and encodes. */
  deliverWithAck(event: OutgoingEvent, flags: BroadcastFlags, selection: Selection, sink: BroadcastAckSink): void;

  /** A connected socket of this process. */
  socket(id: SocketId): HostSocket | undefined;
  /** All connected sockets of this process. */
  socketIds(): IterableIterator<SocketId>;

  /** An event that another server sent with `serverSideEmit`. A trailing function answers it. */
  onServerSideEmit(args: unknown[]): void;

  /** An error nobody awaits (the broker is away, a message from the bus was malformed). MUST NOT throw. */
  reportError(error: Error): void;
}

/** What the server's `connectionStateRecovery` option asks of an adapter. */
export interface RecoverySettings {
  /** How long a session can be resumed after its connection ended, in milliseconds. */
  readonly maxDisconnectionDuration: number;
  /**
   * Milliseconds within which this server notices that a peer is gone (its ping interval and time-out). What was sent
   * earlier than that before the end was received. Default 60,000.
   */
  readonly cutNoticedWithin?: number;
}

/** Under this key a namespace offers its {@link AdapterHost}: `namespace[ADAPTER_HOST]`. */
export const ADAPTER_HOST: unique symbol = Symbol.for("sockeye.adapter.host") as never;

/** What an adapter's constructor or factory is called with. */
export interface AdapterTarget {
  readonly [ADAPTER_HOST]?: AdapterHost;
  readonly name: string;
}

/** Session handed over at a recoverable disconnect (the incumbent's shape). */
export interface Session {
  sid: SocketId;
  pid: string;
  rooms: Room[];
  data: unknown;
}

export interface RestoredSession extends Session {
  /** Arguments arrays (`[event, ...args, offset]`) in order. */
  missedPackets: unknown[][];
}

/** How well an adapter reaches the other nodes (capability). */
export type AdapterHealth = "ok" | "degraded" | "down";

export interface Adapter {
  /** Room -> ids. Read by applications; MUST hold real `Map` and `Set` semantics. */
  readonly rooms: Map<Room, Set<SocketId>>;
  /** Socket id -> rooms. */
  readonly sids: Map<SocketId, Set<Room>>;

  /** Called once, before the first socket connects. A rejected promise fails the server's start. */
  init?(): void | Promise<void>;
  /** MUST release timers, connections and listeners that the adapter created. Idempotent. */
  close?(): void | Promise<void>;

  /** Number of servers in the cluster, this one included. */
  serverCount(): Promise<number>;

  /** Adds a socket to rooms. When a promise is returned, the join is effective cluster-wide once it resolves. */
  addAll(id: SocketId, rooms: Set<Room>): void | Promise<void>;
  del(id: SocketId, room: Room): void | Promise<void>;
  delAll(id: SocketId): void;

  /**
   * Sends to the selected sockets everywhere. Local delivery MUST NOT wait for a broker (exception: a recoverable
   * broadcast takes its place in the shared log first) and MUST keep program order with `socket.emit`.
   */
  broadcast(event: OutgoingEvent, options: BroadcastOptions): void;
  /**
   * `clientCount` is called once per node with its number of recipients, `ack` once per answer, `gone` (capability: a
   * caller MAY pass it, an adapter MAY ignore it) once per recipient that left.
   */
  broadcastWithAck(
    event: OutgoingEvent,
    options: BroadcastOptions,
    clientCount: (count: number) => void,
    ack: (...args: unknown[]) => void,
    gone?: () => void,
  ): void;

  /** Ids of matching sockets on this node. Empty set: all. */
  sockets(rooms: Set<Room>): Promise<Set<SocketId>>;
  socketRooms(id: SocketId): Set<Room> | undefined;

  /** Matching sockets of the cluster. On partial answers rejects with an error that carries `responses` and `missing`. */
  fetchSockets(options: BroadcastOptions): Promise<(HostSocket | SocketDetails)[]>;
  addSockets(options: BroadcastOptions, rooms: Room[]): void;
  delSockets(options: BroadcastOptions, rooms: Room[]): void;
  disconnectSockets(options: BroadcastOptions, close: boolean): void;

  /** `[event, ...args]`, perhaps with a trailing `(error, responses)` function, to the other servers. */
  serverSideEmit(args: unknown[]): void;

  persistSession?(session: Session): void;
  restoreSession?(pid: string, offset: string): Promise<RestoredSession | undefined>;

  /** Each is emitted once per change; see `RoomIndex` for the order. */
  on(event: "create-room" | "delete-room", listener: (room: Room) => void): unknown;
  on(event: "join-room" | "leave-room", listener: (room: Room, id: SocketId) => void): unknown;
  on(event: "error", listener: (error: Error) => void): unknown;
  on(event: string, listener: (...args: unknown[]) => void): unknown;

  /** Capability: connection state recovery. Absent: `connectionStateRecovery` is refused at start. */
  readonly recovery?: RecoveryLog;
  /** Capability. Changes are announced with the event `health`. */
  readonly health?: AdapterHealth;
}

/** The value of the `adapter` option: a class, or a factory, called with `new` semantics either way. */
export type AdapterConstructor = (new (namespace: AdapterTarget) => Adapter) | ((namespace: AdapterTarget) => Adapter);
