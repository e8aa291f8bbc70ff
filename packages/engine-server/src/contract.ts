/**
 * The engine contract: what a Socket.IO server (or anybody else) may ask of an Engine.IO server, and what an
 * implementation owes it. `Server.bind(engine)` takes an {@link EngineServer}, `Server.onconnection(socket)` an
 * {@link EngineSocket}; our own engine, the incumbent's and a ten-line in-memory pair all satisfy the required part.
 *
 * Everything marked "capability" is optional. A user of the contract MUST work without it, and MUST look for it on the
 * object itself (`typeof socket.setSink === "function"`), never by the name of an engine.
 */

/** Application data of one Engine.IO message: text, or bytes in any binary form. */
export type EngineData = string | ArrayBuffer | ArrayBufferView;

/** Options of one write. */
export interface EngineWriteOptions {
  /** Compress this message where the transport can. Default `true`; `false` MUST be honoured on every transport. */
  readonly compress?: boolean;
  /**
   * The message may be dropped. An engine MUST drop it when the transport is not ready to take it at once, and MUST
   * drop volatile messages first when an outbox is over its budget. Binary data written right after a volatile message
   * counts as part of it. Default `false`.
   */
  readonly volatile?: boolean;
}

/** Why a connection ended. A custom engine MAY use further words; these are what the Socket.IO API documents. */
export type EngineCloseReason =
  | "transport close"
  | "transport error"
  | "ping timeout"
  | "parse error"
  | "forced close"
  | "slow consumer"
  | (string & {});

/**
 * Where a connection hands over what arrives, without event dispatch: one object per connection, not one closure per
 * event. Methods are called synchronously, in order of arrival, never re-entrantly, and never after `onClose`.
 */
export interface EngineSink {
  /** One message arrived. MUST NOT throw: the receiver owns its errors. */
  onData(data: EngineData): void;
  /**
   * All that the transport has read so far was handed over. An engine SHOULD call it after one or more `onData`, as soon
   * as it knows: what came in one piece may then be worked off at once and together. Who is not called goes on at the end
   * of the turn of the event loop.
   */
  onRest?(): void;
  /** The connection ended. Called exactly once. */
  onClose(reason: EngineCloseReason, details?: unknown): void;
  /** The outbox ran empty after having held something. */
  onDrain?(): void;
}

/** Counters of what one connection still has to write (capability). */
export interface EngineBackpressure {
  /** Bytes accepted by `write` and not yet handed to the operating system. */
  readonly bufferedAmount: number;
  /** Resolves when the outbox is empty; rejects with `ERR_SOCKEYE_ENGINE_CLOSED` when the connection ends first. */
  drained(): Promise<void>;
}

/** One Engine.IO connection, as `EngineServer`'s `connection` event hands it over. */
export interface EngineSocket {
  /** Session id. Secret: it travels in URLs and MUST NOT be shown to other clients. */
  readonly id: string;
  /** Revision of the Engine.IO protocol this peer speaks. */
  readonly protocol: number;
  readonly readyState: "opening" | "open" | "closing" | "closed" | (string & {});
  /** The request that opened the session; `undefined` when the engine keeps none, or the application deleted it. */
  readonly request?: unknown;
  /** Address of the peer; `undefined` when unknown. */
  readonly remoteAddress?: string | undefined;
  readonly transport: {
    /** `"polling"`, `"websocket"`, `"webtransport"`, or a name of the engine's own. */
    readonly name: string;
    /** Whether a message written now would leave without waiting: nothing queued, nothing in flight. */
    readonly writable: boolean;
  };

  /**
   * Queues one message. MUST keep order, MUST copy nothing the caller may not change later (callers do not mutate data
   * after `write`), MUST ignore the call once the connection is closing. `callback` runs when the batch that holds the
   * message was handed to the transport.
   */
  write(data: EngineData, options?: EngineWriteOptions, callback?: () => void): unknown;

  /** Ends the connection: after the queue was written, or at once with `discard`. Idempotent. */
  close(discard?: boolean): unknown;

  on(event: "data", listener: (data: EngineData) => void): unknown;
  on(event: "close", listener: (reason: EngineCloseReason, details?: unknown) => void): unknown;
  on(event: "error", listener: (error: Error) => void): unknown;
  on(event: string, listener: (...args: unknown[]) => void): unknown;
  removeListener(event: string, listener: (...args: unknown[]) => void): unknown;

  // --- capabilities -------------------------------------------------------------------------------------------------

  /**
   * Capability: direct hand-over. With a sink set, data and the end of the connection go to the sink; `data`,
   * `message` and `close` events are still emitted to those who listen, after the sink was told. An engine with this
   * capability MUST NOT emit `error` when nobody listens for it: the owner of a sink adds no listeners.
   */
  setSink?(sink: EngineSink): void;

  /**
   * Capability: queues what {@link EngineServer.prepare} made. Same order and life-cycle rules as `write`. The same
   * prepared object is given to many sockets: an implementation MUST NOT change it other than by filling its lazy
   * variants.
   */
  writePrepared?(prepared: PreparedMessage): void;

  /** Capability: see {@link EngineBackpressure}. */
  readonly bufferedAmount?: number;
  drained?(): Promise<void>;
}

declare const preparedBrand: unique symbol;

/**
 * Messages made ready once for many recipients: each wire variant (text frame, binary frame, base64 packet, compressed
 * frame) is built when the first recipient needs it and shared by the others. Opaque outside the engine that made it;
 * MUST NOT be passed to another engine.
 */
export interface PreparedMessage {
  readonly [preparedBrand]: true;
}

/**
 * Capability: fan-out inside the engine, for engines whose transports have topics of their own. Only sockets for which
 * `subscribe` returned `true` are reached; the caller writes to the others itself.
 */
export interface EngineTopics {
  /** Returns `false` when this socket's current transport cannot take part (a polling session, say). */
  subscribe(socket: EngineSocket, topic: string): boolean;
  unsubscribe(socket: EngineSocket, topic: string): void;
  /**
   * Sends `messages` (one Socket.IO packet: its text and then its attachments, kept adjacent) to every subscriber of `topic` but
   * `except`. MUST keep the order of this call relative to `write` and `writePrepared` on each subscriber.
   */
  publish(topic: string, messages: readonly EngineData[], options?: EnginePublishOptions): void;
}

export interface EnginePublishOptions {
  /** The one subscriber that does not get it. */
  readonly except?: EngineSocket | undefined;
  /** Whether transports may compress. Default `true`. */
  readonly compress?: boolean | undefined;
}

/** An Engine.IO server as `Server.bind()` takes it. */
export interface EngineServer {
  /** MUST be emitted once per session, synchronously after the session can be written to and before any `data`. */
  on(event: "connection", listener: (socket: EngineSocket) => void): unknown;
  on(event: string, listener: (...args: unknown[]) => void): unknown;
  removeListener?(event: string, listener: (...args: unknown[]) => void): unknown;
  /** Ends every connection and refuses new ones. Idempotent. */
  close(): unknown;
  readonly clientsCount?: number;

  /**
   * Capability: makes `messages` (one Socket.IO packet: its text and then its attachments, kept adjacent) ready to be
   * written to many sockets.
   */
  prepare?(messages: readonly EngineData[], options?: EngineWriteOptions): PreparedMessage;
  /** Capability: native fan-out. */
  readonly topics?: EngineTopics;
}
