/**
 * What goes wrong in the Socket.IO server. Each error has a stable `code`; texts that applications match on are kept as
 * they have always been. Blame is in the class: this program (`ServerUsageError`), the peer (`ServerViolation`), or
 * neither, an answer that did not come (`AckError`).
 */

export type ServerErrorWhat =
  /** A port, HTTP server or options object was expected and something else was passed. */
  | "BAD_ARGUMENT"
  /** A reserved event name was emitted. */
  | "RESERVED_EVENT"
  /** `connectionStateRecovery` is on and the adapter cannot do it. */
  | "RECOVERY_UNSUPPORTED"
  /** The operation has no meaning on a parent namespace. */
  | "PARENT_NAMESPACE"
  /** A broadcast asked for acknowledgements without `timeout()`. */
  | "ACK_WITHOUT_TIMEOUT"
  /** An acknowledgement did not come in time. */
  | "ACK_TIMEOUT"
  /** The peer left before it acknowledged. */
  | "PEER_GONE"
  /** The oldest acknowledgement had to make room: `limits.pendingAcks`. */
  | "TOO_MANY_ACKS"
  /** `limits.roomsPerSocket`. */
  | "TOO_MANY_ROOMS"
  /** `limits.namespacesPerConnection`. */
  | "TOO_MANY_NAMESPACES"
  /** `limits.pendingConnects`. */
  | "TOO_MANY_CONNECTS"
  /** `limits.dynamicNamespaces`. */
  | "TOO_MANY_DYNAMIC_NAMESPACES"
  /** `limits.authSize`. */
  | "AUTH_TOO_LARGE"
  /** `limits.eventsPerSecond`. */
  | "TOO_MANY_EVENTS"
  /** `limits.bytesPerSecond`. */
  | "TOO_MANY_BYTES"
  /** `limits.attachmentTimeout`. */
  | "ATTACHMENT_TIMEOUT"
  /** A middleware did not answer within `middlewareTimeout`. */
  | "MIDDLEWARE_TIMEOUT"
  /** No namespace joined within `connectTimeout`. */
  | "CONNECT_TIMEOUT"
  /** A packet for a namespace that this connection has not joined. */
  | "NOT_JOINED"
  /** A second CONNECT for a namespace. */
  | "ALREADY_JOINED"
  /** A packet that only servers send, or an event with a name that only this library emits. */
  | "UNEXPECTED_PACKET"
  /** A handler threw something that is not an Error. */
  | "HANDLER_THREW";

export type ServerErrorCode = `ERR_SOCKEYE_SERVER_${ServerErrorWhat}`;

export class SocketServerError extends Error {
  readonly code: ServerErrorCode;

  constructor(what: ServerErrorWhat, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = `ERR_SOCKEYE_SERVER_${what}`;
  }
}

/** This program asked for something that cannot be. */
export class ServerUsageError extends SocketServerError {}

/** The peer broke the protocol, or a limit that was set for it. */
export class ServerViolation extends SocketServerError {}

/** An acknowledgement that will not come. */
export class AckError extends SocketServerError {
  /** Of a broadcast: the answers that did come. */
  responses?: unknown[];
}

/** The error of an acknowledgement that did not come in time; the text is the one that clients and servers have always used. */
export function ackTimeout(): AckError {
  return new AckError("ACK_TIMEOUT", "operation has timed out");
}

/** The error of an acknowledgement whose peer has left. */
export function peerGone(): AckError {
  return new AckError("PEER_GONE", "socket has been disconnected");
}

/** Whatever was thrown, as an Error. */
export function asError(thrown: unknown): Error {
  if (thrown instanceof Error) return thrown;
  return new ServerUsageError("HANDLER_THREW", `a handler threw ${describe(thrown)}`, { cause: thrown });
}

function describe(thrown: unknown): string {
  try {
    return String(thrown);
  } catch {
    return typeof thrown;
  }
}
