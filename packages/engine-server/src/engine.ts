import { encodeHandshake } from "@sockeye/engine-parser";
import { clientsView } from "./compat/clients-view.js";
import type { EngineData, EngineServer, EngineWriteOptions, PreparedMessage } from "./contract.js";
import { Deadlines } from "./deadlines.js";
import { Emitter } from "./emitter.js";
import { HandshakeRefusal } from "./errors.js";
import { FlushQueue } from "./flush-queue.js";
import { Admission, type AdmissionHost, ASK } from "./handshake/admission.js";
import { serializeCookie } from "./handshake/cookie.js";
import { isRefusal, type RequestKind } from "./handshake/guards.js";
import { type Middleware, runMiddlewares } from "./handshake/middleware.js";
import { type Refusal, refusalBody, refusalHeaders, refuse, refuseForNow } from "./handshake/refusal.js";
import { type RequestView, summarize } from "./handshake/request-view.js";
import { type EngineOptions, type ResolvedOptions, resolveOptions } from "./options.js";
import { Registry } from "./registry.js";
import { type OutgoingPacket, prepareMessages } from "./session/outbox.js";
import { type Protocol, protocolV4 } from "./session/protocol.js";
import type { SessionOptions } from "./session/session.js";
import { randomSessionId } from "./session-id.js";
import { type PacketView, Socket, type SocketHost, viewsOf } from "./socket.js";
import type { HttpExchange, ResponseHeaders } from "./transports/http-exchange.js";
import { PollingTransport } from "./transports/polling.js";
import type { BaseTransport } from "./transports/transport.js";
import { type WebTransportChannel, WebTransportTransport } from "./transports/webtransport.js";
import { WebTransportHandshakes } from "./transports/webtransport-handshake.js";
import type { WebTransportRequest, WebTransportSession } from "./transports/webtransport-session.js";
import { protocolV3 } from "./v3/protocol-v3.js";

/** What the engine needs to know of a response while a request is being decided: that it is over. */
export interface ClosingResponse {
  once(event: "close" | "finish", listener: () => void): unknown;
}

/** Sizes of every internal table (see {@link Engine.inspect}). */
export interface EngineInspection {
  /** Live sessions. */
  readonly sessions: number;
  readonly byState: Readonly<Record<string, number>>;
  readonly byTransport: Readonly<Record<string, number>>;
  /** Sessions with a second transport on trial. */
  readonly upgrading: number;
  /** Sessions that have not sent a message yet; counted when `maxSilentSessions` is set. */
  readonly silent: number;
  /** Addresses with at least one session. */
  readonly addresses: number;
  /** What waits to be written, in all sessions. */
  readonly outbox: { readonly packets: number; readonly bytes: number };
  /** Bytes that transports have taken and the operating system has not. */
  readonly inFlight: number;
  /** Polls and uploads without an answer yet. */
  readonly openResponses: number;
  /** Requests whose handshake is being decided. */
  readonly pendingHandshakes: number;
  /** Bytes of uploads and messages that are not whole yet. */
  readonly unfinishedBytes: number;
  /** Entries of the shared timer. */
  readonly deadlines: number;
  /** Sessions in the dirty list. */
  readonly dirty: number;
  /** Volatile messages dropped so far, for want of a ready transport or of room. */
  readonly dropped: number;
  /** Milliseconds that the event loop was late, so far. */
  readonly stalled: number;
}

/** Events of an {@link Engine} with their arguments; requests are those of the server in use. */
export interface EngineEvents {
  connection: [socket: Socket];
  connection_error: [error: HandshakeRefusal];
  // biome-ignore lint/suspicious/noExplicitAny: the request type is that of the server in use
  initial_headers: [headers: ResponseHeaders, request: any];
  // biome-ignore lint/suspicious/noExplicitAny: the request type is that of the server in use
  headers: [headers: ResponseHeaders, request: any];
  flush: [socket: Socket, packets: PacketView[]];
  drain: [socket: Socket];
}

/**
 * What all engines share, whatever server their requests come from: sessions, guards, the shared timer, the dirty list.
 *
 * Events: `connection` (socket), `connection_error` ({@link HandshakeRefusal}), `initial_headers` and `headers` (headers,
 * request), `flush` (socket, packets), `drain` (socket).
 */
export abstract class Engine extends Emitter<EngineEvents> implements EngineServer, SocketHost, AdmissionHost {
  readonly opts: ResolvedOptions;
  readonly deadlines: Deadlines;
  readonly flushQueue = new FlushQueue();
  readonly sessionOptions: SessionOptions;
  protected readonly registry = new Registry();
  protected readonly admission: Admission;
  /** Revisions of the protocol that are served. */
  readonly protocols = new Map<number, Protocol>([[protocolV4.revision, protocolV4]]);
  readonly #webTransports: WebTransportHandshakes;
  readonly #middlewares: Middleware[] = [];
  readonly #clients = clientsView(this.registry);
  readonly #silent = new Set<Socket>();
  #dropped = 0;
  #closed = false;

  /**
   * Makes a session id; may be replaced, and may return a promise. Ids must be unique across all servers of a cluster,
   * and must not be guessable.
   */
  generateId: (request: unknown) => string | PromiseLike<string> = randomSessionId;

  constructor(options?: EngineOptions) {
    super();
    this.opts = resolveOptions(options);
    this.sessionOptions = this.opts;
    this.deadlines = new Deadlines({ resolution: resolutionFor(this.opts) });
    if (this.opts.allowEIO3) this.protocols.set(protocolV3.revision, protocolV3);
    this.admission = new Admission(this, this.opts, this.deadlines);
    this.#webTransports = this.#newWebTransports();
  }

  // --- what applications use ----------------------------------------------------------------------------------------

  /** Live sessions by id, looked at as an object. */
  get clients(): Readonly<Record<string, Socket>> {
    return this.#clients;
  }

  /** Number of live sessions. */
  get clientsCount(): number {
    return this.registry.size;
  }

  /** Transports that a client on `transport` may change to. */
  upgrades(transport: string): string[] {
    if (!this.opts.allowUpgrades || transport !== "polling") return [];
    return this.opts.transports.filter((name) => name !== "polling");
  }

  /**
   * Makes messages ready to be written to many sockets: each wire variant is built once, when the first recipient needs
   * it. `messages` stay adjacent on the wire.
   */
  prepare(messages: readonly EngineData[], options?: EngineWriteOptions): PreparedMessage {
    return prepareMessages(messages, options?.compress !== false, options?.volatile === true);
  }

  /** Ends every connection at once and refuses new ones, until the engine is attached again. */
  close(): this {
    this.#closed = true;
    this.#webTransports.close();
    for (const socket of [...this.registry.values()]) socket.close(true);
    return this;
  }

  /** Sizes of every internal table: all zero again when every client has gone. */
  inspect(): EngineInspection {
    const byState: Record<string, number> = {};
    const byTransport: Record<string, number> = {};
    const sums = { upgrading: 0, packets: 0, bytes: 0, inFlight: 0, openResponses: 0, unfinishedBytes: 0 };
    for (const socket of this.registry.values()) {
      byState[socket.readyState] = (byState[socket.readyState] ?? 0) + 1;
      byTransport[socket.transport.name] = (byTransport[socket.transport.name] ?? 0) + 1;
      addUp(sums, socket);
    }
    return {
      sessions: this.registry.size,
      byState,
      byTransport,
      upgrading: sums.upgrading,
      silent: this.#silent.size,
      addresses: this.registry.addresses,
      outbox: { packets: sums.packets, bytes: sums.bytes },
      inFlight: sums.inFlight,
      openResponses: sums.openResponses,
      pendingHandshakes: this.admission.pending + this.#webTransports.size,
      unfinishedBytes: sums.unfinishedBytes,
      deadlines: this.deadlines.size,
      dirty: this.flushQueue.size,
      dropped: this.#dropped,
      stalled: this.deadlines.stalled,
    };
  }

  // --- AdmissionHost ----------------------------------------------------------------------------------------------------

  get transports(): readonly string[] {
    return this.opts.transports;
  }

  get allowUpgrades(): boolean {
    return this.opts.allowUpgrades;
  }

  findSession(id: string): { transport: string; protocol: number } | undefined {
    const socket = this.registry.get(id);
    return socket && { transport: socket.transport.name, protocol: socket.protocol };
  }

  sessionsOf(address: string): number {
    return this.registry.countOf(address);
  }

  get silentSessions(): number {
    return this.#silent.size;
  }

  get closed(): boolean {
    return this.#closed;
  }

  // --- SocketHost ---------------------------------------------------------------------------------------------------

  forget(socket: Socket): void {
    this.registry.remove(socket);
    this.#silent.delete(socket);
  }

  onFirstMessage(socket: Socket): void {
    this.#silent.delete(socket);
  }

  onFlush(socket: Socket, packets: readonly OutgoingPacket[]): void {
    if (this.listenerCount("flush") > 0) this.emitSafely("flush", socket, packets.flatMap(viewsOf));
  }

  onDrain(socket: Socket): void {
    if (this.listenerCount("drain") > 0) this.emitSafely("drain", socket);
  }

  countDropped(packets: number): void {
    this.#dropped += packets;
  }

  reportHandlerError(error: unknown, socket: Socket | undefined, event: string): void {
    const { onHandlerError } = this.opts;
    if (onHandlerError === undefined) console.error(`sockeye: a listener of "${event}" failed:`, error);
    else onHandlerError(error, { socket, event });
  }

  // --- guards -------------------------------------------------------------------------------------------------------

  protected reopen(): void {
    this.#closed = false;
  }

  /** Adds an Express-style middleware, which runs for every request, upgrades included. */
  use(middleware: Middleware): this {
    this.#middlewares.push(middleware);
    return this;
  }

  protected get hasMiddlewares(): boolean {
    return this.#middlewares.length > 0;
  }

  /**
   * Middlewares, then guards; bounded in number and time. `done` is called at most once: not at all when a middleware
   * answers by itself or the peer leaves. `response` emits `close` or `finish` then; without middlewares none is needed.
   */
  protected admit(
    kind: RequestKind,
    request: RequestView,
    response: ClosingResponse | undefined,
    done: (refusal: Refusal | undefined) => void,
  ): void {
    const verdict = this.#middlewares.length === 0 ? this.admission.decideAtOnce(kind, request) : ASK;
    if (verdict !== ASK) {
      done(verdict);
      return;
    }
    const callOff = this.admission.wait<Refusal | undefined>((answer) => {
      if (this.#middlewares.length === 0) this.admission.decide(kind, request, answer);
      else this.#runMiddlewares(kind, request, response, answer);
    }, done);
    if (callOff === undefined || response === undefined) return;
    response.once("close", callOff);
    response.once("finish", callOff);
  }

  #runMiddlewares(
    kind: RequestKind,
    request: RequestView,
    response: ClosingResponse | undefined,
    answer: (refusal: Refusal | undefined) => void,
  ): void {
    runMiddlewares(this.#middlewares, request.raw, response, (error) => {
      if (error) answer(refuse(3, { name: "MIDDLEWARE_FAILURE", error }));
      else this.admission.decide(kind, request, answer);
    });
  }

  protected announceRefusal(request: RequestView, refusal: Refusal): void {
    if (this.listenerCount("connection_error") === 0) return;
    this.emitSafely("connection_error", new HandshakeRefusal(request.raw, refusal.code, refusal.context));
  }

  // --- HTTP ---------------------------------------------------------------------------------------------------------

  /** Serves an admitted request of long-polling: one of a session, or one that opens a session. */
  protected serve(exchange: HttpExchange): void {
    const sid = exchange.request.query.get("sid");
    if (sid) this.#serveSession(sid, exchange);
    else this.#openPolling(exchange);
  }

  protected refuseRequest(exchange: HttpExchange, refusal: Refusal): void {
    this.announceRefusal(exchange.request, refusal);
    const headers = { "content-type": "application/json", ...refusalHeaders(refusal) };
    exchange.respond(refusal.status, headers, refusalBody(refusal));
  }

  #serveSession(sid: string, exchange: HttpExchange): void {
    const transport = this.registry.get(sid)?.transport;
    // The session may have ended or moved while middlewares ran.
    if (exchange.gone) return;
    if (transport instanceof PollingTransport) transport.onRequest(exchange);
    else this.refuseRequest(exchange, refuse(1, { sid }));
  }

  #openPolling(exchange: HttpExchange): void {
    this.admission.reserve(exchange.request, (result) => {
      if (isRefusal(result)) return this.refuseRequest(exchange, result);
      if (exchange.gone) return;
      const { id, protocol } = result;
      const transport = this.newPolling(id, protocol, exchange.request);
      const socket = this.openSession(id, protocol, transport, exchange.request);
      transport.onRequest(exchange);
      // The handshake travels alone: clients exist that take the whole first response for it.
      socket.flush();
      this.announceSession(socket);
    });
  }

  // --- WebTransport -------------------------------------------------------------------------------------------------

  /**
   * Takes a WebTransport session, from whatever ends HTTP/3. It passes the same middlewares and guards as other
   * requests, and belongs to this engine from here on: also a refused one is closed here.
   *
   * @param request what the front end knows of the request that opened the session. Without it the session's own
   * `url`, `headers` and `remoteAddress` are looked at; without headers, the origin counts as unknown.
   *
   * @example
   * const sessions = (await h3Server.sessionStream("/engine.io/")).getReader();
   * for (let next = await sessions.read(); !next.done; next = await sessions.read()) {
   *   engine.onWebTransportSession(next.value, { headers: headersOf(next.value) });
   * }
   */
  onWebTransportSession(session: WebTransportSession, request?: WebTransportRequest): void {
    this.#webTransports
      .accept(session, request ?? (session as WebTransportRequest))
      // Only of what is no session at all: its maker hears of it, and the process goes on.
      .catch((error: unknown) => this.reportHandlerError(error, undefined, "webtransport session"));
  }

  #newWebTransports(): WebTransportHandshakes {
    return new WebTransportHandshakes(
      {
        refusal: () => this.#refuseWebTransports(),
        admit: (view, response, done) => this.admit("webtransport", view, response, done),
        announceRefusal: (view, refusal) => this.announceRefusal(view, refusal),
        enter: (view, channel, refused) => this.#enterByWebTransport(view, channel, refused),
      },
      this.opts,
      this.deadlines,
    );
  }

  #refuseWebTransports(): Refusal | undefined {
    if (this.#closed) return refuseForNow({ name: "SERVER_CLOSED" });
    return this.opts.transports.includes("webtransport") ? undefined : refuse(0, { transport: "webtransport" });
  }

  #enterByWebTransport(view: RequestView, channel: WebTransportChannel, refused: (refusal: Refusal) => void): void {
    const sid = view.query.get("sid");
    if (sid !== undefined) {
      const socket = this.registry.get(sid);
      if (socket === undefined) refused(refuse(1, { sid }));
      else socket.offerCandidate(new WebTransportTransport(channel, this.opts.closeTimeout));
      return;
    }
    this.admission.reserve(view, (result) => {
      if (isRefusal(result)) return refused(result);
      const transport = new WebTransportTransport(channel, this.opts.closeTimeout);
      this.announceSession(this.openSession(result.id, result.protocol, transport, view));
    });
  }

  // --- sessions -----------------------------------------------------------------------------------------------------

  /** Opens a session on a transport that is ready to be adopted, and announces it. */
  protected openSession(id: string, protocol: Protocol, transport: BaseTransport, request: RequestView): Socket {
    const kept = this.opts.keepRequest ? request.raw : summarize(request);
    const socket = new Socket(id, this, transport, protocol, kept, request.address);
    this.registry.add(socket);
    if (this.opts.maxSilentSessions !== Number.POSITIVE_INFINITY) this.#silent.add(socket);
    const { pingInterval, pingTimeout, maxHttpBufferSize, initialPacket } = this.opts;
    const upgrades = this.upgrades(transport.name);
    const handshake = encodeHandshake({ sid: id, upgrades, pingInterval, pingTimeout, maxPayload: maxHttpBufferSize });
    socket.open(handshake, initialPacket);
    return socket;
  }

  /** Tells the application about a new session. */
  protected announceSession(socket: Socket): void {
    this.emitSafely("connection", socket);
    socket.announceOpen();
    if (this.#closed) socket.close(true);
  }

  /** A polling transport for a new session. */
  protected newPolling(id: string, protocol: Protocol, request: RequestView): PollingTransport {
    let initial = true;
    return new PollingTransport(protocol, request, {
      maxHttpBufferSize: this.opts.maxHttpBufferSize,
      maxPacketsPerPayload: this.opts.maxPacketsPerPayload,
      decorate: (headers, of) => {
        if (initial && this.opts.cookie !== false) headers["set-cookie"] = serializeCookie(this.opts.cookie, id);
        this.decorateHeaders(headers, of, initial);
        initial = false;
      },
    });
  }

  /** Lets listeners change response headers. */
  protected decorateHeaders(headers: ResponseHeaders, request: RequestView, initial: boolean): void {
    if (initial && this.listenerCount("initial_headers") > 0) {
      this.emitSafely("initial_headers", headers, request.raw);
    }
    if (this.listenerCount("headers") > 0) this.emitSafely("headers", headers, request.raw);
  }

  protected emitSafely(event: string, ...args: unknown[]): void {
    try {
      this.emit(event, ...args);
    } catch (error) {
      this.reportHandlerError(error, undefined, event);
    }
  }
}

/** Fine enough for the shortest of the configured times, and no finer than needed. */
function resolutionFor(options: ResolvedOptions): number {
  const { pingInterval, pingTimeout, upgradeTimeout, closeTimeout, handshakeTimeout } = options;
  const shortest = Math.min(pingInterval, pingTimeout, upgradeTimeout, closeTimeout, handshakeTimeout);
  return Math.min(Math.max(Math.floor(shortest / 20), 5), 250);
}

interface Sums {
  upgrading: number;
  packets: number;
  bytes: number;
  inFlight: number;
  openResponses: number;
  unfinishedBytes: number;
}

function addUp(sums: Sums, socket: Socket): void {
  const { transport } = socket;
  if (socket.upgrading) sums.upgrading++;
  sums.packets += socket.outboxLength;
  sums.bytes += socket.outboxSize;
  sums.inFlight += transport.bufferedAmount;
  sums.unfinishedBytes += transport.unfinishedBytes;
  if (transport instanceof PollingTransport) sums.openResponses += transport.openResponses;
}
