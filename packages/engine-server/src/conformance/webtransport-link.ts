import {
  type ReadableStream,
  TransformStream,
  type TransformStreamDefaultController,
  type WritableStream,
} from "node:stream/web";
import type { WebTransportSession, WebTransportStream } from "../transports/webtransport-session.js";

/** How one end closed the session. */
export interface CloseInfo {
  readonly closeCode?: number;
  readonly reason?: string;
}

/** One end of a {@link WebTransportLink}. */
export interface LinkEnd extends WebTransportSession {
  readonly ready: Promise<void>;
  readonly closed: Promise<CloseInfo>;
  close(info?: CloseInfo): void;
}

/** The client's end: what pages know as `WebTransport`. */
export interface ClientEnd extends LinkEnd {
  createBidirectionalStream(): Promise<{
    readonly readable: ReadableStream<Uint8Array>;
    readonly writable: WritableStream<Uint8Array>;
  }>;
}

/**
 * A WebTransport session without HTTP/3: two ends in this process, joined by WHATWG streams, for tests. Closing one end
 * errors the streams of both and settles `closed` on both; `break` is the loss of the connection.
 */
export class WebTransportLink {
  readonly client: ClientEnd;
  readonly server: LinkEnd;
  /** How the session was closed, once it is. */
  closedWith: CloseInfo | undefined;
  readonly #controllers: Array<TransformStreamDefaultController<Uint8Array>> = [];
  readonly #streams = new TransformStream<WebTransportStream, WebTransportStream>(undefined, undefined, {
    highWaterMark: 16,
  });
  readonly #opener = this.#streams.writable.getWriter();
  #settle: { resolve(info: CloseInfo): void; reject(error: unknown): void } = { resolve() {}, reject() {} };

  constructor() {
    const closed = new Promise<CloseInfo>((resolve, reject) => {
      this.#settle = { resolve, reject };
    });
    closed.catch(() => undefined);
    this.#opener.closed.catch(() => undefined);
    const end = {
      ready: Promise.resolve(),
      closed,
      incomingBidirectionalStreams: this.#streams.readable,
      close: (info: CloseInfo = {}) => this.#close(info),
    };
    this.server = end;
    this.client = { ...end, createBidirectionalStream: () => this.#open() };
  }

  /** The connection is lost. */
  break(error: Error): void {
    if (this.closedWith !== undefined) return;
    this.closedWith = {};
    this.#errorStreams(error);
    this.#settle.reject(error);
  }

  #close(info: CloseInfo): void {
    if (this.closedWith !== undefined) return;
    this.closedWith = info;
    this.#errorStreams(new TypeError("the session is closed"));
    this.#settle.resolve(info);
  }

  #errorStreams(error: Error): void {
    for (const controller of this.#controllers) controller.error(error);
    this.#opener.abort(error).catch(() => undefined);
  }

  async #open() {
    const [up, down] = [this.#pipe(), this.#pipe()];
    await this.#opener.write({ readable: up.readable, writable: down.writable });
    return { readable: down.readable, writable: up.writable };
  }

  #pipe(): TransformStream<Uint8Array, Uint8Array> {
    return new TransformStream<Uint8Array, Uint8Array>({
      start: (controller) => {
        this.#controllers.push(controller);
      },
    });
  }
}
