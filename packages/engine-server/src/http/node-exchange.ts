import type { ServerResponse } from "node:http";
import type { Http2ServerResponse } from "node:http2";
import type { HttpCompressionOptions } from "../options.js";
import type { BodyOutcome, HttpExchange, ResponseHeaders } from "../transports/http-exchange.js";
import { chooseCoding, createCompressor } from "./compression.js";
import type { NodeRequest, NodeRequestView } from "./node-request.js";

export type NodeResponse = ServerResponse | Http2ServerResponse;

/** Bodies that nobody wants are read to their end up to this many bytes, so that the peer can still read the answer. */
const MAX_DISCARDED = 16 * 1024 * 1024;
const EMPTY = Buffer.alloc(0);

/** What an exchange needs to know of its engine. */
export interface ExchangeHost {
  /** Whether connections are kept open after a response. */
  readonly keepsAlive: boolean;
  /** A response could not be written. */
  reportFailure(error: unknown): void;
}

/** The exchange of a request and its response, for listeners that are shared by all of them. */
const EXCHANGE = Symbol("sockeye exchange");
type Owned<T> = T & { [EXCHANGE]: NodeExchange };

/** {@link HttpExchange} of node:http, node:https and node:http2. */
export class NodeExchange implements HttpExchange {
  readonly request: NodeRequestView;
  onAborted: (() => void) | undefined;
  bytesRead = 0;
  gone = false;
  readonly #response: NodeResponse;
  readonly #compression: false | (HttpCompressionOptions & { threshold: number });
  readonly #host: ExchangeHost;
  #done = false;
  #bodyDone: ((outcome: BodyOutcome) => void) | undefined;
  #bodyLimit = 0;
  /** The first piece of the body, which nearly always is all of it. */
  #body: Buffer | undefined;
  #more: Buffer[] | undefined;

  constructor(
    request: NodeRequestView,
    response: NodeResponse,
    compression: false | (HttpCompressionOptions & { threshold: number }),
    host: ExchangeHost,
  ) {
    this.request = request;
    this.#response = response;
    this.#compression = compression;
    this.#host = host;
    // A broken pipe shows as the close of the response as well; the error itself must only not be unhandled.
    (response as Owned<NodeResponse>)[EXCHANGE] = this;
    response.on("error", ignore);
    response.on("close", onClose);
  }

  get bufferedAmount(): number {
    return this.#response.writableFinished ? 0 : this.#response.writableLength;
  }

  respond(status: number, headers: ResponseHeaders, body: string | Uint8Array, compress = false): void {
    if (this.#done) return;
    this.#done = true;
    try {
      this.#write(status, headers, body, compress);
    } catch (error) {
      // Whoever wraps responses (sessions), or changes headers, may fail: that ends this response, and nothing else.
      this.#response.destroy();
      this.#host.reportFailure(error);
    }
  }

  #write(status: number, headers: ResponseHeaders, body: string | Uint8Array, compress: boolean): void {
    const response = this.#response as ServerResponse;
    if (response.headersSent) {
      // A middleware has begun to answer: all that is left is to end it.
      response.end();
      return;
    }
    // A server that is going down waits for its connections: an idle one would keep it for seconds.
    if (!this.#host.keepsAlive) response.shouldKeepAlive = false;
    const coding = compress ? this.#coding(body) : undefined;
    if (coding === undefined) {
      response.writeHead(status, headers);
      response.end(body);
      return;
    }
    // The coded length is not known in advance.
    delete headers["content-length"];
    headers["content-encoding"] = coding;
    response.writeHead(status, headers);
    const compressor = createCompressor(coding, this.#compression || {});
    compressor.on("error", () => response.destroy());
    compressor.pipe(response);
    compressor.end(body);
  }

  readBody(limit: number, done: (outcome: BodyOutcome) => void): void {
    const request = this.request.incoming;
    this.#bodyDone = done;
    // A middleware has read it already: nothing more will come.
    if (request.readableEnded) {
      const body = bodyReadBefore(request);
      this.#settle(body.length > limit ? { kind: "too large" } : { kind: "whole", body });
      return;
    }
    this.#bodyLimit = limit;
    (request as Owned<NodeRequest>)[EXCHANGE] = this;
    request.on("data", onData);
    request.on("end", onEnd);
    request.on("error", onRequestError);
    // Refused on the declared length, before a byte of it is kept.
    if (Number(request.headers["content-length"]) > limit) this.#settle({ kind: "too large" });
  }

  // --- for the listeners below --------------------------------------------------------------------------------------

  /** A piece of the body. */
  onData(chunk: Buffer): void {
    this.bytesRead += chunk.length;
    const limit = this.#bodyLimit;
    if (this.#bodyDone === undefined) this.#discarded(limit);
    else if (this.bytesRead > limit) this.#settle({ kind: "too large" });
    else if (this.#body === undefined) this.#body = chunk;
    else this.#keepMore(chunk);
  }

  /** The body is whole. */
  onEnd(): void {
    const body = this.#body ?? EMPTY;
    const more = this.#more;
    this.#settle({ kind: "whole", body: more === undefined ? body : Buffer.concat([body, ...more]) });
  }

  /** The request is broken. */
  onRequestError(): void {
    this.#settle({ kind: "aborted" });
  }

  /** The response was written, or the connection is gone. */
  onClose(): void {
    if (this.#done) return;
    this.#done = true;
    this.gone = true;
    this.#settle({ kind: "aborted" });
    const { onAborted } = this;
    this.onAborted = undefined;
    onAborted?.();
  }

  #keepMore(chunk: Buffer): void {
    this.#more ??= [];
    this.#more.push(chunk);
  }

  #discarded(limit: number): void {
    if (this.bytesRead > limit + MAX_DISCARDED) this.request.incoming.destroy();
  }

  #coding(body: string | Uint8Array) {
    if (this.#compression === false) return undefined;
    const size = typeof body === "string" ? Buffer.byteLength(body) : body.length;
    if (size < this.#compression.threshold) return undefined;
    return chooseCoding(this.request.header("accept-encoding"));
  }

  #settle(outcome: BodyOutcome): void {
    const done = this.#bodyDone;
    this.#bodyDone = undefined;
    this.#body = undefined;
    this.#more = undefined;
    done?.(outcome);
  }
}

// One function for all requests, not one closure per request.

function ignore(): void {}

function onClose(this: unknown): void {
  (this as Owned<NodeResponse>)[EXCHANGE].onClose();
}

function onData(this: unknown, chunk: Buffer): void {
  (this as Owned<NodeRequest>)[EXCHANGE].onData(chunk);
}

function onEnd(this: unknown): void {
  (this as Owned<NodeRequest>)[EXCHANGE].onEnd();
}

function onRequestError(this: unknown): void {
  (this as Owned<NodeRequest>)[EXCHANGE].onRequestError();
}

/** What body parsers leave behind, where it is still what was sent. */
function bodyReadBefore(request: object): Buffer {
  const { rawBody, body: parsed } = request as { rawBody?: unknown; body?: unknown };
  for (const body of [rawBody, parsed]) {
    if (typeof body === "string" || body instanceof Uint8Array) return Buffer.from(body as string);
  }
  return Buffer.alloc(0);
}
