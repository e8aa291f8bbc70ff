import type { IncomingMessage } from "node:http";
import type { Adapter, BroadcastFlags, HostSocket, Room, SocketId } from "@sockeye/adapter-base";
import type { Socket as EngineClient, EngineSocket } from "@sockeye/engine-server";
import { type AckPacket, type EncodedPacket, type EventPacket, PacketType } from "@sockeye/socketio-parser";
import { type AckCallback, AckTable } from "./acks.js";
import { type BroadcastContext, BroadcastOperator } from "./broadcast-operator.js";
import type { BroadcastSurface } from "./broadcast-surface.js";
import type { Connection } from "./connection.js";
import type {
  DisconnectReason,
  ErrorContext,
  ExtendedError,
  Handshake,
  NamespaceInspection,
  Recovery,
  ServerLimits,
} from "./contract.js";
import type { Deadlines } from "./deadlines.js";
import type { DeliveredBroadcast } from "./delivery.js";
import { ServerUsageError, ServerViolation } from "./errors.js";
import { describeHandshake } from "./handshake.js";
import { type Middleware, MiddlewareRun } from "./middleware.js";
import { callOwned } from "./owned-callback.js";
import { OwnedEmitter } from "./owned-emitter.js";
import {
  ACKNOWLEDGED,
  ACKS,
  ANSWER_TO,
  type BroadcastRecipient,
  type ConnectionMember,
  DELIVER,
  DISPATCH,
  FAILED,
  LEFT,
  NOTE_OUTGOING,
  WRITE_WAITING,
} from "./ports.js";
import { isReserved, refuseReserved } from "./reserved-names.js";
import type { RetryWindow } from "./retry-window.js";
import type { SessionSocket, SocketSessions } from "./sessions.js";
import type {
  AckValue,
  AllButLast,
  AnyValue,
  DecorateAcknowledgements,
  DefaultEventsMap,
  EventNames,
  EventNamesWithAck,
  EventParams,
  EventsMap,
} from "./typed-events.js";

/** `[event, ...args]`, as packet middlewares see and may change it. */
export type Event = [event: string, ...args: AnyValue[]];

/** Events that the library emits on a socket. */
export interface SocketReservedEvents {
  disconnect: (reason: DisconnectReason, description?: AnyValue) => void;
  disconnecting: (reason: DisconnectReason, description?: AnyValue) => void;
  error: (error: Error) => void;
}

/** The engine's socket; its request may be deleted to save memory. */
export type EngineConnection = Omit<EngineClient, "request"> & { request?: AnyValue };

export type CatchAllListener = (...args: AnyValue[]) => void;

/** Services that all sockets of a namespace share. */
export interface SocketContext extends BroadcastContext {
  readonly deadlines: Deadlines;
  readonly limits: ServerLimits;
  nextAckId(): number;
  /** Connection state recovery, when it is on. */
  readonly sessions: SocketSessions | undefined;
  /** What clients that mark their retries have sent last. */
  readonly retries: RetryWindow;
  failed(error: Error, context: ErrorContext): void;
  /** Somebody began (1) or ceased (-1) to listen to the outgoing events of a socket. */
  watched(change: 1 | -1): void;
  /** The socket has left; `wasConnected` is false when it never got through the middlewares. */
  left(id: SocketId, wasConnected: boolean): void;
}

/** Ends after which the peer may come back and resume. */
const RESUMABLE: ReadonlySet<string> = new Set([
  "transport error",
  "transport close",
  "forced close",
  "ping timeout",
  "slow consumer",
  "server shutting down",
  "forced server close",
]);

const NO_FLAGS: BroadcastFlags = {};
const NOT_ASKED: Recovery = { ok: false, reason: "new" };

/** What a namespace knows of a socket when it makes it. */
export interface SocketSeed {
  readonly id: SocketId;
  readonly pid: string | undefined;
  readonly auth: Readonly<Record<string, unknown>>;
  readonly recovery: Recovery | undefined;
  /** Data of the resumed session. */
  readonly data: unknown;
  /** The client marks events that it sends again. */
  readonly marksRetries: boolean;
}

/**
 * One client in one namespace: `io.on("connection", (socket) => ...)`. It emits the events that the client sends; `emit` is
 * for events *to* the client.
 */
export class Socket<
    ListenEvents extends EventsMap = DefaultEventsMap,
    EmitEvents extends EventsMap = ListenEvents,
    ServerSideEvents extends EventsMap = DefaultEventsMap,
    SocketData = AnyValue,
  >
  extends OwnedEmitter<SocketReservedEvents, ListenEvents>
  implements ConnectionMember, BroadcastRecipient, HostSocket, SessionSocket
{
  // What a broadcast looks at stands first, side by side in memory: with thousands of sockets each line of the cache counts.
  /** The connection this socket shares with those of other namespaces. */
  readonly client: Connection;
  readonly #pid: string | undefined;
  #outgoingListeners: CatchAllListener[] | undefined = undefined;
  /** 20 characters; another one for each connection that does not resume a session. Not a secret. */
  readonly id: SocketId;
  /** The namespace this socket is in. */
  readonly nsp: NamespaceOf<ListenEvents, EmitEvents, ServerSideEvents, SocketData>;
  /** Whether the client is in the namespace: false in middlewares, and after `disconnect`. */
  connected = false;
  /** What became of the session the client asked to resume. */
  readonly recovery: Recovery;

  readonly #context: SocketContext;
  readonly #issued = Date.now();
  readonly #auth: Readonly<Record<string, unknown>>;
  #handshake: Handshake | undefined = undefined;
  #data: SocketData | undefined;
  readonly #marksRetries: boolean;
  #left = false;
  #flags: BroadcastFlags | undefined = undefined;
  #acks: AckTable | undefined = undefined;
  #middlewares: Middleware<Event>[] | undefined = undefined;
  #incomingListeners: CatchAllListener[] | undefined = undefined;

  /** Made by the namespace. */
  constructor(
    nsp: NamespaceOf<ListenEvents, EmitEvents, ServerSideEvents, SocketData>,
    context: SocketContext,
    client: Connection,
    seed: SocketSeed,
  ) {
    super();
    this.nsp = nsp;
    this.client = client;
    this.id = seed.id;
    this.recovery = seed.recovery ?? NOT_ASKED;
    this.#context = context;
    this.#pid = seed.pid;
    this.#auth = seed.auth;
    this.#data = seed.data as SocketData | undefined;
    this.#marksRetries = seed.marksRetries;
  }

  // --- who ------------------------------------------------------------------------------------------------------------

  get disconnected(): boolean {
    return !this.connected;
  }

  /** Whether the session was resumed: id, rooms and data are those from before, and missed events were sent again. */
  get recovered(): boolean {
    return this.recovery.ok;
  }

  /** Anything the application wants to keep with the socket; `fetchSockets()` shows it on other servers. */
  get data(): SocketData {
    this.#data ??= {} as SocketData;
    return this.#data;
  }

  set data(data: SocketData) {
    this.#data = data;
  }

  /** The request that opened the connection, and the client's `auth`. */
  get handshake(): Handshake {
    this.#handshake ??= describeHandshake(this.client.facts, this.conn.remoteAddress ?? "", this.#issued, {
      ...this.#auth,
    });
    return this.#handshake;
  }

  /** The first HTTP request of the connection; gone, where the application deleted it. */
  get request(): IncomingMessage {
    return this.client.request as IncomingMessage;
  }

  /** The engine socket below. Of another engine than ours it is what that engine made. */
  get conn(): EngineConnection {
    return this.client.conn as EngineSocket & EngineConnection;
  }

  /** The rooms this socket is in; empty after `disconnect`. */
  get rooms(): Set<Room> {
    return this.nsp.adapter.socketRooms(this.id) ?? new Set();
  }

  /** Number of acknowledgements that the client owes. */
  get pendingAcks(): number {
    return this.#acks?.entries.size ?? 0;
  }

  // --- rooms ----------------------------------------------------------------------------------------------------------

  /**
   * Joins rooms. Resolves, when the adapter returns a promise, once the join is effective on all servers.
   *
   * @throws ServerUsageError `ERR_SOCKEYE_SERVER_TOO_MANY_ROOMS`
   */
  join(room: Room | Room[]): Promise<void> | void {
    if (this.#left) return;
    const rooms = new Set(Array.isArray(room) ? room : [room]);
    const cap = this.#context.limits.roomsPerSocket;
    if (cap !== Number.POSITIVE_INFINITY && this.rooms.size + rooms.size > cap) {
      throw new ServerUsageError("TOO_MANY_ROOMS", `a socket may be in ${cap} rooms at most`);
    }
    return this.nsp.adapter.addAll(this.id, rooms);
  }

  leave(room: Room): Promise<void> | void {
    return this.nsp.adapter.del(this.id, room);
  }

  // --- out ------------------------------------------------------------------------------------------------------------

  /**
   * Sends an event to this client. With a function as last argument the client is asked for an acknowledgement; after
   * {@link timeout} that function gets an error first.
   *
   * @throws ServerUsageError `ERR_SOCKEYE_SERVER_RESERVED_EVENT`
   */
  override emit<Ev extends EventNames<EmitEvents>>(
    ...packet: [event: Ev, ...args: EventParams<EmitEvents, Ev>]
  ): boolean {
    refuseReserved(packet[0]);
    const flags = this.#takeFlags();
    const data = packet as unknown as [string, ...unknown[]];
    const callback = data.at(-1);
    if (typeof callback === "function" && data.length > 1) {
      data.pop();
      this.#ask(data, flags, callback as AckCallback, flags.timeout !== undefined);
    } else {
      this.#send(data, flags);
    }
    return true;
  }

  /**
   * Sends an event and resolves with the client's answer. Rejects with an {@link AckError}: `ERR_SOCKEYE_SERVER_ACK_TIMEOUT` after
   * {@link timeout}, `ERR_SOCKEYE_SERVER_PEER_GONE` when the client leaves.
   */
  emitWithAck<Ev extends EventNamesWithAck<EmitEvents>>(
    event: Ev,
    ...args: AllButLast<EventParams<EmitEvents, Ev>>
  ): Promise<AckValue<EmitEvents, Ev>> {
    return new Promise<AnyValue>((resolve, reject) => {
      refuseReserved(event);
      const settle: AckCallback = (error, value) => (error ? reject(error) : resolve(value));
      this.#ask([event as string, ...args], this.#takeFlags(), settle, true);
    });
  }

  /** Sends a `message` event. */
  send(...args: EventParams<EmitEvents, EventNames<EmitEvents>>): this {
    (this as Socket<AnyValue, AnyValue, AnyValue, SocketData>).emit("message", ...args);
    return this;
  }

  /** The same as {@link send}. */
  write(...args: EventParams<EmitEvents, EventNames<EmitEvents>>): this {
    return this.send(...args);
  }

  /** The next emit may be dropped when the client is not ready to take it at once. */
  get volatile(): this {
    this.#flag({ volatile: true });
    return this;
  }

  /** Whether the transport may compress the next emit. Default `true`. */
  compress(compress: boolean): this {
    this.#flag({ compress });
    return this;
  }

  /** Milliseconds to wait for the acknowledgement of the next emit; its callback gets an error first. */
  timeout(timeout: number): Socket<ListenEvents, DecorateAcknowledgements<EmitEvents>, ServerSideEvents, SocketData> {
    this.#flag({ timeout });
    return this as unknown as Socket<ListenEvents, DecorateAcknowledgements<EmitEvents>, ServerSideEvents, SocketData>;
  }

  // --- to others ------------------------------------------------------------------------------------------------------

  /** To the sockets in `room`, this one excepted. */
  to(room: Room | Room[]): BroadcastOperator<EmitEvents, SocketData> {
    return this.#others().to(room);
  }

  /** The same as {@link to}. */
  in(room: Room | Room[]): BroadcastOperator<EmitEvents, SocketData> {
    return this.to(room);
  }

  /** To all but the sockets in `room`, and not to this one. */
  except(room: Room | Room[]): BroadcastOperator<EmitEvents, SocketData> {
    return this.#others().except(room);
  }

  /** To all sockets of the namespace but this one. */
  get broadcast(): BroadcastOperator<EmitEvents, SocketData> {
    return this.#others();
  }

  /** To all sockets of this server but this one. */
  get local(): BroadcastOperator<EmitEvents, SocketData> {
    return this.#others().local;
  }

  #others(): BroadcastOperator<EmitEvents, SocketData> {
    return new BroadcastOperator(this.#context, new Set(), new Set([this.id]), this.#takeFlags());
  }

  // --- in -------------------------------------------------------------------------------------------------------------

  /**
   * Adds a middleware for events of this client: `([event, ...args], next) => ...`. An error it passes to `next`, throws or
   * rejects with is emitted as `error` on this socket, and the event is dropped.
   */
  use(middleware: (event: Event, next: (error?: Error) => void) => unknown): this {
    this.#middlewares ??= [];
    this.#middlewares.push(middleware);
    return this;
  }

  /** Adds a listener for every event of this client; acknowledgements are no events. */
  onAny(listener: CatchAllListener): this {
    this.#incomingListeners = [...(this.#incomingListeners ?? []), listener];
    return this;
  }

  prependAny(listener: CatchAllListener): this {
    this.#incomingListeners = [listener, ...(this.#incomingListeners ?? [])];
    return this;
  }

  /** Removes a catch-all listener, or all of them. */
  offAny(listener?: CatchAllListener): this {
    this.#incomingListeners = without(this.#incomingListeners, listener);
    return this;
  }

  listenersAny(): CatchAllListener[] {
    return [...(this.#incomingListeners ?? [])];
  }

  /** Adds a listener for every event sent to this client, broadcasts included. */
  onAnyOutgoing(listener: CatchAllListener): this {
    this.#listenOutgoing([...(this.#outgoingListeners ?? []), listener]);
    return this;
  }

  prependAnyOutgoing(listener: CatchAllListener): this {
    this.#listenOutgoing([listener, ...(this.#outgoingListeners ?? [])]);
    return this;
  }

  /** Removes a catch-all listener for outgoing events, or all of them. */
  offAnyOutgoing(listener?: CatchAllListener): this {
    this.#listenOutgoing(without(this.#outgoingListeners, listener));
    return this;
  }

  listenersAnyOutgoing(): CatchAllListener[] {
    return [...(this.#outgoingListeners ?? [])];
  }

  // --- the end --------------------------------------------------------------------------------------------------------

  /** Ends this socket; with `close` the whole connection, other namespaces included. */
  disconnect(close = false): this {
    if (close) {
      this.client.disconnect();
    } else if (this.connected) {
      this[WRITE_WAITING]();
      this.client.send({ type: PacketType.DISCONNECT, nsp: this.nsp.name });
      this[LEFT]("server namespace disconnect");
    }
    return this;
  }

  /** The client is back on another connection; see `SessionSocket`. */
  abandon(): void {
    this.client.abandon("the session was resumed on another connection");
  }

  // --- ports ----------------------------------------------------------------------------------------------------------

  [DISPATCH](packet: EventPacket): void {
    if (!this.connected) return;
    const args = packet.data as unknown as Event;
    // Our codec has refused reserved names already; a codec from elsewhere may not have.
    if (isReserved(args[0])) {
      this.client.fail(new ServerViolation("UNEXPECTED_PACKET", `"${args[0]}" is a reserved event name`));
      return;
    }
    if (this.#marksRetries && packet.id !== undefined) {
      const key = this.#context.retries.take(args);
      if (key !== undefined) {
        this.#dispatchOnce(args, key, packet.id);
        return;
      }
    }
    this.#handle(packet.id === undefined ? args : withLast(args, this[ANSWER_TO](packet.id)));
  }

  /** An event that may have been here before: it is handled once, and its answer goes to whoever asked last. */
  #dispatchOnce(args: Event, key: string, id: number): void {
    const verdict = this.#context.retries.judge(key, this, (answer) => this.#sendAck(id, answer));
    if (!verdict.run) return;
    args.push((...answer: AnyValue[]) => verdict.settle(answer));
    this.#handle(args, verdict.done);
  }

  #handle(args: Event, done?: () => void): void {
    if (this.#incomingListeners !== undefined) this.#callAll(this.#incomingListeners, args);
    if (this.#middlewares === undefined) this.#deliver(args, done);
    else this.#runMiddlewares(args, this.#middlewares, done);
  }

  /** To the listeners; somebody who wants to know when they are `done` costs a promise. */
  #deliver(args: Event, done: (() => void) | undefined): void {
    if (done === undefined) this.notify(args);
    else this.notifyAndWait(args).then(done);
  }

  [ACKNOWLEDGED](packet: AckPacket): void {
    this.#acks?.answer(packet.id, packet.data);
  }

  [LEFT](reason: string, details?: unknown): void {
    if (this.#left) return;
    const wasConnected = this.connected;
    if (wasConnected) this.notify(["disconnecting", reason, details]);
    // A listener may have ended it in the meantime.
    if (this.#left) return;
    this.#left = true;
    if (wasConnected && this.#pid !== undefined) this.#context.sessions?.ended(this.#pid, this, RESUMABLE.has(reason));
    if (this.#outgoingListeners !== undefined) this.#context.watched(-1);
    this.nsp.adapter.delAll(this.id);
    this.connected = false;
    this.client.remove(this.nsp.name, reason === "server namespace disconnect");
    this.#context.left(this.id, wasConnected);
    this.#acks?.settle();
    if (wasConnected) this.notify(["disconnect", reason, details]);
  }

  [FAILED](error: Error): void {
    this.notify(["error", error]);
  }

  [WRITE_WAITING](): void {
    this.#context.sessions?.expedite(this.id);
  }

  [DELIVER](broadcast: DeliveredBroadcast): void {
    if (this.#outgoingListeners !== undefined) {
      const data = broadcast.data;
      if (data !== undefined) this.#callAll(this.#outgoingListeners, data);
    }
    if (this.#pid === undefined) this.client.writeMessage(broadcast.plain);
    else if (broadcast.hasOffset || broadcast.flags.volatile !== true) this.client.writeMessage(broadcast.resumable);
    else this.#writeVolatile(broadcast.encoded, broadcast.flags, this.#pid);
  }

  [NOTE_OUTGOING](data: readonly unknown[]): void {
    if (this.#outgoingListeners !== undefined) this.#callAll(this.#outgoingListeners, data);
  }

  [ACKS](): AckTable {
    this.#acks ??= new AckTable(this.#context.deadlines, this.#context.limits.pendingAcks, (callback, args) =>
      this.#call(callback, args, "acknowledgement"),
    );
    return this.#acks;
  }

  protected override listenerFailed(error: Error, event: string | symbol): void {
    this.#context.failed(error, { socket: this, event, namespace: this.nsp.name });
  }

  // --- within ---------------------------------------------------------------------------------------------------------

  #listenOutgoing(listeners: CatchAllListener[] | undefined): void {
    const change = Number(listeners !== undefined) - Number(this.#outgoingListeners !== undefined);
    this.#outgoingListeners = listeners;
    if (change !== 0 && !this.#left) this.#context.watched(change as 1 | -1);
  }

  #flag(flags: BroadcastFlags): void {
    this.#flags = { ...this.#flags, ...flags };
  }

  #takeFlags(): BroadcastFlags {
    const flags = this.#flags ?? NO_FLAGS;
    this.#flags = undefined;
    return flags;
  }

  #ask(data: [string, ...unknown[]], flags: BroadcastFlags, callback: AckCallback, withError: boolean): void {
    const id = this.#context.nextAckId();
    const acks = this[ACKS]();
    acks.expect(id, callback, withError, flags.timeout);
    if (this.#left) {
      acks.settle();
      return;
    }
    this[NOTE_OUTGOING](data);
    const packet: EventPacket = { type: PacketType.EVENT, nsp: this.nsp.name, data, id };
    try {
      this.#sendInTurn(packet, flags);
    } catch (unserializable) {
      acks.entries.delete(id);
      throw unserializable;
    }
  }

  #send(data: [string, ...unknown[]], flags: BroadcastFlags): void {
    const sessions = this.#context.sessions;
    if (sessions?.relays === true) {
      this.#relay(data, flags);
      return;
    }
    if (!this.#left) this[NOTE_OUTGOING](data);
    const packet: EventPacket = { type: PacketType.EVENT, nsp: this.nsp.name, data };
    if (sessions === undefined || this.#pid === undefined) {
      if (!this.#left) this.client.send(packet, flags);
      return;
    }
    if (this.#left && flags.volatile === true) return;
    const encoded = this.client.encoder.encode(packet);
    if (sessions.behind) sessions.after(() => this.#writeLogged(encoded, flags), this.id);
    else this.#writeLogged(encoded, flags);
  }

  /** An event with a place in the log of its session; of a client that is away it is kept there, in case it comes back for it. */
  #writeLogged(encoded: EncodedPacket, flags: BroadcastFlags): void {
    const pid = this.#pid!;
    const sessions = this.#context.sessions!;
    if (this.#left) {
      if (flags.volatile !== true) sessions.logForSleeper(pid, encoded);
    } else if (flags.volatile === true) this.#writeVolatile(encoded, flags, pid);
    else this.client.write(sessions.logged(pid, encoded), flags);
  }

  /** A packet that is not logged. It is encoded now: what waits must not change. */
  #sendInTurn(packet: EventPacket | AckPacket, flags: BroadcastFlags = NO_FLAGS): void {
    const sessions = this.#context.sessions;
    if (sessions === undefined || !sessions.behind) {
      this.client.send(packet, flags);
      return;
    }
    const encoded = this.client.encoder.encode(packet);
    const write = (): void => {
      if (!this.#left) this.client.write(encoded, flags);
    };
    sessions.after(write, this.id);
  }

  /** Adapters of the incumbent's shape log what passes through their `broadcast`, and nothing else. */
  #relay(data: [string, ...unknown[]], flags: BroadcastFlags): void {
    const rooms = new Set([this.id]);
    this.nsp.adapter.broadcast({ type: PacketType.EVENT, data }, { rooms, except: new Set(), flags });
  }

  /**
   * Volatile events are not logged, but carry the offset their session is at: peers which take any trailing string for an
   * offset then keep a right one.
   */
  #writeVolatile(encoded: EncodedPacket, flags: BroadcastFlags, pid: string): void {
    this.client.write(this.#context.sessions!.positioned(pid, encoded), flags);
  }

  #callAll(listeners: CatchAllListener[], args: readonly unknown[]): void {
    for (const listener of listeners) this.#call(listener, args, args[0] as string);
  }

  #call(callback: CatchAllListener, args: readonly unknown[], event: string): void {
    callOwned(callback, args, (error) => this.listenerFailed(error, event));
  }

  /** The function that listeners answer the client with: once, and only while it is there. */
  [ANSWER_TO](id: number): (...args: unknown[]) => void {
    let answered = false;
    return (...args) => {
      if (answered) return;
      answered = true;
      this.#sendAck(id, args);
    };
  }

  #sendAck(id: number, data: unknown[]): void {
    if (this.connected) this.#sendInTurn({ type: PacketType.ACK, nsp: this.nsp.name, id, data });
  }

  #runMiddlewares(event: Event, middlewares: Middleware<Event>[], done: (() => void) | undefined): void {
    const settings = {
      deadlines: this.#context.deadlines,
      timeout: Number.POSITIVE_INFINITY,
      thrown: (error: Error) => this.listenerFailed(error, "packet middleware"),
    };
    new MiddlewareRun(middlewares, event, settings, (error) => {
      if (this.connected && error === null) {
        this.#deliver(event, done);
        return;
      }
      done?.();
      if (this.connected && error !== null) this[FAILED](error);
    }).start();
  }
}

/** By hand for what most events are: an array that outgrows its place gets room for sixteen more. */
function withLast(args: Event, last: unknown): Event {
  if (args.length === 1) return [args[0], last];
  if (args.length === 2) return [args[0], args[1], last];
  args.push(last);
  return args;
}

/** Events that the library emits on a namespace. */
export interface NamespaceReservedEvents<
  ListenEvents extends EventsMap,
  EmitEvents extends EventsMap,
  ServerSideEvents extends EventsMap,
  SocketData,
> {
  connect: (socket: Socket<ListenEvents, EmitEvents, ServerSideEvents, SocketData>) => void;
  connection: (socket: Socket<ListenEvents, EmitEvents, ServerSideEvents, SocketData>) => void;
}

/** A middleware of a namespace: runs for every client that wants in. */
export type NamespaceMiddleware<
  ListenEvents extends EventsMap,
  EmitEvents extends EventsMap,
  ServerSideEvents extends EventsMap,
  SocketData,
> = (
  socket: Socket<ListenEvents, EmitEvents, ServerSideEvents, SocketData>,
  next: (error?: ExtendedError) => void,
) => unknown;

/** A namespace, as the application sees it. */
export interface NamespaceOf<
  ListenEvents extends EventsMap,
  EmitEvents extends EventsMap,
  ServerSideEvents extends EventsMap,
  SocketData,
> extends BroadcastSurface<
    NamespaceReservedEvents<ListenEvents, EmitEvents, ServerSideEvents, SocketData>,
    EmitEvents,
    ServerSideEvents,
    SocketData
  > {
  readonly name: string;
  readonly adapter: Adapter;
  /** The connected sockets of this server. */
  readonly sockets: Map<SocketId, Socket<ListenEvents, EmitEvents, ServerSideEvents, SocketData>>;
  /** The `Server` that it belongs to. Its type names this one, which therefore cannot name it. */
  readonly server: AnyValue;
  use(middleware: NamespaceMiddleware<ListenEvents, EmitEvents, ServerSideEvents, SocketData>): this;
  inspect(): NamespaceInspection;
}

function without(listeners: CatchAllListener[] | undefined, listener?: CatchAllListener) {
  if (listeners === undefined || listener === undefined) return undefined;
  const at = listeners.lastIndexOf(listener);
  if (at === -1) return listeners;
  const remaining = [...listeners.slice(0, at), ...listeners.slice(at + 1)];
  return remaining.length === 0 ? undefined : remaining;
}
