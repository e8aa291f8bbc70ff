import { createServer, type Server as HttpServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { Http2SecureServer, Http2Server, Http2ServerRequest, Http2ServerResponse } from "node:http2";
import type { Server as HttpsServer } from "node:https";
import type { Duplex } from "node:stream";
import { WebSocketServer } from "ws";
import type { EngineData, EngineWriteOptions, PreparedMessage } from "./contract.js";
import { Engine } from "./engine.js";
import { EngineMisuse, RefusalCode, refusalMessages } from "./errors.js";
import type { Reservation } from "./handshake/admission.js";
import { isRefusal } from "./handshake/guards.js";
import { type Refusal, refusalHeaders, refuse } from "./handshake/refusal.js";
import { pathOf } from "./handshake/request-view.js";
import { AcceptedResponse, turnAway } from "./http/accepted-response.js";
import { nodeCors } from "./http/node-cors.js";
import { type ExchangeHost, NodeExchange, type NodeResponse } from "./http/node-exchange.js";
import { type NodeRequest, NodeRequestView } from "./http/node-request.js";
import { PathClaims } from "./http/path-claims.js";
import { guardStream } from "./http/stream-guard.js";
import { endRaw, UpgradeResponse } from "./http/upgrade-response.js";
import type { AttachOptions, EngineOptions, WebSocketEngine, WebSocketServerLike } from "./options.js";
import { type Protocol, protocolV4 } from "./session/protocol.js";
import { ForeignWebSocketTransport, OPEN, type WebSocketLike } from "./transports/foreign-websocket.js";
import type { ResponseHeaders } from "./transports/http-exchange.js";
import type { BaseTransport } from "./transports/transport.js";
import { WebSocketTransport } from "./transports/websocket.js";
import { type CompressingServer, WebSocketAcceptor } from "./websocket/acceptor.js";
import { ServerWebSocket } from "./websocket/server-websocket.js";

/** A server that an engine can be attached to. */
export type AnyHttpServer = HttpServer | HttpsServer | Http2Server | Http2SecureServer;

const ws8 = WebSocketServer as unknown as WebSocketEngine;

type RequestListener = (request: NodeRequest, response: NodeResponse) => void;

const DEFAULT_PATH = "/engine.io";
/** A WebSocket of our own, or of whatever else takes upgrades over. */
type AnyWebSocket = ServerWebSocket | WebSocketLike;
type AnyWebSocketServer = WebSocketServerLike | WebSocketAcceptor<WebSocketLike>;

/** `listen()` owns its HTTP server, and there also answers where Socket.IO clients look by default. */
const LISTEN_PATHS = [DEFAULT_PATH, "/socket.io"];

/**
 * An Engine.IO server on node:http, node:https or node:http2.
 *
 * @example
 * const engine = new Server({ cors: { origin: "https://example.com" } });
 * engine.attach(httpServer, { path: "/engine.io" });
 * engine.on("connection", (socket) => socket.send("hello"));
 */
export class Server extends Engine {
  /** The codes of refused requests by name. */
  static readonly errors = RefusalCode;
  /** Their messages by code. */
  static readonly errorMessages = refusalMessages;

  /** The server that the engine is attached to. */
  httpServer: AnyHttpServer | undefined;
  /** The WebSocket server that takes upgrades over. */
  ws: AnyWebSocketServer | undefined;
  /** Response headers that middlewares set on an upgrade, until the `101` is written. */
  readonly #upgradeHeaders = new WeakMap<object, readonly string[]>();

  readonly #attached = new WeakMap<AnyHttpServer, PathClaims>();
  readonly #exchangeHost = this.#newExchangeHost();

  constructor(options?: EngineOptions) {
    super(options);
    if (this.opts.cors !== false) this.use(nodeCors(this.opts.cors));
    this.#createWebSocketServer();
  }

  /** Serves `options.path` of an HTTP server; its other requests go on to the listeners it already has. */
  attach(server: AnyHttpServer, options: AttachOptions = {}): this {
    return this.#attachPaths(server, [options.path ?? this.opts.path ?? DEFAULT_PATH], options);
  }

  /** Makes an HTTP server that answers everything else with 501, and listens on it. */
  listen(port: number, options?: AttachOptions | (() => void), callback?: () => void): this {
    if (typeof options === "function") return this.listen(port, undefined, options);
    const server = createServer((_request, response) => {
      response.writeHead(501);
      response.end("Not Implemented");
    });
    const path = options?.path ?? this.opts.path;
    this.#attachPaths(server, path === undefined ? LISTEN_PATHS : [path], options ?? {});
    server.listen(port, callback);
    return this;
  }

  override close(): this {
    super.close();
    this.ws?.close?.();
    this.ws = undefined;
    return this;
  }

  // --- requests -----------------------------------------------------------------------------------------------------

  /** Takes an HTTP request, whatever its path: for mounting by hand. */
  handleRequest(request: IncomingMessage | Http2ServerRequest, response: ServerResponse | Http2ServerResponse): void {
    const view = new NodeRequestView(request);
    const exchange = this.#exchange(view, response);
    this.admit("http", view, response, (refusal) => {
      if (refusal !== undefined) this.refuseRequest(exchange, refusal);
      else this.serve(exchange);
    });
  }

  /** Takes an upgrade request, whatever its path: for mounting by hand. */
  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    // Before anything can be waited for.
    guardStream(socket);
    const view = new NodeRequestView(request);
    const response = this.hasMiddlewares ? new UpgradeResponse(socket) : undefined;
    this.admit("upgrade", view, response, (refusal) => {
      if (response?.writableEnded) return;
      if (refusal !== undefined) return this.#refuseUpgrade(view, socket, refusal);
      if (response !== undefined) this.#upgradeHeaders.set(request, response.handOver());
      this.#upgrade(view, socket, head);
    });
  }

  /**
   * Takes a WebSocket whose upgrade request somebody else has answered: for frameworks that end WebSockets themselves
   * (Nitro, Nuxt, crossws). It passes the same middlewares and guards as an upgrade, and belongs to this engine from here on:
   * a refused one is closed with code 1008. Headers that middlewares set are too late for the response.
   *
   * @param request the upgrade request
   * @param _socket its stream, which is not needed
   * @param webSocket an open one, of `ws` or like it
   *
   * @example
   * defineEventHandler({
   *   handler: (event) => engine.handleRequest(event.node.req, event.node.res),
   *   websocket: { open: ({ _internal: { nodeReq }, websocket }) => engine.onWebSocket(nodeReq, nodeReq.socket, websocket) },
   * });
   */
  onWebSocket(request: IncomingMessage, _socket: unknown, webSocket: WebSocketLike): void {
    const view = new NodeRequestView(request);
    const response = this.hasMiddlewares ? new AcceptedResponse(webSocket) : undefined;
    const refuse = (refusal: Refusal): void => {
      this.announceRefusal(view, refusal);
      turnAway(webSocket, Buffer.from(refusal.message));
    };
    // Of a refused one, too, nobody else may listen to this.
    webSocket.on("error", ignore);
    // What comes while somebody is asked must not be lost.
    webSocket.pause?.();
    this.admit("upgrade", view, response, (refusal) => {
      if (response?.writableEnded) return;
      if (refusal !== undefined) refuse(refusal);
      else this.#enter(view, webSocket, refuse);
    });
  }

  #enter(view: NodeRequestView, ws: WebSocketLike, refuse: (refusal: Refusal) => void): void {
    const sid = view.query.get("sid");
    if (sid) {
      this.#offer(sid, view, ws, undefined);
      ws.resume?.();
      return;
    }
    this.admission.reserve(view, (result) => {
      if (ws.readyState !== OPEN) return;
      if (isRefusal(result)) return refuse(result);
      this.#open(result, view, ws, undefined);
      ws.resume?.();
    });
  }

  /**
   * Makes messages ready to be written to many sockets, see {@link Engine.prepare}. Legacy: with a request in place of messages
   * there is nothing to do; applications that call {@link Server.onWebSocket} do so before.
   */
  override prepare(messages: readonly EngineData[] | IncomingMessage, options?: EngineWriteOptions): PreparedMessage {
    return super.prepare(Array.isArray(messages) ? messages : [], options);
  }

  /** Legacy: the guards by themselves. Calls back with a code and its context when the request is refused. */
  verify(
    request: IncomingMessage,
    upgrade: boolean,
    callback: (code?: number | null, context?: Readonly<Record<string, unknown>>) => void,
  ): void {
    this.admission.decide(upgrade ? "upgrade" : "http", new NodeRequestView(request), (refusal) => {
      if (refusal === undefined) callback();
      else callback(refusal.code, refusal.context);
    });
  }

  #newExchangeHost(): ExchangeHost {
    const keepsAlive = () => !this.closed && this.httpServer?.listening !== false;
    const reportFailure = (error: unknown) => this.reportHandlerError(error, undefined, "response");
    return {
      get keepsAlive() {
        return keepsAlive();
      },
      reportFailure,
    };
  }

  #exchange(view: NodeRequestView, response: NodeResponse): NodeExchange {
    return new NodeExchange(view, response, this.opts.httpCompression, this.#exchangeHost);
  }

  #refuseUpgrade(view: NodeRequestView, socket: Duplex, refusal: Refusal): void {
    this.announceRefusal(view, refusal);
    const headers = { "Content-type": "text/html", ...refusalHeaders(refusal) };
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
    endRaw(socket, refusal.upgradeStatus, lines, refusal.message);
  }

  // --- WebSocket ----------------------------------------------------------------------------------------------------

  #upgrade(view: NodeRequestView, socket: Duplex, head: Buffer): void {
    const sid = view.query.get("sid");
    if (sid) {
      this.#completeUpgrade(view, socket, head, (ws) => this.#offer(sid, view, ws, socket));
      return;
    }
    this.admission.reserve(view, (result) => {
      if (isRefusal(result)) return this.#refuseUpgrade(view, socket, result);
      this.#completeUpgrade(view, socket, head, (ws) => this.#open(result, view, ws, socket));
    });
  }

  #open({ id, protocol }: Reservation, view: NodeRequestView, ws: AnyWebSocket, socket: Duplex | undefined): void {
    const transport = this.#newWebSocket(protocol, view, ws, socket);
    const session = this.openSession(id, protocol, transport, view);
    this.announceSession(session);
    // The response, the open packet and what the application said at once leave in one write.
    session.flush();
  }

  #completeUpgrade(view: NodeRequestView, socket: Duplex, head: Buffer, done: (ws: AnyWebSocket) => void): void {
    if (socket.destroyed || this.ws === undefined) {
      socket.destroy();
      return;
    }
    const corks = this.opts.wsEngine !== undefined;
    if (corks) socket.cork();
    this.ws.handleUpgrade(view.raw as never, socket as never, head, (ws: AnyWebSocket) => {
      // The transport listens to the WebSocket before the first byte can come (CVE-2022-21676).
      done(ws);
      if (corks) socket.uncork();
    });
  }

  /** A second transport for a session. One that has gone, or moved already, has no use for it. */
  #offer(sid: string, view: NodeRequestView, ws: AnyWebSocket, socket: Duplex | undefined): void {
    const session = this.registry.get(sid);
    const transport = this.#newWebSocket(
      this.protocols.get(session?.protocol ?? protocolV4.revision)!,
      view,
      ws,
      socket,
    );
    if (session === undefined) transport.close();
    else session.offerCandidate(transport);
  }

  #newWebSocket(
    protocol: Protocol,
    view: NodeRequestView,
    ws: AnyWebSocket,
    socket: Duplex | undefined,
  ): BaseTransport {
    const supportsBinary = !view.query.has("b64");
    if (ws instanceof ServerWebSocket) return new WebSocketTransport(protocol, supportsBinary, ws);
    const { maxHttpBufferSize, perMessageDeflate, wsEngine } = this.opts;
    const threshold = perMessageDeflate === false ? Number.POSITIVE_INFINITY : perMessageDeflate.threshold;
    // Only of `ws` we know that it writes whole frames to this very stream and leaves us room between them.
    const stream = wsEngine === undefined || wsEngine === ws8 ? socket : undefined;
    return new ForeignWebSocketTransport(protocol, supportsBinary, ws, stream, threshold, maxHttpBufferSize);
  }

  #createWebSocketServer(): void {
    if (!this.opts.transports.includes("websocket")) return;
    const ws = this.opts.wsEngine === undefined ? this.#newAcceptor() : this.#newForeignServer(this.opts.wsEngine);
    ws.on("headers", (lines: string[], request: NodeRequest) => this.#addUpgradeHeaders(lines, request));
    this.ws = ws;
  }

  #newAcceptor(): WebSocketAcceptor<WebSocketLike> {
    const { maxHttpBufferSize, maxFragments, closeTimeout, perMessageDeflate } = this.opts;
    const options = { maxPayload: maxHttpBufferSize, maxFragments, closeTimeout };
    if (perMessageDeflate === false) return new WebSocketAcceptor(options);
    return new WebSocketAcceptor(options, this.#newForeignServer(ws8) as CompressingServer<WebSocketLike>);
  }

  #newForeignServer(Implementation: WebSocketEngine): WebSocketServerLike {
    const { maxHttpBufferSize, maxFragments, closeTimeout, perMessageDeflate } = this.opts;
    return new Implementation({
      noServer: true,
      clientTracking: false,
      perMessageDeflate,
      maxPayload: maxHttpBufferSize,
      maxFragments,
      maxBufferedChunks: Math.max(16_384, Math.ceil(maxHttpBufferSize / 64)),
      closeTimeout,
    });
  }

  #addUpgradeHeaders(lines: string[], request: NodeRequest): void {
    if (this.hasMiddlewares) {
      lines.push(...(this.#upgradeHeaders.get(request) ?? []));
      this.#upgradeHeaders.delete(request);
    }
    if (this.listenerCount("headers") + this.listenerCount("initial_headers") === 0) return;
    const view = new NodeRequestView(request);
    const headers: ResponseHeaders = {};
    this.decorateHeaders(headers, view, !view.query.get("sid"));
    for (const [name, value] of Object.entries(headers)) {
      for (const one of Array.isArray(value) ? value : [value]) lines.push(`${name}: ${one}`);
    }
  }

  // --- attaching ----------------------------------------------------------------------------------------------------

  #attachPaths(server: AnyHttpServer, paths: readonly string[], options: AttachOptions): this {
    if (typeof (server as Partial<AnyHttpServer> | undefined)?.on !== "function") {
      throw new EngineMisuse("ERR_SOCKEYE_ENGINE_OPTION", "attach() needs an HTTP server");
    }
    this.httpServer = server;
    this.#reopen();
    const known = this.#attached.get(server);
    const claims = known ?? new PathClaims(server, this);
    for (const path of paths) claims.add(path);
    if (known !== undefined) return this;
    this.#attached.set(server, claims);
    this.#takeRequests(server, claims);
    this.#takeUpgrades(server, claims, options);
    server.on("close", () => this.close());
    server.on("listening", () => this.#reopen());
    return this;
  }

  #reopen(): void {
    this.reopen();
    if (this.ws === undefined) this.#createWebSocketServer();
  }

  #takeRequests(server: AnyHttpServer, claims: PathClaims): void {
    const others = server.listeners("request").slice() as RequestListener[];
    server.removeAllListeners("request");
    server.on("request", (request: IncomingMessage, response: ServerResponse) => {
      const match = claims.match(pathOf(request.url ?? ""));
      if (match === "exact") this.handleRequest(request, response);
      else if (match === "below") this.#refuseBelow(request, response);
      else if (others.length > 0) for (const listener of others) listener.call(server, request, response);
      else if (server.listenerCount("request") === 1) notFound(response);
    });
  }

  /** Below the path nothing is served, and nobody else is meant. */
  #refuseBelow(request: IncomingMessage, response: ServerResponse): void {
    const exchange = this.#exchange(new NodeRequestView(request), response);
    this.refuseRequest(exchange, refuse(3, { name: "PATH_MISMATCH", path: pathOf(request.url ?? "") }));
  }

  #takeUpgrades(server: AnyHttpServer, claims: PathClaims, options: AttachOptions): void {
    if (!this.opts.transports.includes("websocket")) return;
    const { destroyUpgrade = true, destroyUpgradeTimeout = 1000 } = options;
    server.on("upgrade", (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      const match = claims.match(pathOf(request.url ?? ""));
      if (match === "exact") this.handleUpgrade(request, socket, head);
      else if (match !== "theirs" && destroyUpgrade) endUnclaimed(socket, destroyUpgradeTimeout);
    });
  }
}

function ignore(): void {}

function notFound(response: ServerResponse): void {
  response.writeHead(404);
  response.end();
}

/** Ends an upgrade request that nobody has answered in time. */
function endUnclaimed(socket: Duplex & { bytesWritten?: number }, timeout: number): void {
  const timer = setTimeout(() => {
    if (!socket.writable || (socket.bytesWritten ?? 0) > 0) return;
    socket.on("error", () => undefined);
    socket.end();
  }, timeout);
  timer.unref();
  socket.once("close", () => clearTimeout(timer));
}

/** Makes an engine and listens on a new HTTP server, which answers everything else with 501. */
export function listen(
  port: number,
  options?: (EngineOptions & AttachOptions) | (() => void),
  callback?: () => void,
): Server {
  if (typeof options === "function") return listen(port, undefined, options);
  return new Server(options).listen(port, options, callback);
}

/** Makes an engine and attaches it to an HTTP server. */
export function attach(server: AnyHttpServer, options?: EngineOptions & AttachOptions): Server {
  return new Server(options).attach(server, options);
}
