import { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { TLSSocket } from "node:tls";
import type { Deadlines, Timed } from "../deadlines.js";
import { Emitter } from "../emitter.js";
import { guardStream } from "../http/stream-guard.js";
import { BINARY, PING, PONG, TEXT } from "./frame-header.js";
import { type FrameLimits, FrameReader, type FrameSink } from "./frame-reader.js";
import type { FrameViolation } from "./frame-violation.js";
import { closeFrame, frameOf, LONGEST_CONTROL } from "./server-frame.js";

/** The stream of a connection: a socket, or what stands for one. */
export type RawStream = Duplex & {
  readonly bytesRead?: number;
  setTimeout?(milliseconds: number): unknown;
  setNoDelay?(noDelay: boolean): unknown;
};

/** What a {@link ServerWebSocket} tells whoever works with it. */
export interface WebSocketHandler {
  /** A text message: `bytes[start, end)` during this call. It is UTF-8; with `ascii`, one byte is one character. */
  onText(bytes: Buffer, start: number, end: number, ascii: boolean): void;
  /** A binary message; the memory is the handler's. */
  onBinary(data: Buffer): void;
  /** The stream was {@link ServerWebSocket.congested}, and is no longer. */
  onDrain(): void;
  /** Nothing more comes in: the peer took its leave, or is gone, or broke the rules and was told so. Called once. */
  onEnd(violation: FrameViolation | undefined): void;
}

/** What all WebSockets of a server share. */
export interface WebSocketSettings extends FrameLimits {
  /** Milliseconds that the closing handshake may take. */
  readonly closeTimeout: number;
  /** Where closing handshakes have their deadlines. */
  readonly closings: Deadlines;
}

/** Events for those who look under the hood. */
export interface WebSocketEvents {
  message: [data: Buffer, isBinary: boolean];
  ping: [data: Buffer];
  pong: [data: Buffer];
  close: [code: number, reason: Buffer];
  error: [error: Error];
}

const OPEN = 1;
const CLOSING = 2;
const CLOSED = 3;
/** What is said of a close frame without a code, and of an end without a close frame (RFC 6455, 7.1.5). */
const NO_CODE = 1005;
const ABNORMAL = 1006;
/** Pongs that may be owed at a time; of further pings only the last is answered, as RFC 6455, 5.5.3 allows. */
const MOST_PONGS = 32;
const NOTHING = new Uint8Array(0);

const OWNER = Symbol("sockeye websocket");
type OwnedStream = RawStream & { [OWNER]: ServerWebSocket };

/** Whether a WebSocket has the stream already. */
export function isServed(stream: RawStream): boolean {
  return OWNER in stream;
}

/**
 * The server's end of a WebSocket (RFC 6455) without extensions: reads frames off a stream, answers control frames, closes in
 * good order. Whoever works with it ({@link ServerWebSocket.serve}) writes whole frames, as many as it likes in one
 * write.
 *
 * Applications find it under a transport, as `socket.conn.transport.socket`. Events: `message` (data, isBinary), `ping` and
 * `pong` (data), `close` (code, reason), `error` (error, when the peer broke the rules).
 */
export class ServerWebSocket extends Emitter<WebSocketEvents> implements FrameSink, Timed {
  // What is looked at for each write stands first, side by side in memory.
  /** The stream below. */
  readonly stream: RawStream;
  #readyState = OPEN;
  /** Answer to the upgrade request, until it is written: with the first frames, where there are some at once. */
  #response: string | undefined;
  /** Listens for the stream to drain. */
  #listening = false;
  readonly #reader: FrameReader;
  #handler: WebSocketHandler | undefined = undefined;
  /** The subprotocol that was agreed on, or `""`. */
  readonly protocol: string;
  readonly #settings: WebSocketSettings;
  /** When the closing handshake has to be over; 0 before it has begun. */
  #deadline = 0;
  #closeCode = ABNORMAL;
  #closeReason = "";
  /** The handler will be told of the end in a moment. */
  #ending = false;
  /** Pongs that are still to be written. */
  #owed: Buffer[] | undefined = undefined;

  constructor(stream: RawStream, protocol: string, settings: WebSocketSettings, response?: string) {
    super();
    this.stream = stream;
    this.protocol = protocol;
    this.#settings = settings;
    this.#response = response;
    this.#reader = new FrameReader(settings);
  }

  /** Begins to read: what is here already in the next turn. MUST be called before anything can arrive. */
  serve(handler: WebSocketHandler): void {
    const { stream } = this;
    this.#handler = handler;
    (stream as OwnedStream)[OWNER] = this;
    stream.setTimeout?.(0);
    stream.setNoDelay?.(true);
    // The close of the stream follows an error, and says all there is to say.
    guardStream(stream);
    stream.on("close", onClose);
    stream.on("end", onEnd);
    stream.on("data", onData);
  }

  // --- what applications use ----------------------------------------------------------------------------------------

  /** 1: open, 2: closing, 3: closed. */
  get readyState(): number {
    return this.#readyState;
  }

  /** Bytes that the operating system has not taken yet. */
  get bufferedAmount(): number {
    return this.stream.writableLength;
  }

  /** Those that were agreed on: none. */
  get extensions(): string {
    return "";
  }

  get isPaused(): boolean {
    return this.stream.isPaused();
  }

  /** Stops reading; what was read already is still told. */
  pause(): void {
    if (this.#readyState !== CLOSED) this.stream.pause();
  }

  resume(): void {
    if (this.#readyState !== CLOSED) this.stream.resume();
  }

  /** Sends a message beside those of the session. */
  send(data: string | Uint8Array): void {
    const payload = typeof data === "string" ? Buffer.from(data) : data;
    this.write(frameOf(typeof data === "string" ? TEXT : BINARY, payload));
  }

  /** Sends a ping of at most 125 bytes. */
  ping(data: string | Uint8Array = ""): void {
    this.write(frameOf(PING, Buffer.from(data as string).subarray(0, LONGEST_CONTROL)));
  }

  /** Begins the closing handshake: a close frame goes out behind what was written. Bounded by `closeTimeout`. */
  close(code?: number, reason?: string): void {
    if (this.#readyState === OPEN) this.#sendClose(code, reason);
  }

  /** Ends the connection at once. */
  terminate(): void {
    if (this.#readyState === CLOSED) return;
    this.#readyState = CLOSING;
    this.#reader.stop();
    this.stream.destroy();
  }

  // --- for the handler ----------------------------------------------------------------------------------------------

  /** Whether the stream has as much to write as it should hold. */
  get congested(): boolean {
    return this.stream.writableLength >= this.stream.writableHighWaterMark;
  }

  /** Bytes received of a message that is not whole yet. */
  get unfinishedBytes(): number {
    return this.#reader.unfinishedBytes;
  }

  /** Writes whole frames. The handler hears `onDrain` when the stream was congested by them. */
  write(frames: Uint8Array): void {
    if (this.#readyState !== OPEN) return;
    this.#put(frames);
    if (this.#listening || !this.congested) return;
    this.#listening = true;
    this.stream.once("drain", onDrain);
  }

  /** What is written until `uncork` leaves together. */
  cork(): void {
    this.stream.cork();
  }

  uncork(): void {
    this.stream.uncork();
  }

  /** For who made it: the answer to the upgrade request goes out now, if it has not yet. */
  respond(): void {
    if (this.#response !== undefined && this.#readyState !== CLOSED) this.#put(NOTHING);
  }

  // --- FrameSink: what the peer sent --------------------------------------------------------------------------------

  onText(bytes: Buffer, start: number, end: number, ascii: boolean): void {
    if (this.listenerCount("message") > 0) this.emit("message", Buffer.from(bytes.subarray(start, end)), false);
    this.#handler?.onText(bytes, start, end, ascii);
  }

  onBinary(data: Buffer): void {
    if (this.listenerCount("message") > 0) this.emit("message", data, true);
    this.#handler?.onBinary(data);
  }

  onPing(bytes: Buffer, start: number, end: number): void {
    if (this.listenerCount("ping") > 0) this.emit("ping", Buffer.from(bytes.subarray(start, end)));
    if (this.#readyState !== OPEN) return;
    const pong = frameOf(PONG, bytes.subarray(start, end));
    this.#owed ??= [];
    if (this.#owed.length < MOST_PONGS) this.#owed.push(pong);
    else this.#owed[MOST_PONGS - 1] = pong;
  }

  onPong(bytes: Buffer, start: number, end: number): void {
    if (this.listenerCount("pong") > 0) this.emit("pong", Buffer.from(bytes.subarray(start, end)));
  }

  onClose(code: number, reason: string): void {
    this.#closeCode = code;
    this.#closeReason = reason;
    if (this.#readyState === OPEN) this.#sendClose(code === NO_CODE ? undefined : code, reason);
    this.#endStream();
    this.#tellEndSoon(undefined);
  }

  onViolation(violation: FrameViolation): void {
    if (this.#readyState === OPEN) this.#sendClose(violation.closeCode);
    this.#endStream();
    if (this.listenerCount("error") > 0) this.emit("error", violation);
    this.#tellEndSoon(violation);
  }

  // --- the stream ---------------------------------------------------------------------------------------------------

  /** For the listeners below, as the next three. */
  onData(chunk: Buffer): void {
    this.#reader.read(chunk, this);
    // All pongs of a chunk in one write.
    if (this.#owed !== undefined) this.#payPongs();
  }

  /** The peer sends no more, and never said that it would not. */
  onStreamEnd(): void {
    this.#reader.stop();
    if (this.#readyState === OPEN) this.#readyState = CLOSING;
    if (isSpent(this.stream)) this.stream.destroy();
    else this.#endStream();
    if (!this.#ending) this.tellEnd(undefined);
  }

  onStreamClose(): void {
    this.#reader.stop();
    this.#readyState = CLOSED;
    this.#owed = undefined;
    if (this.#deadline > 0) this.#settings.closings.cancel(this);
    if (!this.#ending) this.tellEnd(undefined);
    if (this.listenerCount("close") > 0) this.emit("close", this.#closeCode, Buffer.from(this.#closeReason));
  }

  onStreamDrain(): void {
    this.#listening = false;
    if (this.#owed !== undefined) this.#payPongs();
    if (!this.congested) this.#handler?.onDrain();
  }

  // --- Timed: the closing handshake ---------------------------------------------------------------------------------

  slot: number | undefined = undefined;
  before: Timed | undefined = undefined;
  behind: Timed | undefined = undefined;

  nextDeadline(): number {
    return this.#deadline;
  }

  expire(): void {
    this.#deadline = Number.POSITIVE_INFINITY;
    this.stream.destroy();
  }

  #sendClose(code: number | undefined, reason?: string): void {
    this.#readyState = CLOSING;
    // Pings that came before are answered before.
    const owed = this.#owed ?? [];
    this.#owed = undefined;
    this.#put(Buffer.concat([...owed, closeFrame(code, reason)]));
    this.#limitClosing();
  }

  /** The peer may be slow to take what was sent and to end its side, or never do it. */
  #limitClosing(): void {
    if (this.#deadline > 0 || this.stream.destroyed) return;
    const { closings, closeTimeout } = this.#settings;
    this.#deadline = closings.refresh().now + closeTimeout;
    closings.schedule(this);
  }

  #endStream(): void {
    this.#limitClosing();
    if (!this.stream.writableEnded) this.stream.end();
  }

  /** Not before whoever defers what he was told of this chunk (by `process.nextTick`, more than once) is done with it. */
  #tellEndSoon(violation: FrameViolation | undefined): void {
    this.#ending = true;
    setImmediate(tellEnd, this, violation);
  }

  /** For the function below. */
  tellEnd(violation: FrameViolation | undefined): void {
    const handler = this.#handler;
    this.#handler = undefined;
    handler?.onEnd(violation);
  }

  // --- out ----------------------------------------------------------------------------------------------------------

  #put(frames: Uint8Array): void {
    const response = this.#response;
    if (response === undefined) {
      this.stream.write(frames);
      return;
    }
    this.#response = undefined;
    if (frames.length === 0) this.stream.write(response, "latin1");
    else this.stream.write(prefixed(response, frames));
  }

  #payPongs(): void {
    // Else they wait for the stream to drain.
    if (this.congested) return;
    const owed = this.#owed!;
    this.#owed = undefined;
    this.write(owed.length === 1 ? owed[0]! : Buffer.concat(owed));
  }
}

// One function for all connections, not one closure per connection.

function onData(this: OwnedStream, chunk: Buffer): void {
  this[OWNER].onData(chunk);
}

function onEnd(this: OwnedStream): void {
  this[OWNER].onStreamEnd();
}

function onClose(this: OwnedStream): void {
  this[OWNER].onStreamClose();
}

function onDrain(this: OwnedStream): void {
  this[OWNER].onStreamDrain();
}

/** Text of one byte a character, and bytes behind it. */
function prefixed(text: string, bytes: Uint8Array): Buffer {
  const all = Buffer.allocUnsafe(text.length + bytes.length);
  all.write(text, "latin1");
  all.set(bytes, text.length);
  return all;
}

/**
 * Whether an end has nothing to add: all was handed to the operating system, which delivers it before it says goodbye. TLS has
 * a farewell of its own, and of other streams we do not know.
 */
function isSpent(stream: RawStream): boolean {
  return stream.writableLength === 0 && stream instanceof Socket && !(stream instanceof TLSSocket);
}

function tellEnd(socket: ServerWebSocket, violation: FrameViolation | undefined): void {
  socket.tellEnd(violation);
}
