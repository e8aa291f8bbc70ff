import type { BinaryData, Handshake } from "@sockeye/engine-parser";
import { openWebSocket } from "#platform";
import type { EngineCloseReason, EngineData, EngineEvents, Engine as EngineShape, SessionState } from "../contract.js";
import { Emitter } from "../emitter.js";
import { requestUri, resolveOptions } from "../engine/address.js";
import type { CloseDetails, EngineOptions, TransportOptions, WebSocketLike, WriteOptions } from "../engine/contract.js";
import { farewell, readNotice } from "../engine/notice.js";
import { TransportError, ViolationError } from "../errors.js";
import { type Cancel, later } from "../timers.js";

/**
 * One Engine.IO session over one WebSocket: nothing to choose, nothing to move to, nothing that waits for its turn. Each packet is a
 * frame, and leaves when it is written.
 */
export class WebSocketEngine extends Emitter<EngineEvents> implements EngineShape {
  id: string | undefined;
  readyState: SessionState = "opening";
  maxPayload = Infinity;
  readonly transport = { name: "websocket" };
  readonly opts: TransportOptions;
  #socket: WebSocketLike | undefined;
  /** Milliseconds that a server may be silent. */
  #patience = Infinity;
  #deadline = Infinity;
  #stopTimer: Cancel | undefined;

  constructor(uri: string | undefined, options: EngineOptions) {
    super();
    this.opts = resolveOptions(uri, options);
    const failed = (details: object) =>
      this.end("transport error", new TransportError("TRANSPORT", "websocket error", details));
    try {
      const uri = requestUri(this.opts, "ws", { EIO: 4, ...this.opts.query, transport: "websocket" });
      const socket = openWebSocket(uri, this.opts, (error) => this.end("transport error", error));
      this.#socket = socket;
      socket.onmessage = ({ data }: { data: string | BinaryData }) => this.#receive(data);
      socket.onclose = (context: unknown) =>
        this.end("transport close", { description: "websocket connection closed", context });
      socket.onerror = (description: unknown) => failed({ description, context: socket });
    } catch (description) {
      // An address or an API that the platform does not have. Later, so that the caller can listen.
      Promise.resolve().then(() => failed({ description }));
    }
  }

  /** Whether the platform has sent what it was given. */
  get writable(): boolean {
    return !this.#socket?.bufferedAmount;
  }

  write(data: EngineData, options?: WriteOptions): this {
    this.#send(typeof data === "string" ? `4${data}` : data, options);
    return this;
  }

  close(): this {
    this.end("forced close");
    return this;
  }

  end(reason: EngineCloseReason, details?: CloseDetails | Error): void {
    if (this.readyState === "closed") return;
    if (details instanceof Error) this.dispatch("error", details);
    this.readyState = "closed";
    this.#stopTimer?.();
    this.#socket?.close();
    this.id = undefined;
    this.dispatch("close", reason, details);
  }

  expired(): boolean {
    const expired = Date.now() > this.#deadline;
    if (expired) Promise.resolve().then(() => this.end("ping timeout"));
    return expired;
  }

  /** The law of the protocol: what may come when. The first character of a text is its type, bytes are a message. */
  #receive(frame: string | BinaryData): void {
    const { readyState } = this;
    if (readyState === "closed") return;
    this.#deadline = Date.now() + this.#patience;
    const isOpen = readyState === "open";
    const isText = typeof frame === "string";
    const type = isText ? frame[0] : "4";
    const data = isText ? frame.slice(1) : frame;
    if (type === "1") this.end("transport close", farewell(data));
    else if (isOpen && type === "4") this.dispatch("data", data);
    else if (isOpen && type === "2") {
      this.dispatch("ping");
      this.#send("3");
    } else if ((isOpen || type !== "0" || !this.#opened(data)) && type !== "6") {
      this.end("parse error", new ViolationError("PROTOCOL", `unexpected ${type}`));
    }
  }

  /** Returns whether `data` is a handshake. */
  #opened(data: unknown): boolean {
    const { sid, pingInterval, pingTimeout, maxPayload } = readNotice(data) as Partial<Handshake>;
    const patience = pingInterval! + pingTimeout!;
    const isValid = typeof sid === "string" && patience >= 0;
    if (isValid) {
      this.id = sid;
      this.maxPayload = maxPayload || Infinity;
      this.#patience = patience;
      this.#deadline = Date.now() + patience;
      this.readyState = "open";
      this.#watch();
      this.dispatch("open");
    }
    return isValid;
  }

  /** One timer for the session: it looks at the deadline and goes back to sleep for the rest. */
  #watch(): void {
    const left = this.#deadline - Date.now();
    if (left < 0) this.end("ping timeout");
    else this.#stopTimer = later(this.opts, () => this.#watch(), left + 1);
  }

  #send(frame: EngineData, options?: WriteOptions): void {
    if (this.readyState === "open") this.#socket!.send(frame, options);
  }
}
