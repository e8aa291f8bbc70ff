/**
 * Errors of this package. Every one has a stable `code`; match on it, never on the text. The texts that the Socket.IO
 * API documents (`timeout`, `operation has timed out`, `xhr poll error`, ...) are kept as they are.
 *
 * Whose fault it is, is in the class: {@link MisuseError} is this program's own mistake, {@link TransportError} the
 * network's or the HTTP side of the server's, {@link RefusedError} a namespace that said no, {@link ViolationError} a
 * peer that broke the protocol.
 */

/** Codes with the package's prefix left out; see docs/errors in the README for what to do about each. */
export type ErrorWord =
  // local use
  | "RESERVED_EVENT"
  | "BAD_OPTION"
  | "TOO_LARGE"
  | "BUFFER_FULL"
  | "EXPIRED"
  | "DROPPED"
  // waiting that ended without an answer
  | "TIMEOUT"
  | "ACK_TIMEOUT"
  | "ABORTED"
  | "DISCONNECTED"
  // the way to the server
  | "NO_TRANSPORT"
  | "TRANSPORT"
  | "UNREACHABLE"
  | `HTTP_${number}`
  | "TRANSPORT_UNKNOWN"
  | "SESSION_ID_UNKNOWN"
  | "BAD_HANDSHAKE_METHOD"
  | "BAD_REQUEST"
  | "FORBIDDEN"
  | "UNSUPPORTED_PROTOCOL_VERSION"
  | "PROBE_FAILED"
  // the server's own answer, and its breaches
  | "REFUSED"
  | "NO_NAMESPACE"
  | "OLD_SERVER"
  | "PROTOCOL";

export type ErrorCode = `ERR_SOCKEYE_CLIENT_${ErrorWord}`;

export class ClientError extends Error {
  readonly code: ErrorCode;
  constructor(word: ErrorWord, message: string, details?: object) {
    super(message);
    this.code = `ERR_SOCKEYE_CLIENT_${word}`;
    Object.assign(this, details);
  }
}

/** This program asked for something that cannot be done. */
export class MisuseError extends ClientError {}

/** An answer was awaited and did not come: time-out, abort, disconnection. */
export class UnansweredError extends ClientError {}

/** The peer sent something that the protocol does not allow. */
export class ViolationError extends ClientError {}

/** A connection could not be made or was lost. */
export class TransportError extends ClientError {
  get type(): "TransportError" {
    return "TransportError";
  }
  /** HTTP status, or whatever the platform told. */
  declare readonly description?: unknown;
  declare readonly context?: unknown;
  /** Milliseconds the server asks clients to stay away. */
  declare readonly retryAfter?: number | undefined;
}

/** Why a connection is gone, as an error: what is known of it may be one already. */
export function lossError(reason: string, details?: object): ClientError {
  return details instanceof Error ? (details as ClientError) : new TransportError("TRANSPORT", reason, details);
}

/** The server refused a namespace. */
export class RefusedError extends ClientError {
  /** What its middleware put on the error. */
  declare readonly data?: unknown;
  /** Milliseconds after which the server wants to be asked again; the socket stays active then. */
  declare readonly retryAfter?: number | undefined;
}
