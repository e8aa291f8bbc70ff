/**
 * Errors of the engine. Three kinds, by blame:
 *
 * - {@link EngineMisuse}: the application called something wrongly (a bad option, a write after the end).
 * - {@link EngineViolation}: the peer broke the protocol or a limit. Ends its request or its connection, nothing else.
 * - {@link TransportFailure}: the medium broke (reset, premature close); nobody is to blame.
 *
 * Every error carries a stable `code`. The refusal of a request is a {@link HandshakeRefusal}, whose `code` is the number
 * that the Engine.IO protocol gives it.
 */
export type EngineErrorCode =
  /** An option has a value that makes no sense. */
  | "ERR_SOCKEYE_ENGINE_OPTION"
  /** `generateId` gave something that is no id, or one that is in use. */
  | "ERR_SOCKEYE_ENGINE_SESSION_ID"
  /** `handleUpgrade` was called for a request that was upgraded already: two servers would each answer it. */
  | "ERR_SOCKEYE_ENGINE_UPGRADED"
  /** Something else than text or binary data was given to be sent. */
  | "ERR_SOCKEYE_ENGINE_DATA"
  /** The operation needs an open connection, and this one is closing or closed. */
  | "ERR_SOCKEYE_ENGINE_CLOSED"
  /** A middleware failed after the response had begun. */
  | "ERR_SOCKEYE_ENGINE_MIDDLEWARE"
  /** The peer sent a heartbeat that only the other side may send. */
  | "ERR_SOCKEYE_ENGINE_HEARTBEAT_DIRECTION"
  /** The peer sent a packet that has no meaning in this state. */
  | "ERR_SOCKEYE_ENGINE_UNEXPECTED_PACKET"
  /** A second poll while one is open. */
  | "ERR_SOCKEYE_ENGINE_POLL_OVERLAP"
  /** A second upload while one is being read. */
  | "ERR_SOCKEYE_ENGINE_POST_OVERLAP"
  /** The peer ended a poll before it was answered. */
  | "ERR_SOCKEYE_ENGINE_POLL_ABORTED"
  /** The peer ended an upload before it was whole. */
  | "ERR_SOCKEYE_ENGINE_POST_ABORTED"
  /** An upload of a content type that this protocol revision does not have. */
  | "ERR_SOCKEYE_ENGINE_INVALID_CONTENT"
  /** An upload larger than `maxHttpBufferSize`. */
  | "ERR_SOCKEYE_ENGINE_PAYLOAD_TOO_LARGE"
  /** The peer broke the rules of WebSocket, or a limit; which one says the code of `cause`, and the peer its close code. */
  | "ERR_SOCKEYE_ENGINE_WEBSOCKET"
  /** A WebTransport session did not begin with a stream and an open packet on it, in time. */
  | "ERR_SOCKEYE_ENGINE_WEBTRANSPORT_HANDSHAKE"
  /** The medium of a WebTransport session broke. */
  | "ERR_SOCKEYE_ENGINE_WEBTRANSPORT"
  /** The outbox is over `maxOutboxBytes` or `maxOutboxPackets`: the peer does not read what it is sent. */
  | "ERR_SOCKEYE_ENGINE_SLOW_CONSUMER";

export class EngineError extends Error {
  readonly code: EngineErrorCode;
  constructor(code: EngineErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
    this.code = code;
  }
}

/** Local misuse. */
export class EngineMisuse extends EngineError {}

/** The peer broke the protocol or a limit. */
export class EngineViolation extends EngineError {}

/** The medium broke. */
export class TransportFailure extends EngineError {}

/** Why a request is refused, as the Engine.IO protocol numbers it. */
export const RefusalCode = {
  UNKNOWN_TRANSPORT: 0,
  UNKNOWN_SID: 1,
  BAD_HANDSHAKE_METHOD: 2,
  BAD_REQUEST: 3,
  FORBIDDEN: 4,
  UNSUPPORTED_PROTOCOL_VERSION: 5,
} as const;

export type RefusalCode = (typeof RefusalCode)[keyof typeof RefusalCode];

/** The English text of each {@link RefusalCode}, as it travels in response bodies. */
export const refusalMessages: Readonly<Record<RefusalCode, string>> = {
  0: "Transport unknown",
  1: "Session ID unknown",
  2: "Bad handshake method",
  3: "Bad request",
  4: "Forbidden",
  5: "Unsupported protocol version",
};

/** What `connection_error` listeners get: a request was refused. */
export class HandshakeRefusal extends Error {
  /** The request as the platform gave it. */
  readonly req: unknown;
  readonly code: RefusalCode;
  /** Details: `name` says which guard refused, where the code alone does not. */
  readonly context: Readonly<Record<string, unknown>>;

  constructor(req: unknown, code: RefusalCode, context: Readonly<Record<string, unknown>>) {
    super(refusalMessages[code]);
    this.name = "HandshakeRefusal";
    this.req = req;
    this.code = code;
    this.context = context;
  }
}
