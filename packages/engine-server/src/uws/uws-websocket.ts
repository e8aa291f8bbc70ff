import { isBinaryData } from "@sockeye/engine-parser";
import type { EngineSocket } from "../contract.js";
import type { OutgoingPacket } from "../session/outbox.js";
import type { Protocol } from "../session/protocol.js";
import { BaseTransport } from "../transports/transport.js";
import { type NativeApp, type NativeWebSocket, SendStatus } from "./native.js";
import { type Frame, frameOf, framesOf } from "./uws-frames.js";

/** What a transport tells the engine's topics. */
export interface TopicKeeper {
  /** From now on messages wait in the session's outbox: what is published must wait there too. */
  detach(transport: UwsWebSocketTransport): void;
  /** Nothing waits any more. */
  attach(transport: UwsWebSocketTransport): void;
  forget(transport: UwsWebSocketTransport): void;
}

/** The topics of one transport, and the session they are for. */
export interface Subscriptions {
  readonly socket: EngineSocket;
  readonly topics: Set<string>;
  /** Whether the library's own topics reach it. */
  native: boolean;
}

const MESSAGE_DIGIT = 0x34;

/** WebSocket of uWebSockets.js. */
export class UwsWebSocketTransport extends BaseTransport {
  readonly name = "websocket";
  readonly upgradable = false;
  readonly app: NativeApp;
  /** Set by {@link TopicKeeper}. */
  subscriptions: Subscriptions | undefined;
  /** `undefined` once it is closed: the library throws at whoever touches it then. */
  #native: NativeWebSocket | undefined;
  readonly #topics: TopicKeeper;
  /** Smallest message worth compressing; `Infinity` without compression. */
  readonly #compressFrom: number;
  /** The socket is full; until it has drained, messages wait in the outbox. */
  #congested = false;
  /** The rest of the batch that made it full. */
  #rest: Frame[] | undefined;
  #restSize = 0;
  /** Will look whether it has drained. */
  #looking = false;
  #bytesRead = 0;
  #closing = false;

  constructor(
    protocol: Protocol,
    supportsBinary: boolean,
    native: NativeWebSocket,
    app: NativeApp,
    topics: TopicKeeper,
    compressFrom: number,
  ) {
    super(protocol, supportsBinary);
    this.#native = native;
    this.app = app;
    this.#topics = topics;
    this.#compressFrom = compressFrom;
  }

  /** The library's WebSocket, while it is open. */
  get socket(): NativeWebSocket | undefined {
    return this.#native;
  }

  get ready(): boolean {
    return !this.ended && !this.#closing && !this.#congested;
  }

  get bufferedAmount(): number {
    // Asking costs a call; who is neither full nor reached by topics holds nothing.
    const mayHold = this.#congested || this.subscriptions !== undefined;
    return mayHold && this.#native !== undefined ? this.#native.getBufferedAmount() + this.#restSize : 0;
  }

  get bytesRead(): number {
    return this.#bytesRead;
  }

  send(batch: readonly OutgoingPacket[]): void {
    if (this.#native === undefined) return;
    const [first] = batch;
    if (batch.length === 1 && first?.parts === undefined) {
      this.#write(this.#frameOf(first!));
      return;
    }
    writing.transport = this;
    writing.batch = batch;
    this.#native.cork(writeBatch);
    // Inside a cork everything seems to fit.
    if (!this.#congested && this.#native !== undefined && this.#native.getBufferedAmount() > 0) this.#congest();
  }

  /** Writes each frame of a batch; inside a cork. */
  writeAll(batch: readonly OutgoingPacket[]): void {
    for (const packet of batch) {
      if (packet.parts === undefined) this.#write(this.#frameOf(packet));
      else for (const frame of framesOf(packet, this.protocol, this.supportsBinary)) this.#write(frame);
    }
  }

  close(): void {
    if (this.ended || this.#closing) return;
    this.#closing = true;
    // A close frame in front of what still waits here would cut it off.
    if (!this.#congested) this.dismiss();
  }

  /** The close frame goes behind what was sent; the library waits for it to leave. */
  override dismiss(): void {
    if (this.ended) return;
    this.#closing = true;
    this.#native?.end();
    this.end();
  }

  abort(): void {
    if (this.ended) return;
    this.#native?.close();
    this.end();
  }

  retire(): void {
    this.disown();
    this.#native?.end();
  }

  // --- for the application's handlers -------------------------------------------------------------------------------

  onMessage(message: ArrayBuffer, isBinary: boolean): void {
    this.#bytesRead += message.byteLength + 1;
    // A view on the library's memory: what is handed on must be a copy. Text is one by nature.
    const view = Buffer.from(message);
    if (isBinary) this.receiveFrame(Buffer.from(view));
    else if (view[0] === MESSAGE_DIGIT) this.owner?.onMessage(this, view.toString("utf8", 1));
    else this.receiveFrame(view.toString());
  }

  /** A control frame: a sign of life. */
  onControlFrame(): void {
    this.#bytesRead++;
  }

  onDrain(): void {
    if (this.#congested) this.#lookLater();
  }

  onSocketClose(): void {
    this.#native = undefined;
    this.#rest = undefined;
    this.#restSize = 0;
    this.#topics.forget(this);
    this.end();
  }

  /** Holds back until the socket has drained, when anything waits in it. */
  holdBack(): void {
    if (!this.#congested && this.#native !== undefined && this.#native.getBufferedAmount() > 0) this.#congest();
  }

  // --- out ----------------------------------------------------------------------------------------------------------

  #write(frame: Frame): void {
    if (this.#rest !== undefined) {
      this.#rest.push(frame);
      this.#restSize += frame.data.length;
      return;
    }
    const { data, isBinary } = frame;
    const compress = frame.compress && data.length >= this.#compressFrom;
    const status = this.#native?.send(data, isBinary, compress);
    if (status === SendStatus.BACKPRESSURE) {
      this.#rest = [];
      this.#congest();
    } else if (status === SendStatus.DROPPED) {
      // A message is lost: nothing that follows may reach the peer.
      this.owner?.onOverflow(this);
    }
  }

  #congest(): void {
    this.#congested = true;
    this.#topics.detach(this);
    // Inside a handler or a cork of the library a socket may look full that is empty right afterwards: no drain follows.
    this.#lookLater();
  }

  #lookLater(): void {
    if (this.#looking) return;
    this.#looking = true;
    setImmediate(() => {
      this.#looking = false;
      if (this.#native?.getBufferedAmount() === 0) this.#drained();
    });
  }

  #drained(): void {
    this.#congested = false;
    const rest = this.#rest ?? [];
    this.#rest = undefined;
    this.#restSize = 0;
    for (const frame of rest) this.#write(frame);
    if (this.#congested || this.#native === undefined) return;
    if (this.#closing) {
      this.dismiss();
      return;
    }
    this.#topics.attach(this);
    this.owner?.onReady(this);
  }

  #frameOf(packet: OutgoingPacket): Frame {
    const binary = isBinaryData(packet.data);
    return frameOf(packet, binary, this.protocol, this.supportsBinary);
  }
}

/** What {@link writeBatch} writes: corks take a function, and one for all is cheaper than one for each. */
const writing: { transport: UwsWebSocketTransport | undefined; batch: readonly OutgoingPacket[] } = {
  transport: undefined,
  batch: [],
};

function writeBatch(): void {
  const { transport, batch } = writing;
  writing.transport = undefined;
  writing.batch = [];
  transport?.writeAll(batch);
}
