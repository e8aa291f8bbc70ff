import { createServer } from "node:http";
import { type Adapter, type AdapterConstructor, InMemoryAdapter, type RecoverySettings } from "@sockeye/adapter-base";
import {
  type AnyHttpServer,
  type AttachOptions,
  Server as Engine,
  type EngineOptions,
  type EngineServer,
  type EngineSocket,
  nodeCors,
} from "@sockeye/engine-server";
import { type NativeApp, type UwsAttachOptions, UwsServer } from "@sockeye/engine-server/uws";
import { parser as jsonParser, type PacketDecoder, type PacketEncoder } from "@sockeye/socketio-parser";
import type { BroadcastContext } from "./broadcast-operator.js";
import { BroadcastSurface } from "./broadcast-surface.js";
import { ClientFiles } from "./client-files.js";
import { Codec } from "./codec.js";
import { addLegacyNames } from "./compat.js";
import { ConnectFlow, type ConnectPort, refusal } from "./connect-flow.js";
import { Connection, type ConnectionOwner } from "./connection.js";
import { Connections } from "./connections.js";
import type {
  ErrorContext,
  ErrorHandler,
  Inspection,
  NamespaceInspection,
  ServerLimits,
  SocketOptions,
} from "./contract.js";
import { Deadlines } from "./deadlines.js";
import { asError, ServerUsageError, ServerViolation } from "./errors.js";
import { IncomingQueue } from "./incoming-queue.js";
import { resolveLimits } from "./limits.js";
import { Namespace, type NamespaceServer } from "./namespace.js";
import { callOwned } from "./owned-callback.js";
import { type ChildPolicy, type NamespaceMatcher, ParentNamespace } from "./parent-namespace.js";
import { type NamespaceMiddleware, type NamespaceReservedEvents, Socket } from "./socket.js";
import type { AnyValue, DefaultEventsMap, EventsMap } from "./typed-events.js";

/** Options of a server: its own, those of the engine below, and those of `attach`. */
export interface ServerOptions extends SocketOptions, Omit<EngineOptions, "path">, Omit<AttachOptions, "path"> {}

/** Events that the library emits on a server. */
export interface ServerReservedEvents<
  ListenEvents extends EventsMap,
  EmitEvents extends EventsMap,
  ServerSideEvents extends EventsMap,
  SocketData,
> extends NamespaceReservedEvents<ListenEvents, EmitEvents, ServerSideEvents, SocketData> {
  new_namespace: (namespace: Namespace<ListenEvents, EmitEvents, ServerSideEvents, SocketData>) => void;
}

type AnyNamespace = Namespace<AnyValue, AnyValue, AnyValue, AnyValue>;
type AnyParent = ParentNamespace<AnyValue, AnyValue, AnyValue, AnyValue>;
type RawMatcher = (name: string, auth: Record<string, unknown>, answer: (matches: boolean) => void) => void;

/** What a server can be attached to: an HTTP server, or a port (number, or text with digits) to listen on. */
export type AttachTarget = AnyHttpServer | number | string;

/** The required part of the engine contract; what an engine can beyond it is looked for on the object. */
export type BindableEngine = Pick<EngineServer, "on" | "close">;

const DEFAULT_CONNECT_TIMEOUT = 45_000;
const DEFAULT_MIDDLEWARE_TIMEOUT = 45_000;
const DEFAULT_ACK_TIMEOUT = 10_000;
const DEFAULT_RECOVERY_DURATION = 120_000;
/** Milliseconds between two looks for idle connections of an HTTP server that is closing. */
const IDLE_SWEEP = 20;
/** Beyond interval and time-out, before a dead connection is certainly noticed. */
const HEARTBEAT_MARGIN = 5_000;

/**
 * A Socket.IO server.
 *
 * ```ts
 * const io = new Server(3000, { cors: { origin: "https://example.com" } });
 * io.on("connection", (socket) => {
 *   socket.on("hello", (name, answer) => answer(`hello ${name}`));
 * });
 * ```
 *
 * @typeParam ListenEvents events that clients send
 * @typeParam EmitEvents events that clients receive
 * @typeParam ServerSideEvents events that servers send to each other
 * @typeParam SocketData type of `socket.data`
 */
export class Server<
  ListenEvents extends EventsMap = DefaultEventsMap,
  EmitEvents extends EventsMap = ListenEvents,
  ServerSideEvents extends EventsMap = DefaultEventsMap,
  SocketData = AnyValue,
> extends BroadcastSurface<
  ServerReservedEvents<ListenEvents, EmitEvents, ServerSideEvents, SocketData>,
  EmitEvents,
  ServerSideEvents,
  SocketData
> {
  /** The main namespace, `/`. */
  readonly sockets: Namespace<ListenEvents, EmitEvents, ServerSideEvents, SocketData>;
  /** The Engine.IO server below, once there is one: after `attach`, `listen` or `bind`. */
  engine!: Engine;
  /** The HTTP server below, if there is one. */
  httpServer: AnyHttpServer | undefined = undefined;
  /** The options this server was made with. */
  readonly opts: Partial<ServerOptions>;

  readonly #namespaces = new Map<string, AnyNamespace>();
  readonly #parents: {
    readonly matches: RawMatcher;
    readonly pattern: RegExp | undefined;
    readonly parent: AnyParent;
  }[] = [];
  readonly #connections = new Connections<Connection>();
  readonly #deadlines = new Deadlines();
  readonly #codec: Codec;
  readonly #limits: ServerLimits;
  readonly #hub: NamespaceServer;
  readonly #owner: ConnectionOwner;
  #path = "/socket.io";
  #serveClient: boolean;
  #connectTimeout: number;
  #adapter: AdapterConstructor;
  #errorHandler: ErrorHandler | undefined;
  #dynamicCount = 0;
  #parentCount = 0;
  #closed = false;

  constructor(options?: Partial<ServerOptions>);
  constructor(target?: AttachTarget, options?: Partial<ServerOptions>);
  constructor(target?: AttachTarget | Partial<ServerOptions>, options?: Partial<ServerOptions>) {
    super();
    const given = isOptions(target) && options === undefined ? target : (options ?? {});
    const srv = isOptions(target) ? undefined : target;
    this.opts = withRecoveryDefaults(given);
    this.#limits = resolveLimits(given.limits);
    this.#codec = new Codec(given.parser ?? jsonParser, { maxAttachments: this.#limits.attachments });
    this.#serveClient = given.serveClient ?? true;
    this.#connectTimeout = given.connectTimeout ?? DEFAULT_CONNECT_TIMEOUT;
    this.#adapter = given.adapter ?? InMemoryAdapter;
    this.#errorHandler = given.onError;
    if (given.path !== undefined) this.path(given.path);
    this.#hub = this.#createHub();
    this.#owner = this.#createOwner();
    this.sockets = this.of("/") as typeof this.sockets;
    if (srv !== undefined && srv !== null) this.attach(srv);
  }

  // --- settings -------------------------------------------------------------------------------------------------------

  /** The path of engine and client files, or a new one for what is attached later. Default `/socket.io`. */
  path(): string;
  path(path: string): this;
  path(path?: string): string | this {
    if (path === undefined) return this.#path;
    this.#path = path.replace(/\/$/, "");
    return this;
  }

  /** Whether client files are served; without effect on what is attached already. Default `true`. */
  serveClient(): boolean;
  serveClient(serve: boolean): this;
  serveClient(serve?: boolean): boolean | this {
    if (serve === undefined) return this.#serveClient;
    this.#serveClient = serve;
    return this;
  }

  /** Milliseconds in which a connection must have joined a namespace; 0 for ever. Default 45,000. */
  connectTimeout(): number;
  connectTimeout(timeout: number): this;
  connectTimeout(timeout?: number): number | this {
    if (timeout === undefined) return this.#connectTimeout;
    this.#connectTimeout = timeout;
    return this;
  }

  /** The adapter class or factory, or a new one: every namespace then gets its adapter anew. */
  adapter(): AdapterConstructor;
  adapter(adapter: AdapterConstructor): this;
  adapter(adapter?: AdapterConstructor): AdapterConstructor | this {
    if (adapter === undefined) return this.#adapter;
    this.#adapter = adapter;
    for (const namespace of this.#namespaces.values()) {
      namespace.closeAdapter().catch((thrown) => this.#report(asError(thrown), CONTEXT_OF_SERVER));
      namespace.startAdapter();
    }
    return this;
  }

  /** Sets the hook for errors that nobody awaits; see {@link ErrorHandler}. Without one they are printed. */
  onError(handler: ErrorHandler | undefined): this {
    this.#errorHandler = handler;
    return this;
  }

  /** All namespaces by name, those that clients created included; parents are not among them. */
  get namespaces(): ReadonlyMap<string, Namespace<ListenEvents, EmitEvents, ServerSideEvents, SocketData>> {
    return this.#namespaces;
  }

  /** The encoder of this server's parser. */
  get encoder(): PacketEncoder {
    return this.#codec.encoder;
  }

  // --- attaching ------------------------------------------------------------------------------------------------------

  /**
   * Serves clients on an HTTP server, or on a port.
   *
   * @throws ServerUsageError `ERR_SOCKEYE_SERVER_BAD_ARGUMENT` for a function, such as an Express application
   */
  attach(target: AttachTarget, options: Partial<ServerOptions> = {}): this {
    const settings: Partial<ServerOptions> = { ...this.opts, ...options };
    if (options.path !== undefined) this.path(options.path);
    if (typeof target === "function") throw new ServerUsageError("BAD_ARGUMENT", EXPRESS_HINT);
    const server = typeof target === "object" ? target : this.#listenOn(target);
    this.#attachEngine(server, settings);
    return this;
  }

  /** The same as {@link attach}. */
  listen(target: AttachTarget, options?: Partial<ServerOptions>): this {
    return this.attach(target, options);
  }

  /**
   * Serves clients on an application of uWebSockets.js, which the caller makes and listens with.
   *
   * ```ts
   * const app = App();
   * io.attachApp(app);
   * app.listen(3000, (token) => { if (!token) console.warn("port already in use"); });
   * ```
   */
  attachApp(app: NativeApp, options: Partial<ServerOptions & UwsAttachOptions> = {}): this {
    const settings: Partial<ServerOptions> = { ...this.opts, ...options };
    if (options.path !== undefined) this.path(options.path);
    const engine = new UwsServer({ ...settings, path: this.#path } as EngineOptions);
    const files = this.#serveClient ? this.#clientFiles(settings.cors) : undefined;
    const below = files && ((request: unknown, response: unknown) => files.handle(request as never, response as never));
    engine.attach(app, { ...options, path: this.#path, below } as UwsAttachOptions);
    return this.bind(engine);
  }

  /** Takes the connections of an Engine.IO server: ours, the incumbent's, or anything that keeps the engine contract. */
  bind(engine: BindableEngine): this {
    this.engine = engine as unknown as Engine;
    this.#reopen();
    engine.on("connection", (socket) => this.#take(socket, engine as EngineServer));
    return this;
  }

  /** Takes one Engine.IO connection. */
  onconnection(socket: EngineSocket): this {
    this.#take(socket, undefined);
    return this;
  }

  #listenOn(port: number | string): AnyHttpServer {
    const number = typeof port === "string" ? Number(port) : port;
    if (!Number.isInteger(number) || number < 0 || number > 65_535) {
      throw new ServerUsageError("BAD_ARGUMENT", `a port or an HTTP server was expected, not ${String(port)}`);
    }
    const server = createServer((_request, response) => {
      response.writeHead(404);
      response.end();
    });
    server.listen(number);
    return server;
  }

  #attachEngine(server: AnyHttpServer, settings: Partial<ServerOptions>): void {
    this.httpServer = server;
    const engine = new Engine({ ...settings, path: this.#path } as EngineOptions);
    engine.attach(server, { ...settings, path: this.#path } as AttachOptions);
    if (this.#serveClient) this.#serveFiles(server, settings.cors);
    this.bind(engine);
  }

  /** In front of all other listeners: the files lie under the engine's path. */
  #serveFiles(server: AnyHttpServer, cors: EngineOptions["cors"]): void {
    const files = this.#clientFiles(cors);
    const listeners = server.listeners("request");
    server.removeAllListeners("request");
    server.on("request", (request, response) => {
      if (files.handle(request as never, response as never)) return;
      for (const listener of listeners) listener.call(server, request, response);
    });
  }

  #clientFiles(cors: EngineOptions["cors"]): ClientFiles {
    const path = this.#path;
    return new ClientFiles(() => path, cors ? (nodeCors(cors) as never) : undefined);
  }

  #take(socket: EngineSocket, engine: EngineServer | undefined): void {
    const connection = new Connection(this.#owner, socket, engine);
    this.#connections.add(connection);
    // Clients of protocol 3 are in the main namespace from the start.
    if (socket.protocol === 3) this.#owner.connect(connection, "/", {});
  }

  // --- namespaces -----------------------------------------------------------------------------------------------------

  /**
   * The namespace of that name; made, if it is new. With a RegExp or a function, the parent of all namespaces that clients
   * create under a name that matches.
   *
   * @param listener added for `connection`
   */
  of(
    name: string | RegExp | NamespaceMatcher,
    listener?: (socket: Socket<ListenEvents, EmitEvents, ServerSideEvents, SocketData>) => void,
  ): Namespace<ListenEvents, EmitEvents, ServerSideEvents, SocketData> {
    const namespace = typeof name === "string" ? this.#byName(name) : this.#byPattern(name);
    if (listener !== undefined) namespace.on("connection", listener);
    return namespace;
  }

  #byName(given: string): AnyNamespace {
    const name = given.startsWith("/") ? given : `/${given}`;
    const known = this.#namespaces.get(name);
    if (known !== undefined) return known;
    const origin = this.#parents.find(({ pattern }) => pattern?.test(name));
    if (origin !== undefined) return origin.parent.createChild(name);
    const namespace: AnyNamespace = new Namespace(this, this.#hub, name);
    this.#namespaces.set(name, namespace);
    if (name !== "/") this.sockets?.announceNamespace(namespace);
    return namespace;
  }

  #byPattern(pattern: RegExp | NamespaceMatcher): AnyParent {
    const parent: AnyParent = new ParentNamespace(this, this.#hub, `/_${this.#parentCount++}`, this.#childPolicy());
    const failed = (error: Error): void => this.#report(error, { ...CONTEXT_OF_SERVER, event: "namespace matcher" });
    this.#parents.push({ parent, ...matcherOf(pattern, failed) });
    return parent;
  }

  #childPolicy(): ChildPolicy {
    return {
      removeEmpty: this.opts.cleanupEmptyChildNamespaces === true,
      linger: this.opts.emptyChildNamespaceLinger ?? 0,
      deadlines: this.#deadlines,
      created: (child) => {
        this.#dynamicCount++;
        this.#namespaces.set(child.name, child);
        this.sockets.announceNamespace(child);
      },
      removed: (child) => {
        this.#dynamicCount--;
        this.#namespaces.delete(child.name);
        child.closeAdapter().catch((thrown) => this.#report(asError(thrown), CONTEXT_OF_SERVER));
      },
    };
  }

  /** For a client: the namespace of that name, or the one it may create, or why neither. */
  #find(name: string, auth: Record<string, unknown>, found: (result: AnyNamespace | Error) => void, from = 0): void {
    const known = this.#namespaces.get(name);
    if (known !== undefined) {
      found(known);
      return;
    }
    const candidate = this.#parents[from];
    if (candidate === undefined) {
      found(new ServerViolation("NOT_JOINED", "Invalid namespace"));
      return;
    }
    candidate.matches(name, auth, (matches) => {
      if (matches) found(this.#childOf(candidate.parent, name));
      else this.#find(name, auth, found, from + 1);
    });
  }

  /** Several clients may have asked at once: the first creates it. */
  #childOf(parent: AnyParent, name: string): AnyNamespace | Error {
    const known = this.#namespaces.get(name);
    if (known !== undefined) return known;
    const cap = this.#limits.dynamicNamespaces;
    if (this.#dynamicCount >= cap) return refusal("TOO_MANY_DYNAMIC_NAMESPACES", `more than ${cap} namespaces exist`);
    return parent.createChild(name);
  }

  // --- the main namespace ---------------------------------------------------------------------------------------------

  /** Adds a middleware to the main namespace; see {@link Namespace.use}. */
  use(middleware: NamespaceMiddleware<ListenEvents, EmitEvents, ServerSideEvents, SocketData>): this {
    this.sockets.use(middleware);
    return this;
  }

  // --- the end --------------------------------------------------------------------------------------------------------

  /**
   * Ends all sockets (`server shutting down`), closes adapters, engine and HTTP server, and resolves when the HTTP server is
   * closed. The port is free as soon as this returns. `callback` gets the HTTP server's error, `ERR_SERVER_NOT_RUNNING` for
   * one; the promise never rejects.
   */
  close(callback?: (error?: Error) => void): Promise<void> {
    this.#closed = true;
    const httpServer = this.httpServer;
    // First of all nobody new comes in; the listening socket is given up here and now.
    const httpClosed = httpServer === undefined ? Promise.resolve(undefined) : closeHttp(httpServer);
    for (const connection of this.#connections.list()) connection.shutDown();
    const adapters = [...this.#namespaces.values()].map((namespace) => namespace.closeAdapter());
    return this.#finishClosing(adapters, httpClosed, callback);
  }

  async #finishClosing(
    adapters: Promise<void>[],
    httpClosed: Promise<Error | undefined>,
    callback: ((error?: Error) => void) | undefined,
  ): Promise<void> {
    (this.engine as EngineServer | undefined)?.close();
    for (const outcome of await Promise.allSettled(adapters)) {
      if (outcome.status === "rejected") this.#report(asError(outcome.reason), CONTEXT_OF_SERVER);
    }
    const error = await httpClosed;
    callback?.(error);
  }

  /** A server that was closed and is attached again starts with fresh adapters. */
  #reopen(): void {
    if (!this.#closed) return;
    this.#closed = false;
    for (const namespace of this.#namespaces.values()) namespace.startAdapter();
  }

  /** Sizes of the internal tables: what should return to zero when everybody has left. */
  inspect(): Inspection {
    const namespaces: Record<string, NamespaceInspection> = Object.create(null);
    for (const [name, namespace] of this.#namespaces) namespaces[name] = namespace.inspect();
    return {
      connections: this.#connections.size,
      deadlines: this.#deadlines.size,
      dynamicNamespaces: this.#dynamicCount,
      namespaces,
    };
  }

  // --- within ---------------------------------------------------------------------------------------------------------

  protected override get broadcasts(): BroadcastContext {
    return this.sockets.broadcastContext;
  }

  protected override currentAdapter(): Adapter {
    return this.sockets.adapter;
  }

  protected override listenerFailed(error: Error, event: string | symbol): void {
    this.#report(error, { socket: undefined, event, namespace: undefined });
  }

  #report(error: Error, context: ErrorContext): void {
    try {
      if (this.#errorHandler === undefined) console.error(`sockeye: ${String(context.event)}:`, error);
      else this.#errorHandler(error, context);
    } catch (thrown) {
      console.error("sockeye: the onError hook threw:", thrown, "while it was told of:", error);
    }
  }

  #createHub(): NamespaceServer {
    const server = this;
    return {
      codec: this.#codec,
      deadlines: this.#deadlines,
      limits: this.#limits,
      ackTimeout: this.opts.ackTimeout ?? DEFAULT_ACK_TIMEOUT,
      recovery: recoveryOf(this.opts),
      report: (error, context) => this.#report(error, context),
      get adapterConstructor() {
        return server.#adapter;
      },
    };
  }

  #createOwner(): ConnectionOwner {
    const server = this;
    const flow = new ConnectFlow(this.#createConnectPort());
    return {
      encoder: this.#codec.encoder,
      deadlines: this.#deadlines,
      incoming: new IncomingQueue((error) => this.#report(error, { ...CONTEXT_OF_SERVER, event: "connection" })),
      limits: this.#limits,
      get connectTimeout() {
        return server.#connectTimeout || Number.POSITIVE_INFINITY;
      },
      createDecoder: (): PacketDecoder => this.#codec.createDecoder(),
      connect: (connection, namespace, auth) => flow.start(connection, namespace, auth),
      gone: (connection) => this.#connections.delete(connection),
      report: (error, context) => this.#report(error, context),
    };
  }

  #createConnectPort(): ConnectPort {
    return {
      limits: this.#limits,
      deadlines: this.#deadlines,
      middlewareTimeout: this.opts.middlewareTimeout ?? DEFAULT_MIDDLEWARE_TIMEOUT,
      skipMiddlewares: this.opts.connectionStateRecovery?.skipMiddlewares ?? true,
      known: (name) => this.#namespaces.get(name),
      find: (name, auth, found) => this.#find(name, auth, found),
      report: (error, context) => this.#report(error, context),
    };
  }
}

/** Listeners of a server are those of its main namespace; what the namespace returns for itself, the server does. */
const EMITTER_METHODS = [
  "on",
  "once",
  "off",
  "addListener",
  "removeListener",
  "removeAllListeners",
  "prependListener",
  "prependOnceListener",
  "listeners",
  "rawListeners",
  "listenerCount",
  "eventNames",
  "setMaxListeners",
  "getMaxListeners",
] as const;

for (const method of EMITTER_METHODS) {
  Object.defineProperty(Server.prototype, method, {
    configurable: true,
    writable: true,
    value(this: Server, ...args: never[]): unknown {
      const main = this.sockets as unknown as Record<string, (...args: never[]) => unknown>;
      const result = main[method]!(...args);
      return result === this.sockets ? this : result;
    },
  });
}

addLegacyNames(Server, Namespace, Socket, Connection);

const CONTEXT_OF_SERVER: ErrorContext = { socket: undefined, event: "adapter", namespace: undefined };

const EXPRESS_HINT =
  "You are trying to attach a request handler. Pass the http.Server it listens with: new Server(app.listen(3000))";

/** Anything that can neither be listened to nor on is options. */
function isOptions(value: unknown): value is Partial<ServerOptions> {
  return typeof value === "object" && value !== null && typeof (value as { on?: unknown }).on !== "function";
}

/** The options as adapters read them: connection state recovery with its defaults. The caller's object stays as it is. */
function withRecoveryDefaults(given: Partial<ServerOptions>): Partial<ServerOptions> {
  const recovery = given.connectionStateRecovery;
  if (!recovery) return { ...given };
  const defaults = { maxDisconnectionDuration: DEFAULT_RECOVERY_DURATION, skipMiddlewares: true };
  return { ...given, connectionStateRecovery: { ...defaults, ...recovery } };
}

function recoveryOf(options: Partial<ServerOptions>): RecoverySettings | undefined {
  const recovery = options.connectionStateRecovery;
  if (!recovery) return undefined;
  const { pingInterval = 25_000, pingTimeout = 20_000 } = options;
  return {
    maxDisconnectionDuration: recovery.maxDisconnectionDuration ?? DEFAULT_RECOVERY_DURATION,
    cutNoticedWithin: pingInterval + pingTimeout + HEARTBEAT_MARGIN,
  };
}

function matcherOf(
  pattern: RegExp | NamespaceMatcher,
  failed: (error: Error) => void,
): { matches: RawMatcher; pattern: RegExp | undefined } {
  if (typeof pattern === "function") {
    return {
      pattern: undefined,
      matches: (name, auth, answer) => {
        let answered = false;
        const once = (matches: boolean): void => {
          if (answered) return;
          answered = true;
          answer(matches);
        };
        const next = (error: Error | null | undefined, success: boolean): void => once(!error && Boolean(success));
        callOwned(pattern, [name, auth, next], (error) => {
          failed(error);
          once(false);
        });
      },
    };
  }
  // A pattern that remembers where it stopped would let every second client in.
  const stateless = new RegExp(pattern.source, pattern.flags.replace(/[gy]/g, ""));
  return { pattern: stateless, matches: (name, _auth, answer) => answer(stateless.test(name)) };
}

/**
 * Closes an HTTP server. Connections that are busy now (with a poll that the engine is about to answer, say) are closed as
 * soon as they are idle, and not when their keep-alive is over.
 */
function closeHttp(server: AnyHttpServer): Promise<Error | undefined> {
  const sweep = setInterval(() => (server as { closeIdleConnections?(): void }).closeIdleConnections?.(), IDLE_SWEEP);
  sweep.unref();
  return new Promise((resolve) => {
    server.close((error?: Error) => {
      clearInterval(sweep);
      resolve(error);
    });
  });
}
