import { EngineViolation } from "../errors.js";
import type { OutgoingPacket } from "../session/outbox.js";
import type { Protocol } from "../session/protocol.js";
import type { FrameViolation } from "../websocket/frame-violation.js";
import type { ServerWebSocket, WebSocketHandler } from "../websocket/server-websocket.js";
import { BaseTransport } from "./transport.js";
import { writeFrames } from "./websocket-frames.js";

const OPEN = 1;
const MESSAGE_DIGIT = 0x34;

/** WebSocket, read and written by ourselves: no compression, and whole batches in one write. */
export class WebSocketTransport extends BaseTransport implements WebSocketHandler {
  readonly name = "websocket";
  readonly upgradable = false;
  /** The WebSocket, for applications that look under the hood. */
  readonly socket: ServerWebSocket;
  #messages = 0;
  #closing = false;

  constructor(protocol: Protocol, supportsBinary: boolean, socket: ServerWebSocket) {
    super(protocol, supportsBinary);
    this.socket = socket;
    socket.serve(this);
  }

  get ready(): boolean {
    return !this.ended && !this.#closing && this.socket.readyState === OPEN && !this.socket.congested;
  }

  get bufferedAmount(): number {
    return this.socket.bufferedAmount;
  }

  get bytesRead(): number {
    return this.socket.stream.bytesRead ?? this.#messages;
  }

  override get unfinishedBytes(): number {
    return this.socket.unfinishedBytes;
  }

  send(batch: readonly OutgoingPacket[]): void {
    writeFrames(this.socket, batch, this);
  }

  close(): void {
    if (this.ended || this.#closing) return;
    this.#closing = true;
    // The closing handshake has a deadline: it does not begin before a slow reader has got what was sent to it.
    if (!this.socket.congested) this.dismiss();
  }

  /** The close frame is on its way; the session need not wait for the peer's answer to it, the WebSocket does. */
  override dismiss(): void {
    if (this.ended) return;
    this.#closing = true;
    this.socket.close();
    this.end();
  }

  abort(): void {
    if (this.ended) return;
    this.socket.terminate();
    this.end();
  }

  retire(): void {
    this.disown();
    this.socket.close();
  }

  // --- WebSocketHandler ---------------------------------------------------------------------------------------------

  onText(bytes: Buffer, start: number, end: number, ascii: boolean): void {
    this.#messages++;
    const encoding = ascii ? "latin1" : "utf8";
    if (bytes[start] !== MESSAGE_DIGIT || start === end) this.receiveFrame(bytes.toString(encoding, start, end));
    else this.owner?.onMessage(this, bytes.toString(encoding, start + 1, end));
  }

  onBinary(data: Buffer): void {
    this.#messages++;
    this.receiveFrame(data);
  }

  onDrain(): void {
    if (this.#closing) this.dismiss();
    else if (this.ready) this.owner?.onReady(this);
  }

  onEnd(violation: FrameViolation | undefined): void {
    if (violation === undefined) this.end();
    else this.end(new EngineViolation("ERR_SOCKEYE_ENGINE_WEBSOCKET", violation.message, { cause: violation }));
  }
}
