import { isBinaryData } from "@sockeye/engine-parser";
import { TransportFailure } from "../errors.js";
import type { OutgoingPacket } from "../session/outbox.js";
import type { Protocol } from "../session/protocol.js";
import { FrameViolation } from "../websocket/frame-violation.js";
import type { RawStream } from "../websocket/server-websocket.js";
import { BaseTransport } from "./transport.js";
import { encodeBinary, textOf, writeFrames } from "./websocket-frames.js";

/** What we use of a WebSocket that somebody else made: `ws` satisfies it, and so does anything given as `wsEngine`. */
export interface WebSocketLike {
  readonly readyState: number;
  readonly bufferedAmount: number;
  readonly extensions?: string;
  send(
    data: string | Uint8Array,
    options: { compress?: boolean; binary?: boolean },
    callback?: (error?: Error) => void,
  ): void;
  close(code?: number, reason?: string): void;
  terminate(): void;
  on(event: string, listener: (...args: never[]) => void): unknown;
  /** Reads nothing until `resume`. */
  pause?(): void;
  resume?(): void;
}

/** `readyState` of an open one. */
export const OPEN = 1;
const MESSAGE_DIGIT = 0x34;

/** The transport of a WebSocket, for listeners that are shared by all of them. */
const OWNER = Symbol("sockeye transport");
type OwnedWebSocket = WebSocketLike & { [OWNER]: ForeignWebSocketTransport };
type OwnedStream = RawStream & { [OWNER]: ForeignWebSocketTransport };

/**
 * WebSocket over `ws`, for clients that compress, or over what the application gave as `wsEngine`. It reads, answers control
 * frames and compresses. Of `ws` we know that whole uncompressed frames may be written straight to the stream of the upgrade,
 * all of a batch in one write.
 */
export class ForeignWebSocketTransport extends BaseTransport {
  readonly name = "websocket";
  readonly upgradable = false;
  /** The WebSocket, for applications that look under the hood. */
  readonly socket: WebSocketLike;
  readonly #stream: RawStream | undefined;
  /** Smallest message worth compressing; `Infinity` when the peer did not agree to compression. */
  readonly #compressFrom: number;
  readonly #maxPayload: number;
  /** Messages that `ws` has and the operating system has not: what we write ourselves must not overtake them. */
  #inWs = 0;
  #messages = 0;
  #closing = false;
  #error: Error | undefined;

  /**
   * @param stream the upgrade's stream, when frames may be written to it directly; without it everything goes through
   * `socket.send`.
   * @param maxPayload bytes of the largest message that is taken, whatever the WebSocket itself would let through
   */
  constructor(
    protocol: Protocol,
    supportsBinary: boolean,
    socket: WebSocketLike,
    stream: RawStream | undefined,
    compressionThreshold: number,
    maxPayload: number,
  ) {
    super(protocol, supportsBinary);
    this.socket = socket;
    this.#stream = stream;
    this.#compressFrom = socket.extensions ? compressionThreshold : Number.POSITIVE_INFINITY;
    this.#maxPayload = maxPayload;
    (socket as OwnedWebSocket)[OWNER] = this;
    socket.on("message", onMessage);
    socket.on("error", onError);
    socket.on("close", onClose);
    if (stream === undefined) return;
    (stream as OwnedStream)[OWNER] = this;
    // Always: it is not only we who may fill it.
    stream.on("drain", onDrain);
  }

  get ready(): boolean {
    if (this.ended || this.#closing || this.socket.readyState !== OPEN) return false;
    return this.#inWs === 0 && (this.#stream === undefined || !isCongested(this.#stream));
  }

  get bufferedAmount(): number {
    return this.#stream === undefined || this.#inWs > 0 ? this.socket.bufferedAmount : this.#stream.writableLength;
  }

  get bytesRead(): number {
    return this.#stream?.bytesRead ?? this.#messages;
  }

  send(batch: readonly OutgoingPacket[]): void {
    if (this.#stream === undefined || this.#anyToCompress(batch)) this.#sendThroughWs(batch);
    else writeFrames(this.#stream, batch, this);
  }

  close(): void {
    if (this.ended || this.#closing) return;
    this.#closing = true;
    // `ws` counts its close timeout from the close frame on: not before a slow reader has got what was sent to it.
    if (this.#stream === undefined || !isCongested(this.#stream)) this.dismiss();
  }

  /** The close frame is on its way; the session need not wait for the peer's answer to it, `ws` does. */
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

  // --- in -----------------------------------------------------------------------------------------------------------

  /** A frame arrived. For the listeners below, as the next three. */
  onFrame(data: Buffer, isBinary: boolean): void {
    this.#messages++;
    if (data.length > this.#maxPayload) {
      const violation = new FrameViolation("ERR_SOCKEYE_FRAME_MESSAGE_TOO_LARGE");
      this.socket.close(violation.closeCode);
      this.onSocketError(violation);
    } else if (isBinary) this.receiveFrame(data);
    else if (data[0] === MESSAGE_DIGIT) this.owner?.onMessage(this, data.toString("utf8", 1));
    else this.receiveFrame(data.toString());
  }

  onSocketError(error: Error): void {
    this.#error = new TransportFailure("ERR_SOCKEYE_ENGINE_WEBSOCKET", error.message, { cause: error });
    // `ws` tells the peer why (a close code) and closes within `closeTimeout`; nothing more comes in until then.
    this.end(this.#error);
  }

  onSocketClose(): void {
    this.end(this.#error);
  }

  onStreamDrain(): void {
    if (this.ended) return;
    if (this.#closing) this.dismiss();
    else if (this.ready) this.owner?.onReady(this);
  }

  // --- out ----------------------------------------------------------------------------------------------------------

  #anyToCompress(batch: readonly OutgoingPacket[]): boolean {
    if (this.#compressFrom === Number.POSITIVE_INFINITY) return false;
    return batch.some((packet) => packet.compress && packet.size >= this.#compressFrom);
  }

  #sendThroughWs(batch: readonly OutgoingPacket[]): void {
    for (const packet of batch) {
      for (const part of packet.parts ?? [packet]) this.#sendOneThroughWs(part);
    }
  }

  #sendOneThroughWs(packet: OutgoingPacket): void {
    const encoded = isBinaryData(packet.data) ? encodeBinary(packet, this) : textOf(packet);
    const compress = packet.compress && packet.size >= this.#compressFrom;
    this.#inWs++;
    this.socket.send(encoded, { compress, binary: typeof encoded !== "string" }, () => {
      this.#inWs--;
      if (this.ready) this.owner?.onReady(this);
    });
  }
}

function isCongested(stream: RawStream): boolean {
  return stream.writableLength >= stream.writableHighWaterMark;
}

// One function for all connections, not one closure per connection.

function onMessage(this: OwnedWebSocket, data: Buffer, isBinary: boolean): void {
  this[OWNER].onFrame(data, isBinary);
}

function onError(this: OwnedWebSocket, error: Error): void {
  this[OWNER].onSocketError(error);
}

function onDrain(this: OwnedStream): void {
  this[OWNER].onStreamDrain();
}

function onClose(this: OwnedWebSocket): void {
  this[OWNER].onSocketClose();
}
