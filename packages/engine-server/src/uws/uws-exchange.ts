import { promisify } from "node:util";
import { deflate, gzip } from "node:zlib";
import { chooseCoding } from "../http/compression.js";
import type { HttpCompressionOptions } from "../options.js";
import type { BodyOutcome, HttpExchange, ResponseHeaders } from "../transports/http-exchange.js";
import type { NativeResponse } from "./native.js";
import type { UwsReply } from "./uws-reply.js";
import type { UwsRequestView } from "./uws-request.js";
import type { UwsResponse } from "./uws-response.js";

const CODERS = { gzip: promisify(gzip), deflate: promisify(deflate) };

/**
 * A request body. It is taken in from the start, because what arrives while nobody listens is lost; what nobody has asked
 * for yet may be as large as what anybody may ask for.
 */
class IncomingBody {
  received = 0;
  readonly #limit: number;
  #chunks: Buffer[] = [];
  #outcome: BodyOutcome | undefined;
  #done: ((outcome: BodyOutcome) => void) | undefined;

  constructor(response: NativeResponse, limit: number) {
    this.#limit = limit;
    response.onData((chunk, isLast) => this.#onData(chunk, isLast));
  }

  read(done: (outcome: BodyOutcome) => void): void {
    if (this.#outcome === undefined) this.#done = done;
    else done(this.#outcome);
  }

  settle(outcome: BodyOutcome): void {
    if (this.#outcome !== undefined) return;
    this.#outcome = outcome;
    this.#chunks = [];
    const done = this.#done;
    this.#done = undefined;
    done?.(outcome);
  }

  #onData(chunk: ArrayBuffer, isLast: boolean): void {
    this.received += chunk.byteLength;
    if (this.#outcome !== undefined) return;
    if (this.received > this.#limit) {
      this.settle({ kind: "too large" });
      return;
    }
    // The chunk's memory is the library's again when we return.
    if (chunk.byteLength > 0) this.#chunks.push(Buffer.from(chunk.slice(0)));
    if (isLast) {
      const body = this.#chunks.length === 1 ? this.#chunks[0]! : Buffer.concat(this.#chunks);
      this.settle({ kind: "whole", body });
    }
  }
}

/** {@link HttpExchange} of uWebSockets.js. */
export class UwsExchange implements HttpExchange {
  readonly request: UwsRequestView;
  onAborted: (() => void) | undefined;
  readonly #reply: UwsReply;
  /** What middlewares were given, if there are any: their headers belong to the answer. */
  readonly #shim: UwsResponse | undefined;
  readonly #compression: false | (HttpCompressionOptions & { threshold: number });
  readonly #body: IncomingBody | undefined;
  #answered = false;

  constructor(
    request: UwsRequestView,
    response: NativeResponse,
    reply: UwsReply,
    shim: UwsResponse | undefined,
    compression: false | (HttpCompressionOptions & { threshold: number }),
    maxBody: number,
  ) {
    this.request = request;
    this.#reply = reply;
    this.#shim = shim;
    this.#compression = compression;
    this.#body = request.method === "GET" ? undefined : new IncomingBody(response, maxBody);
    // Assigned in one step it would be made among V8's old objects, where what it can reach outlives the request for long.
    const onGone = () => this.#onGone();
    reply.onGone = onGone;
  }

  get gone(): boolean {
    return this.#reply.gone;
  }

  get bufferedAmount(): number {
    return this.#reply.bufferedAmount;
  }

  get bytesRead(): number {
    return this.#body?.received ?? 0;
  }

  respond(status: number, headers: ResponseHeaders, body: string | Uint8Array, compress = false): void {
    if (this.#answered || !this.#reply.open) return;
    this.#answered = true;
    const coding = compress ? this.#coding(body) : undefined;
    if (coding === undefined) {
      this.#write(status, headers, body);
      return;
    }
    CODERS[coding](body, this.#compression || {}).then(
      (coded) => this.#write(status, { ...headers, "content-encoding": coding }, coded),
      () => this.#write(500, {}, ""),
    );
  }

  readBody(limit: number, done: (outcome: BodyOutcome) => void): void {
    const body = this.#body;
    if (body === undefined) {
      done({ kind: "whole", body: Buffer.alloc(0) });
      return;
    }
    body.read(done);
    // Refused on the declared length, before a byte of it is kept.
    if (Number(this.request.header("content-length")) > limit) body.settle({ kind: "too large" });
  }

  #write(status: number, headers: ResponseHeaders, body: string | Uint8Array): void {
    if (this.#shim === undefined) this.#reply.answer(status, undefined, Object.entries(headers), body);
    else this.#shim.writeHead(status, headers).end(body);
  }

  #coding(body: string | Uint8Array): keyof typeof CODERS | undefined {
    if (this.#compression === false) return undefined;
    const size = typeof body === "string" ? Buffer.byteLength(body) : body.length;
    if (size < this.#compression.threshold) return undefined;
    return chooseCoding(this.request.header("accept-encoding"));
  }

  #onGone(): void {
    this.#body?.settle({ kind: "aborted" });
    const { onAborted } = this;
    this.onAborted = undefined;
    onAborted?.();
  }
}
