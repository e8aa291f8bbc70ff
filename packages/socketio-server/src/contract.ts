import type { AdapterConstructor, RecoveryFailure, Room, SocketId } from "@sockeye/adapter-base";
import type { Parser } from "@sockeye/socketio-parser";
import type { AnyValue } from "./typed-events.js";

/** What the Socket.IO server promises to those above it: options, limits, reasons, hooks. Types only. */

export type { Room, SocketId };

/** The error with which a middleware refuses a client: the client gets `message` and `data`. */
export interface ExtendedError extends Error {
  data?: AnyValue;
}

/** Why a socket left its namespace, as `disconnect` and `disconnecting` report it. */
export type DisconnectReason =
  | "transport error"
  | "transport close"
  | "forced close"
  | "ping timeout"
  | "parse error"
  | "slow consumer"
  | "server shutting down"
  | "forced server close"
  | "client namespace disconnect"
  | "server namespace disconnect";

/** The request that opened the connection, as applications read it. */
export interface Handshake {
  /** Headers of the first request; the same object as `socket.request.headers`. */
  headers: Record<string, string | string[] | undefined>;
  /** When it happened, as a string. */
  time: string;
  /** Address of the peer. */
  address: string;
  /** Whether an `Origin` header came with it. */
  xdomain: boolean;
  /** Whether it came over TLS. */
  secure: boolean;
  /** When it happened, in milliseconds since 1970. */
  issued: number;
  url: string;
  /** Query of the first request; a repeated parameter is an array. */
  query: Record<string, string | string[] | undefined>;
  /** What the client passed as `auth`. Peer-chosen: validate it. */
  auth: Record<string, AnyValue>;
}

/** Where an error that nobody awaits came from. */
export interface ErrorContext {
  /** The socket it concerns, if it concerns one. */
  readonly socket: { readonly id: SocketId; readonly connected: boolean } | undefined;
  /** The event whose listener failed, or `"middleware"`, `"packet middleware"`, `"acknowledgement"`, `"namespace matcher"`, `"adapter"`, `"limit"`, `"connection"`. */
  readonly event: string | symbol;
  readonly namespace: string | undefined;
}

/**
 * Hears of every error that nobody else does: a listener, middleware or acknowledgement callback that throws or rejects, an
 * adapter in trouble, a connection closed because of a limit. Without one, errors are printed with their stack on stderr.
 */
export type ErrorHandler = (error: Error, context: ErrorContext) => void;

/** What one peer may make the server hold or do. `Infinity` switches a limit off. */
export interface ServerLimits {
  /** Namespaces that one connection may have joined at a time. Default 256. Answer: CONNECT_ERROR with `data.code` `ERR_SOCKEYE_SERVER_TOO_MANY_NAMESPACES`. */
  readonly namespacesPerConnection: number;
  /** CONNECT packets of one connection that may be under way (in middlewares) at a time. Default 64. Answer: CONNECT_ERROR, `ERR_SOCKEYE_SERVER_TOO_MANY_CONNECTS`. */
  readonly pendingConnects: number;
  /** Rooms one socket may be in. Default `Infinity`: the application does the joining. `socket.join` throws `ERR_SOCKEYE_SERVER_TOO_MANY_ROOMS`. */
  readonly roomsPerSocket: number;
  /** Acknowledgements that one socket may owe. Default 10,000. The oldest makes room: it settles with `ERR_SOCKEYE_SERVER_TOO_MANY_ACKS`. */
  readonly pendingAcks: number;
  /** Namespaces that clients may create through a RegExp or function. Default 10,000. Answer: CONNECT_ERROR, `ERR_SOCKEYE_SERVER_TOO_MANY_DYNAMIC_NAMESPACES`. */
  readonly dynamicNamespaces: number;
  /** Characters (bytes, for a binary codec) of a CONNECT packet, its `auth` payload above all. Default 65,536. The connection is closed: `ERR_SOCKEYE_SERVER_AUTH_TOO_LARGE`. */
  readonly authSize: number;
  /** Events that one connection may send per second, with one second's worth of burst. Default `Infinity`. The connection is closed: `ERR_SOCKEYE_SERVER_TOO_MANY_EVENTS`. */
  readonly eventsPerSecond: number;
  /** Characters or bytes that one connection may send per second, with one second's worth of burst. Default `Infinity`. The connection is closed: `ERR_SOCKEYE_SERVER_TOO_MANY_BYTES`. */
  readonly bytesPerSecond: number;
  /** Milliseconds in which the attachments of a packet must have followed it. Default 30,000. The connection is closed: `ERR_SOCKEYE_SERVER_ATTACHMENT_TIMEOUT`. */
  readonly attachmentTimeout: number;
  /** Clients of a namespace whose last event is remembered, so that a retry of it is not handled twice. Default 10,000. The one longest quiet makes room. */
  readonly retryingClients: number;
  /** Attachments of one packet; passed to the parser. Default 10. */
  readonly attachments: number;
}

/** Connection state recovery: see the option of the same name. */
export interface ConnectionStateRecoveryOptions {
  /** How long a session can be resumed after its connection ended, in milliseconds. Default 120,000. */
  maxDisconnectionDuration?: number;
  /** Whether a resumed session skips the namespace's middlewares. Default `true`. */
  skipMiddlewares?: boolean;
}

/** Options of the Socket.IO part of a server; those of the engine and of `attach` may stand beside them. */
export interface SocketOptions {
  /** Path under which the engine and the client files are served. Default `/socket.io`. */
  path: string;
  /** Whether the client's builds are served under `path`. Default `true`. */
  serveClient: boolean;
  /** The adapter class, or a factory of it. Default: the in-memory adapter. */
  adapter: AdapterConstructor;
  /** The codec. Default: JSON, `@sockeye/socketio-parser`. */
  parser: Parser;
  /** Milliseconds in which a connection must have joined a namespace; 0 for ever. Default 45,000. Closed otherwise: `ERR_SOCKEYE_SERVER_CONNECT_TIMEOUT`. */
  connectTimeout: number;
  /** Milliseconds in which each namespace middleware must have answered. Default 45,000. Answer: CONNECT_ERROR, `ERR_SOCKEYE_SERVER_MIDDLEWARE_TIMEOUT`. */
  middlewareTimeout: number;
  /** Milliseconds that `emitWithAck` on a broadcast waits when `timeout()` was not called. Default 10,000. `ERR_SOCKEYE_SERVER_ACK_TIMEOUT`. */
  ackTimeout: number;
  /** Switches connection state recovery on. Default: off. The adapter must be able to. */
  connectionStateRecovery: ConnectionStateRecoveryOptions;
  /** Whether a namespace that a client created is removed when its last socket has left. Default `false`. */
  cleanupEmptyChildNamespaces: boolean;
  /** Milliseconds that an empty child namespace is kept before it is removed. Default 0. */
  emptyChildNamespaceLinger: number;
  /** What one peer may make the server hold or do. */
  limits: Partial<ServerLimits>;
  /** See {@link ErrorHandler}. Also `io.onError(handler)`. */
  onError: ErrorHandler;
}

/** What became of a session that the client asked to resume. */
export type Recovery =
  | { readonly ok: true /** Number of events that were replayed. */; readonly missed: number }
  | {
      readonly ok: false;
      /** `"new"`: nothing was asked for. `"off"`: recovery is not switched on. */
      readonly reason: RecoveryFailure | "new" | "off";
    };

/** Sizes of the internal tables, as `io.inspect()` reports them. */
export interface Inspection {
  /** Engine connections, those without a namespace included. */
  readonly connections: number;
  /** Waiting deadlines of every kind. */
  readonly deadlines: number;
  /** Namespaces that clients created. */
  readonly dynamicNamespaces: number;
  readonly namespaces: Record<string, NamespaceInspection>;
}

export interface NamespaceInspection {
  readonly sockets: number;
  /** Sockets whose middlewares are running. */
  readonly connecting: number;
  readonly rooms: number;
  /** Acknowledgements that peers owe. */
  readonly pendingAcks: number;
  /** Volatile packets that were dropped. */
  readonly dropped: number;
  /** Clients whose last retried event is remembered. */
  readonly retrying: number;
  readonly recovery: { sessions: number; sleeping: number; entries: number; bytes: number } | undefined;
}
