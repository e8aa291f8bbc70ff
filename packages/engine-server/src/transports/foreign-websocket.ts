import type { Duplex } from "node:stream";
import { isBinaryData, PACKET_TYPES } from "@sockeye/engine-parser";
import { TransportFailure } from "../errors.js";
import type { OutgoingPacket } from "../session/outbox.js";
import type { Protocol } from "../session/protocol.js";
import { headerSize, textFrameSize, writeBinaryFrame, writeTextFrame } from "../websocket/server-frame.js";
import { BaseTransport } from "./transport.js";

/** What we use of a WebSocket: `ws` satisfies it, and so does anything given as `wsEngine`. */
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
}

/** The raw stream under a WebSocket, as the upgrade handed it over. */
export type RawStream = Duplex & { readonly bytesRead?: number };

const OPEN = 1;
const DIGIT_ZERO = 0x30;
const MESSAGE_DIGIT = 0x34;
/** Up to this size frames are copied into one buffer; larger ones are written by themselves, corked together. */
const COPY_LIMIT = 16 * 1024;
const EMPTY = Buffer.alloc(0);

/** The transport of a WebSocket, for listeners that are shared by all of them. */
const OWNER = Symbol("sockeye transport");
type OwnedWebSocket = WebSocketLike & { [OWNER]: WebSocketTransport };

/**
 * WebSocket over `ws`. `ws` reads, answers control frames and compresses; whole uncompressed frames are composed here
 * and written straight to the stream of the upgrade, all of a batch in one write.
 */
export class WebSocketTransport extends BaseTransport {
  readonly name = "websocket";
  readonly upgradable = false;
  /** The WebSocket, for applications that look under the hood. */
  readonly socket: WebSocketLike;
  readonly #stream: RawStream | undefined;
  /** Smallest message worth compressing; `Infinity` when the peer did not agree to compression. */
  readonly #compressFrom: number;
  /** Messages that `ws` has and the operating system has not: what we write ourselves must not overtake them. */
  #inWs = 0;
  #messages = 0;
  #closing = false;
  /** Listens for the stream to drain. */
  #watching = false;
  #error: Error | undefined;

  /**
   * @param stream the upgrade's stream, when frames may be written to it directly; without it everything goes through
   * `socket.send`.
   */
  constructor(
    protocol: Protocol,
    supportsBinary: boolean,
    socket: WebSocketLike,
    stream: RawStream | undefined,
    compressionThreshold: number,
  ) {
    super(protocol, supportsBinary);
    this.socket = socket;
    this.#stream = stream;
    this.#compressFrom = socket.extensions ? compressionThreshold : Number.POSITIVE_INFINITY;
    (socket as OwnedWebSocket)[OWNER] = this;
    socket.on("message", onMessage);
    socket.on("error", onError);
    socket.on("close", onClose);
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
    else {
      this.#sendFrames(this.#stream, batch);
      this.#watchDrain(this.#stream);
    }
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

  /** A frame arrived. For the listeners below, as the next two. */
  onFrame(data: Buffer, isBinary: boolean): void {
    this.#messages++;
    if (isBinary) this.receiveFrame(data);
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

  /** Whoever waits for room hears when there is some. */
  #watchDrain(stream: RawStream): void {
    if (this.#watching || !isCongested(stream)) return;
    this.#watching = true;
    stream.once("drain", () => {
      this.#watching = false;
      if (this.#closing) this.dismiss();
      else if (this.ready) this.owner?.onReady(this);
    });
  }

  // --- out ----------------------------------------------------------------------------------------------------------

  #anyToCompress(batch: readonly OutgoingPacket[]): boolean {
    if (this.#compressFrom === Number.POSITIVE_INFINITY) return false;
    return batch.some((packet) => packet.compress && packet.size >= this.#compressFrom);
  }

  #sendFrames(stream: RawStream, batch: readonly OutgoingPacket[]): void {
    if (batch.length === 1) {
      stream.write(this.#framesOf(batch[0]!));
      return;
    }
    let small = 0;
    let corked = false;
    for (let i = 0; i < batch.length; i++) {
      if (batch[i]!.size <= COPY_LIMIT) continue;
      if (!corked) {
        corked = true;
        stream.cork();
      }
      this.#writeSmall(stream, batch, small, i);
      stream.write(this.#framesOf(batch[i]!));
      small = i + 1;
    }
    this.#writeSmall(stream, batch, small, batch.length);
    if (corked) stream.uncork();
  }

  /** Writes the frames of `batch[from, to)` as one buffer. */
  #writeSmall(stream: RawStream, batch: readonly OutgoingPacket[], from: number, to: number): void {
    if (from === to) return;
    if (to - from === 1) {
      stream.write(this.#framesOf(batch[from]!));
      return;
    }
    let size = 0;
    for (let i = from; i < to; i++) size += this.#frameSize(batch[i]!);
    const target = Buffer.allocUnsafe(size);
    let at = 0;
    for (let i = from; i < to; i++) at = this.#writeFrame(target, at, batch[i]!);
    stream.write(target);
  }

  #frameSize(packet: OutgoingPacket): number {
    if (packet.parts !== undefined) return this.#framesOf(packet).length;
    const { data } = packet;
    if (typeof data === "string") return textFrameSize(Buffer.byteLength(data));
    if (data === undefined) return textFrameSize(0);
    return binarySize(this.#encodeBinary(packet));
  }

  #writeFrame(target: Buffer, at: number, packet: OutgoingPacket): number {
    if (packet.parts !== undefined) {
      const frames = this.#framesOf(packet);
      target.set(frames, at);
      return at + frames.length;
    }
    const { data } = packet;
    if (data === undefined || typeof data === "string") {
      const text = data ?? "";
      return writeTextFrame(target, at, digitOf(packet), text, Buffer.byteLength(text));
    }
    const encoded = this.#encodeBinary(packet);
    if (typeof encoded !== "string") return writeBinaryFrame(target, at, encoded);
    return writeTextFrame(target, at, encoded.charCodeAt(0), encoded.slice(1), encoded.length - 1);
  }

  /** All frames of one packet or prepared message; those of a prepared message are made once for all recipients. */
  #framesOf(packet: OutgoingPacket): Uint8Array {
    const { variants } = packet;
    if (variants === undefined) {
      const target = Buffer.allocUnsafe(this.#frameSize(packet));
      this.#writeFrame(target, 0, packet);
      return target;
    }
    // Only protocol 4 shares frames: another revision may frame binary data differently.
    if (this.protocol.revision !== 4) return this.#joinParts(packet);
    if (this.supportsBinary) {
      variants.frames ??= this.#joinParts(packet);
      return variants.frames;
    }
    variants.textFrames ??= this.#joinParts(packet);
    return variants.textFrames;
  }

  #joinParts(packet: OutgoingPacket): Uint8Array {
    const parts = packet.parts ?? [];
    let size = 0;
    for (const part of parts) size += this.#frameSize(part);
    // Not from the pool: what is shared by many may live long, and would keep a whole slab.
    const target = Buffer.allocUnsafeSlow(size);
    let at = 0;
    for (const part of parts) at = this.#writeFrame(target, at, part);
    return target;
  }

  #encodeBinary(packet: OutgoingPacket): string | Uint8Array {
    const encoded = this.protocol.encodePacket({ type: packet.type, data: packet.data }, this.supportsBinary);
    return typeof encoded === "string" ? encoded : bytesOf(encoded);
  }

  #sendThroughWs(batch: readonly OutgoingPacket[]): void {
    for (const packet of batch) {
      for (const part of packet.parts ?? [packet]) this.#sendOneThroughWs(part);
    }
  }

  #sendOneThroughWs(packet: OutgoingPacket): void {
    const encoded = isBinaryData(packet.data) ? this.#encodeBinary(packet) : encodeText(packet);
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

function onClose(this: OwnedWebSocket): void {
  this[OWNER].onSocketClose();
}

function digitOf(packet: OutgoingPacket): number {
  return packet.type === "message" ? MESSAGE_DIGIT : DIGIT_ZERO + PACKET_TYPES.indexOf(packet.type);
}

function encodeText(packet: OutgoingPacket): string {
  return String.fromCharCode(digitOf(packet)) + ((packet.data as string | undefined) ?? "");
}

function binarySize(encoded: string | Uint8Array): number {
  return typeof encoded === "string" ? textFrameSize(encoded.length - 1) : headerSize(encoded.length) + encoded.length;
}

function bytesOf(data: ArrayBuffer | ArrayBufferView): Uint8Array {
  if (data instanceof Uint8Array) return data;
  if (ArrayBuffer.isView(data)) return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  return data.byteLength === 0 ? EMPTY : new Uint8Array(data);
}
