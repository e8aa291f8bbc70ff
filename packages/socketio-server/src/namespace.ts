import {
  ADAPTER_HOST,
  type Adapter,
  type AdapterConstructor,
  type AdapterTarget,
  type RecoverySettings,
  type Room,
  type SocketId,
} from "@sockeye/adapter-base";
import type { EncodedPacket } from "@sockeye/socketio-parser";
import { BroadcastSurface } from "./broadcast-surface.js";
import type { Codec } from "./codec.js";
import type { Connection } from "./connection.js";
import type { ErrorContext, NamespaceInspection, ServerLimits } from "./contract.js";
import type { Deadlines } from "./deadlines.js";
import { asError, ServerUsageError } from "./errors.js";
import { LegacySessions, restoresSessions } from "./legacy-sessions.js";
import type { Middleware } from "./middleware.js";
import { type HostServices, NamespaceHost } from "./namespace-host.js";
import { callOwned } from "./owned-callback.js";
import { RetryWindow } from "./retry-window.js";
import { LoggedSessions, type ResumedSession, type Sessions } from "./sessions.js";
import {
  type NamespaceMiddleware,
  type NamespaceOf,
  type NamespaceReservedEvents,
  Socket,
  type SocketContext,
  type SocketSeed,
} from "./socket.js";
import { SocketTable } from "./socket-table.js";
import { TopicFanOut, type TopicMember, type TopicNamespace } from "./topic-fan-out.js";
import type { AnyValue, DefaultEventsMap, EventsMap } from "./typed-events.js";

/** What a namespace asks of its server. */
export interface NamespaceServer {
  readonly codec: Codec;
  readonly deadlines: Deadlines;
  readonly limits: ServerLimits;
  readonly ackTimeout: number;
  readonly adapterConstructor: AdapterConstructor;
  readonly recovery: RecoverySettings | undefined;
  report(error: Error, context: ErrorContext): void;
}

/** Where a namespace comes from, when the application did not ask for it by name. */
export interface NamespaceOrigin<AnySocket> {
  /** An adapter of its own, in place of the server's. */
  readonly adapter?: Adapter;
  /** The parent whose middlewares run first, and whose listeners hear of every socket. */
  readonly parent?: {
    readonly chain: readonly Middleware<AnySocket>[];
    heard(socket: AnySocket): void;
    childEmptied(): void;
  };
}

/** A pool of sockets under one name, for example `/chat`. `io.of("/chat")` */
export class Namespace<
    ListenEvents extends EventsMap = DefaultEventsMap,
    EmitEvents extends EventsMap = ListenEvents,
    ServerSideEvents extends EventsMap = DefaultEventsMap,
    SocketData = AnyValue,
  >
  extends BroadcastSurface<
    NamespaceReservedEvents<ListenEvents, EmitEvents, ServerSideEvents, SocketData>,
    EmitEvents,
    ServerSideEvents,
    SocketData
  >
  implements NamespaceOf<ListenEvents, EmitEvents, ServerSideEvents, SocketData>, AdapterTarget
{
  readonly name: string;
  /** The connected sockets of this server. */
  readonly sockets: Map<SocketId, Socket<ListenEvents, EmitEvents, ServerSideEvents, SocketData>> = new SocketTable();
  /** What adapters may reach. */
  readonly [ADAPTER_HOST]: NamespaceHost;
  protected readonly broadcasts: SocketContext & HostServices;
  protected readonly middlewares: NamespaceMiddleware<ListenEvents, EmitEvents, ServerSideEvents, SocketData>[] = [];
  readonly #hub: NamespaceServer;
  #adapter!: Adapter;
  #sessions: Sessions | undefined = undefined;
  /** The adapter's start, while it is under way. */
  #starting: Promise<void> | undefined = undefined;
  #retries: RetryWindow | undefined = undefined;
  #ackId = 0;
  #connecting = 0;
  #dropped = 0;
  /** Sockets on which somebody listens to outgoing events. */
  #watched = 0;
  #fanOut: TopicFanOut | undefined = undefined;
  readonly #origin: NamespaceOrigin<Socket<ListenEvents, EmitEvents, ServerSideEvents, SocketData>>;

  /** Made by the server: `io.of(name)`. */
  constructor(
    /** The server this namespace belongs to. */
    readonly server: AnyValue,
    hub: NamespaceServer,
    name: string,
    origin: NamespaceOrigin<Socket<ListenEvents, EmitEvents, ServerSideEvents, SocketData>> = {},
  ) {
    super();
    this.name = name;
    this.#hub = hub;
    this.#origin = origin;
    this.broadcasts = this.#services(hub);
    this[ADAPTER_HOST] = new NamespaceHost(this, this.broadcasts);
    this.startAdapter();
  }

  /** Keeps the rooms, and carries broadcasts. */
  get adapter(): Adapter {
    return this.#adapter;
  }

  /** Counter of acknowledgement ids; sockets and broadcasts share it. @internal */
  get ackIds(): number {
    return this.#ackId;
  }

  set ackIds(next: number) {
    this.#ackId = next;
  }

  /**
   * Adds a middleware. It lets a client in with `next()`, refuses with `next(error)`; one that takes no `next` answers by the
   * promise it returns. The client gets the error's `message` and `data` as `connect_error`.
   *
   * ```ts
   * chat.use(async (socket) => { socket.data.user = await authenticate(socket.handshake.auth.token) });
   * ```
   */
  use(middleware: NamespaceMiddleware<ListenEvents, EmitEvents, ServerSideEvents, SocketData>): this {
    this.middlewares.push(middleware);
    return this;
  }

  // --- for the connect flow -------------------------------------------------------------------------------------------

  /** @internal */
  get sessions(): Sessions | undefined {
    return this.#sessions;
  }

  /** Resolves when the adapter is ready; `undefined` when it is. @internal */
  get starting(): Promise<void> | undefined {
    return this.#starting;
  }

  /** @internal */
  get chain(): readonly Middleware<Socket<ListenEvents, EmitEvents, ServerSideEvents, SocketData>>[] {
    const own = this.middlewares as readonly Middleware<
      Socket<ListenEvents, EmitEvents, ServerSideEvents, SocketData>
    >[];
    return this.#origin.parent === undefined ? own : [...this.#origin.parent.chain, ...own];
  }

  /** Marks by which events that were sent again are told from new ones. @internal */
  get retries(): RetryWindow {
    return this.broadcasts.retries;
  }

  /** @internal */
  createSocket(client: Connection, seed: SocketSeed): Socket<ListenEvents, EmitEvents, ServerSideEvents, SocketData> {
    this.#connecting++;
    return new Socket(this, this.broadcasts, client, seed);
  }

  /** The socket did not get in: what it joined on the way is undone. @internal */
  discard(socket: { readonly id: SocketId }): void {
    this.#connecting--;
    this.#adapter.delAll(socket.id);
    this.#checkEmpty();
  }

  /** The socket is in: from here on it receives broadcasts. @internal */
  admit(
    socket: Socket<ListenEvents, EmitEvents, ServerSideEvents, SocketData>,
    pid: string | undefined,
    resumed: ResumedSession | undefined,
  ): void {
    this.#connecting--;
    this.sockets.set(socket.id, socket);
    socket.client.add(this.name, socket);
    socket.connected = true;
    const rooms = new Set<Room>().add(socket.id);
    if (resumed !== undefined) for (const room of resumed.rooms) rooms.add(room);
    this.#settle(this.#adapter.addAll(socket.id, rooms));
    this.#enterTopics(socket);
    const sinceThen = pid === undefined ? undefined : this.#sessions?.began(pid, socket);
    if (resumed !== undefined) for (const encoded of resumed.missed) socket.client.write(encoded, {});
    if (sinceThen !== undefined) for (const encoded of sinceThen) socket.client.write(encoded, {});
  }

  /** The client knows that it is in, and now the application hears of it. @internal */
  announce(socket: Socket<ListenEvents, EmitEvents, ServerSideEvents, SocketData>): void {
    this.#origin.parent?.heard(socket);
    this.notify(["connect", socket]);
    this.notify(["connection", socket]);
  }

  // --- for the server -------------------------------------------------------------------------------------------------

  /** Makes the adapter anew; @throws ServerUsageError `ERR_SOCKEYE_SERVER_RECOVERY_UNSUPPORTED` @internal */
  startAdapter(): void {
    if (this.#fanOut !== undefined) this.#abandonTopics();
    const adapter = this.#origin.adapter ?? construct(this.#hub.adapterConstructor, this);
    this.#adapter = adapter;
    if (this.#origin.adapter !== undefined) return;
    this.#sessions = this.#sessionsOf(adapter);
    adapter.on("error", (error: Error) => this.broadcasts.report(asError(error)));
    this.#startUp(adapter);
  }

  /** Releases what the adapter holds. @internal */
  async closeAdapter(): Promise<void> {
    this.#retries?.clear();
    this.#retries = undefined;
    await this.#adapter.close?.();
  }

  /** Tells the listeners of the main namespace of a new one. @internal */
  announceNamespace(namespace: object): void {
    this.notify(["new_namespace", namespace]);
  }

  /** What broadcasts to this namespace need. @internal */
  get broadcastContext(): SocketContext {
    return this.broadcasts;
  }

  inspect(): NamespaceInspection {
    let pendingAcks = 0;
    let dropped = this.#dropped;
    for (const socket of this.sockets.values()) {
      pendingAcks += socket.pendingAcks;
      dropped += socket.client.dropped;
    }
    return {
      sockets: this.sockets.size,
      connecting: this.#connecting,
      rooms: this.#adapter.rooms.size,
      pendingAcks,
      dropped,
      retrying: this.#retries?.size ?? 0,
      recovery: this.#sessions?.inspect(),
    };
  }

  /** @internal */
  get isEmpty(): boolean {
    return this.sockets.size === 0 && this.#connecting === 0;
  }

  // --- within ---------------------------------------------------------------------------------------------------------

  protected override currentAdapter(): Adapter {
    return this.#adapter;
  }

  protected override listenerFailed(error: Error, event: string | symbol): void {
    this.#hub.report(error, { socket: undefined, event, namespace: this.name });
  }

  #startUp(adapter: Adapter): void {
    const started = adapter.init?.();
    if (!(started instanceof Promise)) return;
    this.#starting = started;
    // Clients that arrive meanwhile wait for it, and are refused if it fails.
    started.then(
      () => {
        this.#starting = undefined;
      },
      (thrown) => this.broadcasts.report(asError(thrown)),
    );
  }

  #sessionsOf(adapter: Adapter): Sessions | undefined {
    if (this.#hub.recovery === undefined) return undefined;
    const report = this.broadcasts.report;
    if (adapter.recovery !== undefined) {
      const splice = (encoded: EncodedPacket, offset: string) => this.#hub.codec.withOffset(encoded, offset);
      return new LoggedSessions(adapter.recovery, splice, report);
    }
    if (restoresSessions(adapter)) {
      return new LegacySessions(adapter, (data) => this.#hub.codec.encodeEvent(this.name, data), report);
    }
    throw new ServerUsageError(
      "RECOVERY_UNSUPPORTED",
      "connectionStateRecovery is on, but the adapter cannot recover sessions: use one that can, or switch it off",
    );
  }

  #services(hub: NamespaceServer): SocketContext & HostServices {
    const namespace = this;
    const report = (error: Error): void => {
      hub.report(error, { socket: undefined, event: "adapter", namespace: namespace.name });
    };
    return {
      get adapter() {
        return namespace.currentAdapter();
      },
      get sessions() {
        return namespace.#sessions;
      },
      get retries() {
        namespace.#retries ??= new RetryWindow(
          hub.deadlines,
          hub.limits.retryingClients,
          namespace.adapter.recovery?.tag,
        );
        return namespace.#retries;
      },
      codec: hub.codec,
      deadlines: hub.deadlines,
      limits: hub.limits,
      ackTimeout: hub.ackTimeout,
      recovery: hub.recovery,
      report,
      run: (callback, args) => callOwned(callback, args, (error) => namespace.listenerFailed(error, "acknowledgement")),
      nextAckId: () => namespace.#ackId++,
      failed: (error, context) => hub.report(error, context),
      get fanOut() {
        return namespace.#fanOut;
      },
      watched: (change) => {
        namespace.#watched += change;
      },
      left: (id, wasConnected) => namespace.#socketLeft(id, wasConnected),
      serverSideEvent: (args) => {
        namespace.notify(args as [string, ...unknown[]]);
      },
    };
  }

  #socketLeft(id: SocketId, wasConnected: boolean): void {
    const socket = this.sockets.get(id);
    if (!wasConnected || socket === undefined || socket.connected) return;
    this.#dropped += socket.client.dropped;
    this.#fanOut?.leaving(id);
    this.sockets.delete(id);
    this.#checkEmpty();
  }

  #checkEmpty(): void {
    if (this.#origin.parent !== undefined && this.isEmpty) this.#origin.parent.childEmptied();
  }

  /** The first socket of an engine with topics brings them in. */
  #enterTopics(socket: TopicMember & { readonly client: Connection }): void {
    const { topics, preparer } = socket.client;
    if (this.#fanOut === undefined && topics !== undefined && preparer !== undefined) {
      this.#fanOut = new TopicFanOut(this.#topicView(), preparer);
      this.#fanOut.follow(this.#adapter);
    }
    this.#fanOut?.entered(socket.id);
  }

  /** With another adapter the rooms start anew, and what sockets are subscribed to no longer says where they are. */
  #abandonTopics(): void {
    this.#fanOut?.close();
    this.#fanOut = undefined;
  }

  #topicView(): TopicNamespace {
    const namespace = this;
    return {
      name: this.name,
      sockets: this.sockets,
      get adapter() {
        return namespace.currentAdapter();
      },
      get isWatched() {
        return namespace.#watched > 0;
      },
      get hasSessions() {
        return namespace.#sessions !== undefined;
      },
    };
  }

  #settle(outcome: void | Promise<void>): void {
    if (outcome instanceof Promise) outcome.catch((thrown) => this.broadcasts.report(asError(thrown)));
  }
}

/** A class is constructed, a factory called; functions that may be either (`function`) are constructed. */
function construct(adapter: AdapterConstructor, namespace: AdapterTarget): Adapter {
  if (adapter.prototype === undefined) return (adapter as (target: AdapterTarget) => Adapter)(namespace);
  return new (adapter as new (target: AdapterTarget) => Adapter)(namespace);
}
