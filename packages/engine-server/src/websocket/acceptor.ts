import type { IncomingMessage } from "node:http";
import { Deadlines } from "../deadlines.js";
import { Emitter } from "../emitter.js";
import { EngineMisuse } from "../errors.js";
import { endRaw } from "../http/upgrade-response.js";
import type { FrameLimits } from "./frame-reader.js";
import {
  agreeingLines,
  isOpeningRefusal,
  type OpeningRequest,
  offersCompression,
  readOpening,
} from "./opening-handshake.js";
import { isServed, type RawStream, ServerWebSocket, type WebSocketSettings } from "./server-websocket.js";

/** What an acceptor needs of somebody who can also compress. */
export interface CompressingServer<Compressed> {
  handleUpgrade(request: IncomingMessage, stream: RawStream, head: Buffer, done: (socket: Compressed) => void): void;
  on(event: "headers", listener: (lines: string[], request: IncomingMessage) => void): unknown;
  close?(): void;
}

export interface AcceptorOptions extends FrameLimits {
  /** Milliseconds that a closing handshake may take. */
  readonly closeTimeout: number;
}

export interface AcceptorEvents {
  headers: [lines: string[], request: IncomingMessage];
}

/** Where closing handshakes are looked at, this often while there are any. */
const RESOLUTION = 50;

/**
 * Takes upgrade requests over and makes WebSockets of them: our own, or those of a server that can compress for clients that
 * offer to.
 *
 * Event: `headers` (lines, request), before the response is written; lines may be added.
 */
export class WebSocketAcceptor<Compressed = never> extends Emitter<AcceptorEvents> {
  readonly #settings: WebSocketSettings;
  readonly #compressing: CompressingServer<Compressed> | undefined;
  #closed = false;

  constructor(options: AcceptorOptions, compressing?: CompressingServer<Compressed>) {
    super();
    const resolution = Math.max(5, Math.min(RESOLUTION, Math.floor(options.closeTimeout / 4)));
    this.#settings = { ...options, closings: new Deadlines({ resolution }) };
    this.#compressing = compressing;
    compressing?.on("headers", (lines, request) => this.emit("headers", lines, request));
  }

  /** WebSockets whose closing handshake is not over: they are no sessions any more. Those of `ws` are not counted. */
  get closing(): number {
    return this.#settings.closings.size;
  }

  /**
   * Answers an upgrade request, with the signature of `ws`. `done` is called at once, and not at all when the request is
   * refused or its stream has ended. What is written during `done` leaves in one write with the response.
   */
  handleUpgrade(
    request: IncomingMessage,
    stream: RawStream,
    head: Buffer,
    done: (socket: ServerWebSocket | Compressed) => void,
  ): void {
    if (this.#compressing !== undefined && offersCompression(request.headers)) {
      stream.cork();
      this.#compressing.handleUpgrade(request, stream, head, (socket) => {
        done(socket);
        stream.uncork();
      });
      return;
    }
    const opening = readOpening(request.method, request.headers);
    if (isOpeningRefusal(opening)) {
      endRaw(stream, opening.status, ["Content-Type: text/html", ...opening.headers], opening.message);
    } else if (this.#closed) {
      endRaw(stream, 503, ["Content-Type: text/html"], "Service Unavailable");
    } else if (!stream.readable || !stream.writable) {
      stream.destroy();
    } else {
      this.#accept(opening, request, stream, head, done);
    }
  }

  /** Refuses further requests. WebSockets that are there stay. */
  close(): void {
    this.#closed = true;
    this.#compressing?.close?.();
  }

  #accept(
    opening: OpeningRequest,
    request: IncomingMessage,
    stream: RawStream,
    head: Buffer,
    done: (socket: ServerWebSocket) => void,
  ): void {
    // Two servers on one request would each answer it.
    if (isServed(stream)) throw new EngineMisuse("ERR_SOCKEYE_ENGINE_UPGRADED", "the request was upgraded already");
    const lines = agreeingLines(opening);
    this.emit("headers", lines, request);
    // What came together with the request is read like what comes later, after `done`.
    if (head.length > 0) stream.unshift(head);
    const socket = new ServerWebSocket(stream, opening.subprotocol, this.#settings, `${lines.join("\r\n")}\r\n\r\n`);
    try {
      done(socket);
    } finally {
      socket.respond();
    }
  }
}
