import { Engine, type EngineInspection } from "../engine.js";
import type { Reservation } from "../handshake/admission.js";
import { isRefusal } from "../handshake/guards.js";
import { type Refusal, refusalHeaders, refuse } from "../handshake/refusal.js";
import { pathOf } from "../handshake/request-view.js";
import { nodeCors } from "../http/node-cors.js";
import type { EngineOptions } from "../options.js";
import type { Protocol } from "../session/protocol.js";
import type { ResponseHeaders } from "../transports/http-exchange.js";
import type { NativeApp, NativeBehavior, NativeRequest, NativeResponse, NativeWebSocket } from "./native.js";
import { UwsExchange } from "./uws-exchange.js";
import { type HeaderEntry, type UwsHandshake, UwsReply } from "./uws-reply.js";
import { UwsRequest, UwsRequestView } from "./uws-request.js";
import { UwsResponse } from "./uws-response.js";
import { UwsTopics } from "./uws-topics.js";
import { UwsWebSocketTransport } from "./uws-websocket.js";

const DEFAULT_PATH = "/engine.io";
const DEFAULT_THRESHOLD = 1024;
/** Seconds between which the library takes an `idleTimeout`. */
const [MIN_IDLE, MAX_IDLE] = [8, 960];

/** Options of {@link UwsServer.attach}. */
export interface UwsAttachOptions {
  /** Path to serve. Default: that of the engine's options, else `"/engine.io"`. */
  path?: string;
  /** Both forms of the path are served either way; here for those who name it. */
  addTrailingSlash?: boolean;
  /** Compression of WebSocket messages: a constant of uWebSockets.js. Default: none. */
  compression?: number;
  /**
   * Seconds without a sign from a connection, after which the library drops it (0: never). Default: enough for the
   * engine's own heartbeat to notice first, so that it only clears what is left of connections whose session has ended.
   */
  idleTimeout?: number;
  /** Bytes that may wait in one WebSocket of the library. Default: `maxOutboxBytes`. */
  maxBackpressure?: number;
  /**
   * Serves requests below the path, with a request and a response in the manner of node:http; returns `false` for what it
   * does not know, which the engine then refuses.
   */
  below?: (request: UwsRequest, response: UwsResponse) => boolean;
}

/** An application that is served, and how. */
interface Served {
  readonly app: NativeApp;
  readonly secure: boolean;
  /** Smallest message worth compressing. */
  readonly compressFrom: number;
}

/** A request on its way to become a WebSocket. */
interface Upgrade {
  readonly served: Served;
  readonly view: UwsRequestView;
  readonly reply: UwsReply;
  readonly shim: UwsResponse | undefined;
  /** The library's own part of it. */
  readonly context: unknown;
  /** What its session starts from; nothing, if it is for a session that there is. */
  reservation: Reservation | undefined;
}

/** The user data of a WebSocket: what its handlers work on. */
class UwsConnection {
  transport: UwsWebSocketTransport | undefined;
  /** Until the WebSocket is open. */
  upgrade: Upgrade | undefined;

  constructor(upgrade: Upgrade) {
    this.upgrade = upgrade;
  }
}

/**
 * An Engine.IO server on an application of uWebSockets.js: the same sessions, guards, limits and answers as on node:http.
 *
 * @example
 * const app = uWS.App();
 * const engine = new UwsServer({ cors: { origin: "https://example.com" } });
 * engine.attach(app, { path: "/engine.io" });
 * app.listen(3000, () => {});
 */
export class UwsServer extends Engine {
  /** Fan-out by the library itself. */
  readonly topics: UwsTopics;

  constructor(options?: EngineOptions) {
    super(options);
    this.topics = new UwsTopics(this.flushQueue, this.opts.maxOutboxBytes);
    if (this.opts.cors !== false) this.use(nodeCors(this.opts.cors));
  }

  /** Serves a path of an application. Its other routes are not touched. */
  attach(app: NativeApp, options: UwsAttachOptions = {}): this {
    this.reopen();
    const compressFrom = options.compression ? this.#compressionThreshold() : Number.POSITIVE_INFINITY;
    this.topics.add(app, compressFrom);
    const secure = app.constructor.name === "uWS.SSLApp";
    const served: Served = { app, secure, compressFrom };
    const path = (options.path ?? this.opts.path ?? DEFAULT_PATH).replace(/\/$/, "");
    for (const pattern of [path || "/", ...(path === "" ? [] : [`${path}/`])]) {
      if (this.opts.transports.includes("websocket")) this.#serveWebSockets(pattern, served, options);
      app.any(pattern, (response, request) => this.#onRequest(response, request, secure));
    }
    if (path !== "")
      app.any(`${path}/*`, (response, request) => this.#onRequestBelow(response, request, secure, options));
    return this;
  }

  /** Sizes of every internal table; `subscribers` counts the sessions that topics reach. */
  override inspect(): EngineInspection & { readonly subscribers: number } {
    return { ...super.inspect(), subscribers: this.topics.size };
  }

  // --- requests -----------------------------------------------------------------------------------------------------

  #onRequest(response: NativeResponse, request: NativeRequest, secure: boolean): void {
    const view = new UwsRequestView(new UwsRequest(request, response, secure));
    // Who opens a session may be gone before it is admitted, and middlewares may look when all is over.
    if (this.hasMiddlewares || !view.query.has("sid")) view.raw.rememberAddress();
    const reply = this.#reply(response, view);
    const shim = this.hasMiddlewares ? new UwsResponse(reply) : undefined;
    const exchange = this.#exchange(view, response, reply, shim);
    this.admit("http", view, shim ?? reply, (refusal) => {
      if (refusal !== undefined) this.refuseRequest(exchange, refusal);
      else this.serve(exchange);
    });
  }

  /** Below the path nothing is served but what the application has there, and nobody else is meant. */
  #onRequestBelow(
    response: NativeResponse,
    request: NativeRequest,
    secure: boolean,
    { below }: UwsAttachOptions,
  ): void {
    const raw = new UwsRequest(request, response, secure);
    raw.rememberAddress();
    const view = new UwsRequestView(raw);
    const reply = this.#reply(response, view);
    if (below?.(raw, new UwsResponse(reply)) === true) return;
    const refusal = refuse(3, { name: "PATH_MISMATCH", path: pathOf(view.url) });
    this.refuseRequest(this.#exchange(view, response, reply, undefined), refusal);
  }

  #reply(response: NativeResponse, { method, raw }: UwsRequestView): UwsReply {
    // Who wanted to talk WebSocket and did not get that far has nothing more to say in HTTP.
    const isUpgrade = raw.headers.upgrade !== undefined;
    return new UwsReply(response, method === "HEAD", () => isUpgrade || this.closed);
  }

  #exchange(
    view: UwsRequestView,
    response: NativeResponse,
    reply: UwsReply,
    shim: UwsResponse | undefined,
  ): UwsExchange {
    return new UwsExchange(view, response, reply, shim, this.opts.httpCompression, this.opts.maxHttpBufferSize);
  }

  // --- WebSocket ----------------------------------------------------------------------------------------------------

  #serveWebSockets(pattern: string, served: Served, options: UwsAttachOptions): void {
    const behavior: NativeBehavior = {
      compression: options.compression ?? 0,
      idleTimeout: options.idleTimeout ?? this.#idleTimeout(),
      maxBackpressure: options.maxBackpressure ?? boundedInt(this.opts.maxOutboxBytes),
      maxPayloadLength: boundedInt(this.opts.maxHttpBufferSize),
      closeOnBackpressureLimit: true,
      sendPingsAutomatically: false,
      upgrade: (response, request, context) => this.#onUpgrade(served, response, request, context),
      open: (socket) => this.#onOpen(socket),
      message: onMessage,
      ping: onControlFrame,
      pong: onControlFrame,
      drain: onDrain,
      close: onClose,
    };
    served.app.ws(pattern, behavior as never);
  }

  #idleTimeout(): number {
    const seconds = Math.ceil((this.opts.pingInterval + this.opts.pingTimeout) / 1000) + MIN_IDLE;
    return seconds > MAX_IDLE ? 0 : seconds;
  }

  #onUpgrade(served: Served, response: NativeResponse, request: NativeRequest, context: unknown): void {
    const view = new UwsRequestView(new UwsRequest(request, response, served.secure));
    view.raw.rememberAddress();
    const reply = new UwsReply(response, false, always);
    const shim = this.hasMiddlewares ? new UwsResponse(reply) : undefined;
    const upgrade: Upgrade = { served, view, reply, shim, context, reservation: undefined };
    if (!isWebSocketHandshake(view)) this.#refuseUpgrade(upgrade, refuse(3, { name: "TRANSPORT_HANDSHAKE_ERROR" }));
    else this.admit("upgrade", view, shim ?? reply, (refusal) => this.#onVerdict(upgrade, refusal));
  }

  #onVerdict(upgrade: Upgrade, refusal: Refusal | undefined): void {
    const { view, reply, shim } = upgrade;
    if (!reply.open || shim?.writableEnded) return;
    if (refusal !== undefined) this.#refuseUpgrade(upgrade, refusal);
    else if (view.query.get("sid")) this.#upgrade(upgrade);
    else
      this.admission.reserve(view, (result) => {
        if (!reply.open) return;
        if (isRefusal(result)) return this.#refuseUpgrade(upgrade, result);
        upgrade.reservation = result;
        this.#upgrade(upgrade);
      });
  }

  #upgrade(upgrade: Upgrade): void {
    const { view, reply, shim, context } = upgrade;
    const handshake: UwsHandshake = {
      key: view.header("sec-websocket-key") ?? "",
      protocol: view.header("sec-websocket-protocol") ?? "",
      extensions: view.header("sec-websocket-extensions") ?? "",
      context,
    };
    reply.upgrade(handshake, this.#upgradeHeaders(view, shim), new UwsConnection(upgrade));
  }

  /** The WebSocket is there. `getUserData` is the WebSocket object itself, which has our fields on it. */
  #onOpen(socket: NativeWebSocket): void {
    const connection = socket as unknown as UwsConnection;
    const upgrade = connection.upgrade!;
    connection.upgrade = undefined;
    const { view, reservation } = upgrade;
    if (reservation === undefined) {
      connection.transport = this.#offer(view.query.get("sid")!, socket, upgrade);
      return;
    }
    const { id, protocol } = reservation;
    connection.transport = this.#newTransport(protocol, socket, upgrade);
    const session = this.openSession(id, protocol, connection.transport, view);
    this.announceSession(session);
    session.flush();
  }

  /** A second transport for a session. One that has gone, or moved already, has no use for it. */
  #offer(sid: string, socket: NativeWebSocket, upgrade: Upgrade): UwsWebSocketTransport | undefined {
    const session = this.registry.get(sid);
    const protocol = session && this.protocols.get(session.protocol);
    if (session === undefined || protocol === undefined) {
      socket.end();
      return undefined;
    }
    const transport = this.#newTransport(protocol, socket, upgrade);
    session.offerCandidate(transport);
    return transport;
  }

  #newTransport(protocol: Protocol, socket: NativeWebSocket, { served, view }: Upgrade): UwsWebSocketTransport {
    const { app, compressFrom } = served;
    return new UwsWebSocketTransport(protocol, !view.query.has("b64"), socket, app, this.topics, compressFrom);
  }

  #refuseUpgrade({ view, reply }: Upgrade, refusal: Refusal): void {
    this.announceRefusal(view, refusal);
    const headers = { "Content-type": "text/html", ...refusalHeaders(refusal) };
    reply.answer(refusal.upgradeStatus, undefined, Object.entries(headers), refusal.message);
  }

  #upgradeHeaders(view: UwsRequestView, shim: UwsResponse | undefined): HeaderEntry[] {
    const collected = shim?.handOver() ?? [];
    if (this.listenerCount("headers") + this.listenerCount("initial_headers") === 0) return collected;
    const headers: ResponseHeaders = {};
    this.decorateHeaders(headers, view, !view.query.get("sid"));
    return [...collected, ...Object.entries(headers)];
  }

  #compressionThreshold(): number {
    const { perMessageDeflate } = this.opts;
    return perMessageDeflate === false ? DEFAULT_THRESHOLD : perMessageDeflate.threshold;
  }
}

/** The library only looks whether there is a key. */
function isWebSocketHandshake(view: UwsRequestView): boolean {
  return (
    view.header("upgrade")?.toLowerCase() === "websocket" &&
    view.header("sec-websocket-version") === "13" &&
    /^[+/0-9A-Za-z]{22}==$/.test(view.header("sec-websocket-key") ?? "")
  );
}

/** The library keeps limits in 32 bits. */
function boundedInt(value: number): number {
  return Math.min(value, 0x7fff_ffff);
}

/** Who does not get to talk WebSocket has nothing more to say in HTTP. */
function always(): boolean {
  return true;
}

// One function for all connections.

function onMessage(socket: NativeWebSocket, message: ArrayBuffer, isBinary: boolean): void {
  connectionOf(socket).transport?.onMessage(message, isBinary);
}

function onControlFrame(socket: NativeWebSocket): void {
  connectionOf(socket).transport?.onControlFrame();
}

function onDrain(socket: NativeWebSocket): void {
  connectionOf(socket).transport?.onDrain();
}

function onClose(socket: NativeWebSocket): void {
  connectionOf(socket).transport?.onSocketClose();
}

function connectionOf(socket: NativeWebSocket): UwsConnection {
  return socket as unknown as UwsConnection;
}
