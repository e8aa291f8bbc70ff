import { STATUS_CODES } from "node:http";
import type { ClosingResponse } from "../engine.js";
import type { NativeResponse } from "./native.js";

/** One header of an answer; several lines of one name are a list. */
export type HeaderEntry = readonly [name: string, value: number | string | readonly string[]];

/** Headers that uWebSockets.js writes itself. */
const FRAMING = new Set(["content-length", "transfer-encoding", "connection"]);
/** Bodies up to this size are handed over at once; of larger ones only what the peer reads. */
const MAX_COPIED = 64 * 1024;

/** What a WebSocket handshake consists of, read before the request becomes invalid. */
export interface UwsHandshake {
  readonly key: string;
  readonly protocol: string;
  readonly extensions: string;
  readonly context: unknown;
}

/**
 * The one answer to a request. Given at most once; inert from the moment the peer is gone, whoever still tries: a native
 * response must not be touched after that.
 */
export class UwsReply implements ClosingResponse {
  #response: NativeResponse | undefined;
  readonly #isHead: boolean;
  /** Whether the connection is to be closed with the answer. */
  readonly #closes: () => boolean;
  #body: Uint8Array | undefined;
  #written = 0;
  #over: Array<() => void> | undefined;
  /** The peer left before it was answered. */
  gone = false;
  /** Called once when that happens. */
  onGone: (() => void) | undefined;

  constructor(response: NativeResponse, isHead: boolean, closes: () => boolean) {
    this.#response = response;
    this.#isHead = isHead;
    this.#closes = closes;
    response.onAborted(() => this.#onAborted());
  }

  /** Whether an answer can still be given. */
  get open(): boolean {
    return this.#response !== undefined && this.#body === undefined;
  }

  /** Bytes of the answer that the operating system has not taken. */
  get bufferedAmount(): number {
    return this.#body === undefined ? 0 : this.#body.length - this.#written;
  }

  /** Hears once that the request is answered or the peer gone. */
  once(_event: "close" | "finish", listener: () => void): this {
    if (this.#response === undefined) {
      listener();
    } else {
      this.#over ??= [];
      this.#over.push(listener);
    }
    return this;
  }

  /** Answers, in one write. */
  answer(status: number, reason: string | undefined, headers: Iterable<HeaderEntry>, body: string | Uint8Array): void {
    const response = this.#response;
    if (response === undefined || this.#body !== undefined) return;
    response.cork(() => {
      response.writeStatus(`${status} ${reason ?? STATUS_CODES[status] ?? ""}`);
      writeHeaders(response, headers);
      this.#end(response, body);
    });
  }

  /** Answers with a WebSocket. The `open` handler is called before this returns. */
  upgrade(handshake: UwsHandshake, headers: readonly HeaderEntry[], userData: object): void {
    const response = this.#response;
    if (response === undefined) return;
    const { key, protocol, extensions, context } = handshake;
    this.#response = undefined;
    response.cork(() => {
      // Without headers of ours the library says so itself.
      if (headers.length > 0) response.writeStatus("101 Switching Protocols");
      writeHeaders(response, headers);
      response.upgrade(userData, key, protocol, extensions, context as never);
    });
    this.#settle();
  }

  #end(response: NativeResponse, body: string | Uint8Array): void {
    const size = typeof body === "string" ? Buffer.byteLength(body) : body.length;
    if (size > MAX_COPIED && !this.#isHead) {
      this.#stream(response, typeof body === "string" ? Buffer.from(body) : body);
      return;
    }
    if (this.#isHead) response.endWithoutBody(size, this.#closes());
    else response.end(body, this.#closes());
    this.#finish();
  }

  /** The rest of a large body stays here, where it counts as not yet sent. */
  #stream(response: NativeResponse, body: Uint8Array): void {
    this.#body = body;
    const start = response.getWriteOffset();
    const write = (offset: number): boolean => {
      this.#written = offset - start;
      const [taken, over] = response.tryEnd(body.subarray(this.#written), body.length);
      if (over) this.#finish();
      else this.#written = response.getWriteOffset() - start;
      return taken;
    };
    if (!write(start) && this.#response !== undefined) response.onWritable(write);
  }

  #finish(): void {
    this.#response = undefined;
    this.#body = undefined;
    this.#settle();
  }

  #onAborted(): void {
    this.gone = this.open;
    this.#response = undefined;
    this.#body = undefined;
    if (this.gone) this.onGone?.();
    this.#settle();
  }

  #settle(): void {
    const over = this.#over;
    this.#over = undefined;
    this.onGone = undefined;
    if (over !== undefined) for (const listener of over) listener();
  }
}

function writeHeaders(response: NativeResponse, headers: Iterable<HeaderEntry>): void {
  for (const [name, value] of headers) {
    if (FRAMING.has(name.toLowerCase()) || !isOneLine(name)) continue;
    for (const one of Array.isArray(value) ? (value as readonly string[]) : [String(value)]) {
      if (isOneLine(one)) response.writeHeader(name, one);
    }
  }
}

/** The library does not look: what held a line break would split the response. */
function isOneLine(text: string): boolean {
  return !/[\r\n\0]/.test(text);
}
