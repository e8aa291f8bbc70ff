import type { EnginePacket } from "@sockeye/engine-parser";
import { EngineViolation, TransportFailure } from "../errors.js";
import type { RequestView } from "../handshake/request-view.js";
import type { OutgoingPacket } from "../session/outbox.js";
import type { Protocol } from "../session/protocol.js";
import type { BodyOutcome, HttpExchange, ResponseHeaders } from "./http-exchange.js";
import { formField, jsonpBody } from "./jsonp.js";
import { BaseTransport } from "./transport.js";

export interface PollingOptions {
  /** Bytes of one upload. */
  readonly maxHttpBufferSize: number;
  readonly maxPacketsPerPayload: number;
  /** Lets the engine and its listeners add response headers. */
  decorate(headers: ResponseHeaders, request: RequestView): void;
}

const NO_BODY = "";
const CLOSE: EnginePacket = { type: "close" };
const NOOP: EnginePacket = { type: "noop" };

/**
 * HTTP long-polling: one GET that waits for something to send (the poll), and one POST at a time with what the client
 * has to say (the upload). A second one of either is a violation that ends the session.
 */
export class PollingTransport extends BaseTransport {
  readonly name = "polling";
  readonly upgradable = true;
  readonly #options: PollingOptions;
  readonly #jsonp: string | undefined;
  #poll: HttpExchange | undefined;
  #upload: HttpExchange | undefined;
  /** The last answered poll, while its response may still be on the way. */
  #answered: HttpExchange | undefined;
  /** `close` was asked for while no poll was open: the next one is told. */
  #closing = false;
  #peerClosed = false;
  /** What an upload carried was against the law. */
  #violated = false;
  #bytesRead = 0;
  /** Requests so far, that of the handshake included. */
  #requests = 0;
  /** One for all polls. Each of its own, as it is assigned to the exchange, would be made among V8's old objects. */
  readonly #onAborted = () => {
    this.#poll = undefined;
    this.#fail(new TransportFailure("ERR_SOCKEYE_ENGINE_POLL_ABORTED", "poll connection closed prematurely"));
  };

  constructor(protocol: Protocol, request: RequestView, options: PollingOptions) {
    super(protocol, !request.query.has("b64"));
    this.#options = options;
    const callback = request.query.get("j");
    this.#jsonp = callback === undefined ? undefined : callback.replace(/[^0-9]/g, "");
  }

  get ready(): boolean {
    return this.#poll !== undefined && !this.ended && !this.#closing;
  }

  get bufferedAmount(): number {
    return this.#answered?.bufferedAmount ?? 0;
  }

  get bytesRead(): number {
    // A poll is a sign of life too: it counts as one byte.
    return this.#bytesRead + this.#requests + (this.#upload?.bytesRead ?? 0);
  }

  override get confirmed(): boolean {
    return this.#requests > 1;
  }

  /** Polls and uploads that wait for their answer. */
  get openResponses(): number {
    return (this.#poll === undefined ? 0 : 1) + (this.#upload === undefined ? 0 : 1);
  }

  /** Bytes of an upload that is not whole yet. */
  override get unfinishedBytes(): number {
    return this.#upload?.bytesRead ?? 0;
  }

  /** Takes a request of this session. */
  onRequest(exchange: HttpExchange): void {
    this.#requests++;
    const { method } = exchange.request;
    if (method === "GET") this.#onPoll(exchange);
    else if (method === "POST") this.#onUpload(exchange);
    else this.#answer(exchange, 500, NO_BODY);
  }

  send(batch: readonly OutgoingPacket[]): void {
    this.#answerPoll(this.#encode(batch), batch.some(mayCompress));
  }

  close(violation?: Error): void {
    if (this.ended) return;
    if (violation !== undefined) this.#violated = true;
    // Without an open poll the client cannot be told yet; the next one gets the close packet.
    if (this.#poll === undefined && violation === undefined && !this.#peerClosed) this.#closing = true;
    else this.abort();
  }

  abort(): void {
    if (this.ended) return;
    // A client that said goodbye itself only needs its poll back.
    this.#releasePoll(this.#peerClosed ? NOOP : CLOSE);
    this.end();
  }

  retire(): void {
    this.disown();
    this.#releasePoll(NOOP);
  }

  // --- polls --------------------------------------------------------------------------------------------------------

  #onPoll(exchange: HttpExchange): void {
    if (this.#poll !== undefined) {
      this.#answer(exchange, 400, NO_BODY);
      this.#fail(new EngineViolation("ERR_SOCKEYE_ENGINE_POLL_OVERLAP", "a second poll while one is open"));
      return;
    }
    this.#poll = exchange;
    exchange.onAborted = this.#onAborted;
    if (this.#closing) this.close();
    else this.owner?.onReady(this);
  }

  #answerPoll(payload: string | Uint8Array, compress: boolean): void {
    const poll = this.#poll;
    if (poll === undefined) return;
    this.#poll = undefined;
    poll.onAborted = undefined;
    this.#answered = poll;
    if (this.#jsonp !== undefined && typeof payload === "string") {
      this.#answer(poll, 200, jsonpBody(this.#jsonp, payload), "text/javascript; charset=UTF-8", compress);
    } else {
      const type = typeof payload === "string" ? "text/plain; charset=UTF-8" : "application/octet-stream";
      this.#answer(poll, 200, payload, type, compress);
    }
  }

  #encode(batch: readonly OutgoingPacket[]): string | Uint8Array {
    const { separator } = this.protocol;
    if (separator === undefined) return this.protocol.encodePayload(batch.flatMap(packetsOf), this.supportsBinary);
    let payload = "";
    for (const packet of batch) {
      if (payload !== "") payload += separator;
      payload += this.#encodeOne(packet, separator);
    }
    return payload;
  }

  #encodeOne(packet: OutgoingPacket, separator: string): string {
    const { variants, parts } = packet;
    if (variants === undefined || parts === undefined) return this.protocol.encodePacket(packet, false) as string;
    variants.payload ??= parts.map((part) => this.protocol.encodePacket(part, false) as string).join(separator);
    return variants.payload;
  }

  // --- uploads ------------------------------------------------------------------------------------------------------

  #onUpload(exchange: HttpExchange): void {
    if (this.#upload !== undefined) {
      this.#answer(exchange, 400, NO_BODY);
      this.#fail(new EngineViolation("ERR_SOCKEYE_ENGINE_POST_OVERLAP", "a second upload while one is being read"));
      return;
    }
    const binary = exchange.request.header("content-type") === "application/octet-stream";
    if (binary && !this.protocol.binaryUploads) {
      this.#answer(exchange, 400, NO_BODY);
      this.#fail(new EngineViolation("ERR_SOCKEYE_ENGINE_INVALID_CONTENT", "invalid content"));
      return;
    }
    this.#upload = exchange;
    exchange.readBody(this.#options.maxHttpBufferSize, (outcome) => this.#onBody(exchange, binary, outcome));
  }

  #onBody(exchange: HttpExchange, binary: boolean, outcome: BodyOutcome): void {
    this.#bytesRead += exchange.bytesRead;
    this.#upload = undefined;
    if (outcome.kind === "whole") {
      this.#onPayload(exchange, binary, outcome.body);
    } else if (outcome.kind === "too large") {
      this.#answer(exchange, 413, NO_BODY);
      this.#fail(new EngineViolation("ERR_SOCKEYE_ENGINE_PAYLOAD_TOO_LARGE", "upload larger than maxHttpBufferSize"));
    } else {
      const message = "data request connection closed prematurely";
      this.#fail(new TransportFailure("ERR_SOCKEYE_ENGINE_POST_ABORTED", message));
    }
  }

  #onPayload(exchange: HttpExchange, binary: boolean, body: Buffer): void {
    if (this.ended || this.owner === undefined) {
      this.#answer(exchange, 400, NO_BODY);
      return;
    }
    const text = this.#jsonp === undefined ? body.toString() : formField(body.toString(), "d");
    const { packets, error } = this.protocol.decodePayload(binary ? body : text, this.#options.maxPacketsPerPayload);
    for (const packet of packets) {
      if (packet.type === "close") this.#peerClosed = true;
      this.receivePacket(packet);
    }
    // A client that broke the protocol is told so; one that said goodbye is not.
    if (error !== undefined || this.#violated) this.#answer(exchange, 400, NO_BODY);
    else this.#answer(exchange, 200, "ok", "text/html");
    this.owner?.onRest(this);
    if (error !== undefined) this.owner?.onMalformed(this, error);
  }

  // --- the end ------------------------------------------------------------------------------------------------------

  #fail(error: Error): void {
    this.#releasePoll(CLOSE);
    this.end(error);
  }

  #releasePoll(packet: EnginePacket): void {
    if (this.#poll !== undefined) this.#answerPoll(this.protocol.encodePayload([packet], this.supportsBinary), false);
  }

  #answer(exchange: HttpExchange, status: number, body: string | Uint8Array, type?: string, compress = false): void {
    const length = typeof body === "string" ? Buffer.byteLength(body) : body.length;
    const headers = type === undefined ? bareHeaders(length) : headersFor(type, length);
    const { request } = exchange;
    guardOldBrowsers(headers, request.header("user-agent"));
    if (this.#jsonp !== undefined) headers["x-content-type-options"] = "nosniff";
    this.#options.decorate(headers, request);
    exchange.respond(status, headers, body, compress);
  }
}

// Literals, so that all answers have one of two shapes.

function headersFor(type: string, length: number): ResponseHeaders {
  return { "content-type": type, "content-length": length, "cache-control": "no-store" };
}

function bareHeaders(length: number): ResponseHeaders {
  return { "content-length": length, "cache-control": "no-store" };
}

/** Internet Explorer mangles what it takes for cross-site scripting. */
function guardOldBrowsers(headers: ResponseHeaders, userAgent: string | undefined): void {
  if (userAgent?.includes(";MSIE") || userAgent?.includes("Trident/")) headers["x-xss-protection"] = "0";
}

function mayCompress(packet: OutgoingPacket): boolean {
  return packet.compress;
}

function packetsOf(packet: OutgoingPacket): readonly EnginePacket[] {
  return packet.parts ?? [packet];
}
