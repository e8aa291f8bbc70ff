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
  | "UNREACHABLE"
  | "TRANSPORT"
  | "HTTP"
  | "NOT_FOUND"
  | "FORBIDDEN"
  | "OVERLOADED"
  | "TRANSPORT_UNKNOWN"
  | "SESSION_UNKNOWN"
  | "BAD_METHOD"
  | "BAD_REQUEST"
  | "PROTOCOL_UNSUPPORTED"
  | "PROBE_FAILED"
  // the server's own answer, and its breaches
  | "REFUSED"
  | "NO_NAMESPACE"
  | "OLD_SERVER"
  | "PROTOCOL";

export type ErrorCode = `ERR_SOCKEYE_CLIENT_${ErrorWord}`;

export class ClientError extends Error {
  readonly code: ErrorCode;
  constructor(word: ErrorWord, message: string) {
    super(message);
    this.code = `ERR_SOCKEYE_CLIENT_${word}`;
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
  readonly type = "TransportError";
  constructor(
    word: ErrorWord,
    message: string,
    /** HTTP status, or whatever the platform told. */
    readonly description?: unknown,
    readonly context?: unknown,
    /** Milliseconds the server asks clients to stay away. */
    readonly retryAfter?: number,
  ) {
    super(word, message);
  }
}

/** The server refused a namespace: `data` is what its middleware put on the error. */
export class RefusedError extends ClientError {
  constructor(
    word: ErrorWord,
    message: string,
    readonly data?: unknown,
    readonly retryAfter?: number,
  ) {
    super(word, message);
  }
}
