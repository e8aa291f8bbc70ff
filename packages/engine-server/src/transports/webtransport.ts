import { type EnginePacket, encodeFrame, type FrameDecoder } from "@sockeye/engine-parser";
import { TransportFailure } from "../errors.js";
import type { OutgoingPacket } from "../session/outbox.js";
import { protocolV4 } from "../session/protocol.js";
import type { TransportOwner } from "./contract.js";
import { BaseTransport } from "./transport.js";
import {
  closeSession,
  type StreamReader,
  type StreamWriter,
  type WebTransportSession,
} from "./webtransport-session.js";

/** From here on the stream is full: the session's outbox collects until it has room again. */
const HIGH_WATER = 64 * 1024;
/** Larger batches are written in pieces, so that it shows whether a slow reader reads. */
const PIECE = 64 * 1024;
/** Under this name prepared messages keep their frames. */
const VARIANT = "webtransport";

/** What a handshake has made of a session: its stream, and what the peer has already sent on it. */
export interface WebTransportChannel {
  readonly session: WebTransportSession;
  readonly reader: StreamReader<Uint8Array>;
  readonly writer: StreamWriter<Uint8Array>;
  readonly decoder: FrameDecoder;
  /** Packets after the first one that came with it. */
  readonly early: readonly EnginePacket[];
  /** Bytes read so far. */
  readonly bytesRead: number;
}

/**
 * WebTransport: packets in length-prefixed frames on one bidirectional stream that the client made. Exists in protocol 4
 * only. Reading stops while nobody asks, so the stack's flow control reaches the peer.
 */
export class WebTransportTransport extends BaseTransport {
  readonly name = "webtransport";
  readonly upgradable = false;
  /** The session, for applications that look under the hood. */
  readonly session: WebTransportSession;
  readonly #channel: WebTransportChannel;
  readonly #closeTimeout: number;
  #bytesRead: number;
  #held = 0;
  #closing = false;
  #timer: NodeJS.Timeout | undefined;

  /** @param closeTimeout milliseconds without progress that the peer gets to take what was written before the end. */
  constructor(channel: WebTransportChannel, closeTimeout: number) {
    super(protocolV4, true);
    this.session = channel.session;
    this.#channel = channel;
    this.#closeTimeout = closeTimeout;
    this.#bytesRead = channel.bytesRead;
    channel.session.closed.then(
      () => this.#lost(),
      (error: unknown) => this.#broken(error),
    );
  }

  get ready(): boolean {
    return !this.ended && !this.#closing && this.#held < HIGH_WATER;
  }

  get bufferedAmount(): number {
    return this.#held;
  }

  get bytesRead(): number {
    return this.#bytesRead;
  }

  override get unfinishedBytes(): number {
    return this.#channel.decoder.pendingBytes;
  }

  override adopt(owner: TransportOwner): void {
    super.adopt(owner);
    // Not before the session is announced: what came early is not lost on listeners that are about to be added.
    queueMicrotask(() => this.#read());
  }

  send(batch: readonly OutgoingPacket[]): void {
    this.#write(batch.length === 1 ? framesOf(batch[0]!) : Buffer.concat(batch.map(framesOf)));
  }

  close(violation?: Error): void {
    if (this.ended) return;
    if (violation === undefined && !this.#closing) this.#closeGracefully();
    else this.abort();
  }

  abort(): void {
    if (this.ended) return;
    this.#release();
    this.end();
  }

  retire(): void {
    this.disown();
    closeSession(this.session);
  }

  // --- in -----------------------------------------------------------------------------------------------------------

  async #read(): Promise<void> {
    const { reader, decoder, early } = this.#channel;
    for (const packet of early) this.receivePacket(packet);
    try {
      while (!this.ended) {
        const { value, done } = await reader.read();
        if (done) return this.#lost();
        if (value !== undefined && !this.ended) this.#onBytes(value, decoder);
      }
    } catch (error) {
      // The end of the whole session, which says whether it was in good order, may be about to arrive.
      setImmediate(() => this.#broken(error));
    }
  }

  #onBytes(bytes: Uint8Array, decoder: FrameDecoder): void {
    this.#bytesRead += bytes.length;
    const { packets, error } = decoder.push(bytes);
    for (const packet of packets) this.receivePacket(packet);
    if (error !== undefined) this.owner?.onMalformed(this, error);
  }

  // --- out ----------------------------------------------------------------------------------------------------------

  #write(bytes: Uint8Array): void {
    this.#held += bytes.length;
    const failed = (error: unknown) => this.#broken(error);
    for (let at = 0; at < bytes.length; at += PIECE) {
      const piece = bytes.subarray(at, at + PIECE);
      this.#channel.writer.write(piece).then(() => this.#written(piece.length), failed);
    }
  }

  #written(bytes: number): void {
    this.#held -= bytes;
    if (this.ready) this.owner?.onReady(this);
  }

  // --- the end ------------------------------------------------------------------------------------------------------

  /** Ends our side of the stream first: closing the session discards what the peer has not read yet. */
  #closeGracefully(): void {
    this.#closing = true;
    this.#watchClosing(this.#held);
    const finish = () => this.abort();
    this.#channel.writer.close().then(finish, finish);
  }

  /** A peer that still takes what it was sent gets the time it needs; one that does not is cut off. */
  #watchClosing(held: number): void {
    this.#timer = setTimeout(() => {
      if (this.#held > 0 && this.#held < held) this.#watchClosing(this.#held);
      else this.abort();
    }, this.#closeTimeout);
    this.#timer.unref();
  }

  #lost(): void {
    if (this.ended) return;
    this.#release();
    this.end();
  }

  #broken(error: unknown): void {
    if (this.ended) return;
    this.#release();
    const message = error instanceof Error ? error.message : "webtransport connection lost";
    this.end(new TransportFailure("ERR_SOCKEYE_ENGINE_WEBTRANSPORT", message, { cause: error }));
  }

  #release(): void {
    clearTimeout(this.#timer);
    this.#channel.writer.abort().catch(ignore);
    this.#channel.reader.cancel().catch(ignore);
    closeSession(this.session);
  }
}

/** The frames of one packet, or of all parts of a prepared message: those are made once for all recipients. */
function framesOf(packet: OutgoingPacket): Uint8Array {
  const { variants, parts } = packet;
  if (variants === undefined || parts === undefined) return encodeFrame(packet);
  variants.other ??= new Map();
  let frames = variants.other.get(VARIANT) as Uint8Array | undefined;
  if (frames === undefined) {
    frames = Buffer.concat(parts.map((part) => encodeFrame(part)));
    variants.other.set(VARIANT, frames);
  }
  return frames;
}

function ignore(): void {}
