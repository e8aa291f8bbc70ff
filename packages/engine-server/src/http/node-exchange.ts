import type { ServerResponse } from "node:http";
import type { Http2ServerResponse } from "node:http2";
import type { HttpCompressionOptions } from "../options.js";
import type { BodyOutcome, HttpExchange, ResponseHeaders } from "../transports/http-exchange.js";
import { chooseCoding, createCompressor } from "./compression.js";
import type { NodeRequestView } from "./node-request.js";

export type NodeResponse = ServerResponse | Http2ServerResponse;

/** Bodies that nobody wants are read to their end up to this many bytes, so that the peer can still read the answer. */
const MAX_DISCARDED = 16 * 1024 * 1024;

/** What an exchange needs to know of its engine. */
export interface ExchangeHost {
  /** Whether connections are kept open after a response. */
  readonly keepsAlive: boolean;
  /** A response could not be written. */
  reportFailure(error: unknown): void;
}

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
    response.on("error", () => undefined);
    response.on("close", () => this.#onClose());
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
    const request = this.request.raw;
    this.#bodyDone = done;
    // A middleware has read it already: nothing more will come.
    if (request.readableEnded) {
      const body = bodyReadBefore(request);
      this.#settle(body.length > limit ? { kind: "too large" } : { kind: "whole", body });
      return;
    }
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => {
      this.bytesRead += chunk.length;
      if (this.#bodyDone === undefined) this.#discarded(limit);
      else if (this.bytesRead > limit) this.#settle({ kind: "too large" });
      else chunks.push(chunk);
      if (this.#bodyDone === undefined) chunks.length = 0;
    });
    request.on("end", () =>
      this.#settle({ kind: "whole", body: chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks) }),
    );
    request.on("error", () => this.#settle({ kind: "aborted" }));
    // Refused on the declared length, before a byte of it is kept.
    if (Number(request.headers["content-length"]) > limit) this.#settle({ kind: "too large" });
  }

  #discarded(limit: number): void {
    if (this.bytesRead > limit + MAX_DISCARDED) this.request.raw.destroy();
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
    done?.(outcome);
  }

  /** The response was written, or the connection is gone. */
  #onClose(): void {
    if (this.#done) return;
    this.#done = true;
    this.gone = true;
    this.#settle({ kind: "aborted" });
    const { onAborted } = this;
    this.onAborted = undefined;
    onAborted?.();
  }
}

/** What body parsers leave behind, where it is still what was sent. */
function bodyReadBefore(request: object): Buffer {
  const { rawBody, body: parsed } = request as { rawBody?: unknown; body?: unknown };
  for (const body of [rawBody, parsed]) {
    if (typeof body === "string" || body instanceof Uint8Array) return Buffer.from(body as string);
  }
  return Buffer.alloc(0);
}
