import type { RequestView } from "../handshake/request-view.js";

/** Response headers as listeners of `headers` may change them. */
export type ResponseHeaders = Record<string, string | string[] | number>;

/** How reading a request body ended. */
export type BodyOutcome =
  | { readonly kind: "whole"; readonly body: Buffer }
  /** More than the limit, declared or seen; what follows is thrown away by the exchange. */
  | { readonly kind: "too large" }
  /** The peer went away. */
  | { readonly kind: "aborted" };

/**
 * One HTTP request and its answer, whatever server it came through: all that long-polling needs to know about HTTP.
 * An implementation MUST answer every request exactly once, and MUST become inert when the peer is gone.
 */
export interface HttpExchange {
  readonly request: RequestView;
  /** Called once when the peer goes away before the answer was given. Set by whoever waits with the answer. */
  onAborted: (() => void) | undefined;
  /** The peer went away before the answer was given. */
  readonly gone: boolean;
  /** Bytes of the answer that the operating system has not taken yet. */
  readonly bufferedAmount: number;
  /** Bytes of the body received so far. */
  readonly bytesRead: number;
  /**
   * Answers. Ignored when already answered or gone. `compress` allows content coding where server options, size and the
   * request's `Accept-Encoding` agree.
   */
  respond(status: number, headers: ResponseHeaders, body: string | Uint8Array, compress?: boolean): void;
  /** Reads the body, at most `limit` bytes of it. `done` is called once. */
  readBody(limit: number, done: (outcome: BodyOutcome) => void): void;
}
