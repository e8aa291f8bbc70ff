import { type EnginePacket, isBinaryData } from "@sockeye/engine-parser";
import type {
  EngineCloseReason,
  EngineData,
  EngineSink,
  EngineSocket,
  EngineWriteOptions,
  PreparedMessage,
} from "./contract.js";
import type { Deadlines, Timed } from "./deadlines.js";
import { Emitter } from "./emitter.js";
import { EngineMisuse, EngineViolation, TransportFailure } from "./errors.js";
import type { Flushable, FlushQueue } from "./flush-queue.js";
import { Parting } from "./parting.js";
import { OutgoingPacket, type WrittenCallback } from "./session/outbox.js";
import type { Protocol } from "./session/protocol.js";
import { LawBreach, Session, type SessionOptions, type SessionPort } from "./session/session.js";
import type { Transport, TransportOwner } from "./transports/contract.js";
import type { BaseTransport } from "./transports/transport.js";

/** What a socket needs of its engine. */
export interface SocketHost {
  readonly deadlines: Deadlines;
  readonly flushQueue: FlushQueue;
  readonly sessionOptions: SessionOptions;
  /** The session is over: forget it. Called once, before the application is told. */
  forget(socket: Socket): void;
  /** A listener of the application threw. */
  reportHandlerError(error: unknown, socket: Socket, event: string): void;
  /** The peer has sent its first message. */
  onFirstMessage(socket: Socket): void;
  onFlush(socket: Socket, packets: readonly OutgoingPacket[]): void;
  onDrain(socket: Socket): void;
  countDropped(packets: number): void;
}

/** A packet as `writeBuffer`, `packet`, `packetCreate` and `flush` show it. */
export interface PacketView {
  readonly type: string;
  readonly data: EngineData | undefined;
  readonly options: { readonly compress: boolean };
}

/** Events that are only emitted to those who listen: the hot path does not pay for them otherwise. */
const OBSERVED = new Set<string | symbol>(["data", "message", "packet", "packetCreate", "flush", "drain", "heartbeat"]);

const OPEN = "open";

/** Events of a {@link Socket} with their arguments. */
export interface SocketEvents {
  open: [];
  data: [data: EngineData];
  message: [data: EngineData];
  packet: [packet: EnginePacket];
  packetCreate: [packet: PacketView];
  heartbeat: [];
  flush: [packets: PacketView[]];
  drain: [];
  upgrading: [transport: Transport];
  upgrade: [transport: Transport];
  close: [reason: EngineCloseReason, description?: unknown];
}

/**
 * One Engine.IO connection. Drives a `Session` (which decides) over a {@link Transport} (which moves packets), and
 * is what applications see.
 *
 * Events: `open`, `data` and `message` (data), `packet` and `packetCreate` (packet), `heartbeat`, `flush` (packets),
 * `drain`, `upgrading` (transport), `upgrade` (transport), `close` (reason, description).
 *
 * @example
 * server.on("connection", (socket) => {
 *   socket.on("data", (data) => socket.send(data));
 *   socket.on("close", (reason) => console.log(reason));
 * });
 */
export class Socket
  extends Emitter<SocketEvents>
  implements EngineSocket, TransportOwner, SessionPort, Flushable, Timed
{
  // What a broadcast looks at stands first, side by side in memory: with thousands of sockets each line of the cache counts.
  readonly #session: Session;
  #transport: BaseTransport;
  /** Stands in the engine's dirty list. */
  #dirty = false;
  /** Somebody listens to at least one of {@link OBSERVED}. */
  #observed = false;
  /** Something was written since the last drain. */
  #undrained = false;
  #waiters: Array<{ resolve: () => void; reject: (error: Error) => void }> | undefined;
  /** The sink, if it wants to hear of drains. */
  #drainSink: EngineSink | undefined;
  /** The engine that the session belongs to. */
  readonly server: SocketHost;
  /** Session id. Secret: it travels in URLs and lets its bearer speak for the session. */
  readonly id: string;
  /** Revision of the Engine.IO protocol that the peer speaks. */
  readonly protocol: number;
  /** The request that opened the session. `delete socket.request` frees it. */
  request?: unknown;
  /** Address of the peer when the session was opened. */
  readonly remoteAddress: string | undefined;
  #candidate: BaseTransport | undefined;
  #sink: EngineSink | undefined;
  /** The peer has not sent a message yet. */
  #silent = true;

  constructor(
    id: string,
    server: SocketHost,
    transport: BaseTransport,
    protocol: Protocol,
    request: unknown,
    remoteAddress: string | undefined,
  ) {
    super();
    this.id = id;
    this.server = server;
    this.protocol = protocol.revision;
    this.request = request;
    this.remoteAddress = remoteAddress;
    this.#transport = transport;
    this.#session = new Session(server.sessionOptions, protocol, this);
    transport.adopt(this);
  }

  // --- what applications use ----------------------------------------------------------------------------------------

  get readyState(): "opening" | "open" | "closing" | "closed" {
    return this.#session.state;
  }

  /** The transport in use. */
  get transport(): BaseTransport {
    return this.#transport;
  }

  /** The session has moved from long-polling to a better transport. */
  get upgraded(): boolean {
    return this.#session.upgrade === "done";
  }

  /** A better transport is being tried. */
  get upgrading(): boolean {
    return this.#candidate !== undefined;
  }

  /** What waits to be written. */
  get writeBuffer(): PacketView[] {
    return this.#session.outbox.packets.flatMap(viewsOf);
  }

  /** Bytes accepted by `write` and not yet taken by the operating system (text counted by its length). */
  get bufferedAmount(): number {
    return this.#session.outbox.size + this.#transport.bufferedAmount;
  }

  /** Resolves when the outbox is empty; rejects with `ERR_SOCKEYE_ENGINE_CLOSED` when the connection ends first. */
  drained(): Promise<void> {
    if (this.#session.state === "closed") return Promise.reject(closedError());
    if (this.#isDrained()) return Promise.resolve();
    return new Promise((resolve, reject) => {
      this.#undrained = true;
      this.#waiters ??= [];
      this.#waiters.push({ resolve, reject });
    });
  }

  /** Sends one message. The callback runs when the batch that holds it was handed to the transport. */
  send(data: EngineData, options?: EngineWriteOptions | WrittenCallback, callback?: WrittenCallback): this {
    return this.write(data, options, callback);
  }

  /** The same as {@link send}. */
  write(data: EngineData, options?: EngineWriteOptions | WrittenCallback, callback?: WrittenCallback): this {
    return this.sendPacket("message", data, options, callback);
  }

  /** Queues one packet of any type. */
  sendPacket(
    type: OutgoingPacket["type"],
    data?: EngineData,
    options?: EngineWriteOptions | WrittenCallback,
    callback?: WrittenCallback,
  ): this {
    if (typeof options === "function") return this.sendPacket(type, data, undefined, options);
    const volatile = options?.volatile === true;
    if (volatile && !this.#transport.writable && !this.#continuesVolatile(data)) {
      this.server.countDropped(1);
      return this;
    }
    this.#push(new OutgoingPacket(type, asData(data), options?.compress !== false, volatile, callback));
    return this;
  }

  /**
   * A Socket.IO packet with attachments comes in several writes (the official server marks each of them volatile): once
   * its text was taken, the attachments must follow.
   */
  #continuesVolatile(data: EngineData | undefined): boolean {
    return typeof data === "object" && this.#session.outbox.last?.volatile === true;
  }

  /** Queues what `engine.prepare` made. */
  writePrepared(prepared: PreparedMessage): void {
    const packet = prepared as PreparedMessage & OutgoingPacket;
    if (packet.volatile && !this.#transport.writable) this.server.countDropped(1);
    else this.#push(packet);
  }

  /** Ends the connection: after what is queued was written, or at once with `discard`. */
  close(discard = false): this {
    this.#session.close(discard, this.server.deadlines.refresh());
    // With nothing to flush (a client that never polls again) nobody else would notice that a deadline has come nearer.
    if (this.#session.state === "closing") this.server.deadlines.schedule(this);
    return this;
  }

  /** Direct hand-over of messages and of the end, in place of events. */
  setSink(sink: EngineSink): void {
    this.#sink = sink;
    this.#drainSink = sink.onDrain === undefined ? undefined : sink;
  }

  // --- for the engine -----------------------------------------------------------------------------------------------

  /** Starts the session. */
  open(handshake: string, initialPacket: EngineData | undefined): void {
    const { deadlines } = this.server;
    this.#session.open(handshake, initialPacket, deadlines.refresh());
    deadlines.schedule(this);
  }

  /** A second transport opened with this session's id. */
  offerCandidate(transport: BaseTransport): void {
    const moment = this.server.deadlines.refresh();
    if (!this.#transport.upgradable || !this.#session.candidateOpened(moment)) {
      transport.close();
      return;
    }
    this.#candidate = transport;
    transport.adopt(this);
    this.server.deadlines.schedule(this);
  }

  /** State of the session, for `engine.inspect()`. */
  get outboxLength(): number {
    return this.#session.outbox.length;
  }

  get outboxSize(): number {
    return this.#session.outbox.size;
  }

  // --- Flushable: once per turn of the event loop -------------------------------------------------------------------

  flush(): void {
    this.#dirty = false;
    const { outbox } = this.#session;
    if (outbox.length === 0 || !this.#transport.ready) return;
    const transport = this.#transport;
    const batch = outbox.take();
    if (this.#observed) this.#emitSafely("flush", batch.flatMap(viewsOf));
    this.server.onFlush(this, batch);
    this.#sendSafely(transport, batch);
    this.#callBack(batch, transport);
    outbox.recycle(batch);
    outbox.noteHeld(transport.bufferedAmount);
    this.#session.flushed(this.server.deadlines);
    if (this.#session.state === "closing") this.server.deadlines.schedule(this);
    this.#maybeDrained();
  }

  /** One connection whose packets cannot be encoded must not keep the others from being flushed. */
  #sendSafely(transport: BaseTransport, batch: readonly OutgoingPacket[]): void {
    try {
      transport.send(batch);
    } catch (error) {
      this.server.reportHandlerError(error, this, "flush");
      this.#session.transportEnded(error as Error, this.server.deadlines);
    }
  }

  #callBack(batch: readonly OutgoingPacket[], transport: Transport): void {
    for (let i = 0; i < batch.length; i++) {
      const { callback } = batch[i]!;
      if (callback === undefined) continue;
      try {
        callback(transport);
      } catch (error) {
        this.server.reportHandlerError(error, this, "write");
      }
    }
  }

  #isDrained(): boolean {
    return this.#session.outbox.length === 0 && (this.#transport.bufferedAmount === 0 || this.#transport.ready);
  }

  #maybeDrained(): void {
    if (!this.#undrained || !this.#isDrained()) return;
    this.#undrained = false;
    const waiters = this.#waiters;
    this.#waiters = undefined;
    if (waiters !== undefined) for (const { resolve } of waiters) resolve();
    this.#drainSink?.onDrain?.();
    if (this.#observed) this.#emitSafely("drain");
    this.server.onDrain(this);
  }

  #push(packet: OutgoingPacket): void {
    const { outbox } = this.#session;
    const dropped = outbox.dropped;
    if (this.#observed) for (const view of viewsOf(packet)) this.#emitSafely("packetCreate", view);
    this.#session.write(packet, this.server.deadlines);
    if (outbox.dropped !== dropped) this.server.countDropped(outbox.dropped - dropped);
  }

  // --- Timed --------------------------------------------------------------------------------------------------------

  slot: number | undefined = undefined;
  before: Timed | undefined = undefined;
  behind: Timed | undefined = undefined;

  nextDeadline(): number {
    return this.#session.nextDeadline();
  }

  expire(): void {
    this.#session.expire(this.server.deadlines);
  }

  // --- TransportOwner -----------------------------------------------------------------------------------------------

  hasQueued(transport: Transport): boolean {
    return transport === this.#transport && this.#session.outbox.length > 0;
  }

  onMessage(transport: Transport, data: EngineData): void {
    if (transport === this.#transport) this.#session.receiveMessage(data);
    else this.onControlPacket(transport, { type: "message", data });
  }

  onRest(transport: Transport): void {
    if (transport === this.#transport) this.#sink?.onRest?.();
  }

  onControlPacket(transport: Transport, packet: EnginePacket): void {
    if (transport === this.#transport) {
      if (this.#observed) this.#emitSafely("packet", packet);
      this.#session.receive(packet, this.server.deadlines);
    } else if (transport === this.#candidate) {
      this.#onCandidatePacket(packet);
    }
  }

  onMalformed(transport: Transport, error: Error): void {
    const { deadlines } = this.server;
    if (transport === this.#transport) this.#session.receiveMalformed(error, deadlines);
    else if (transport === this.#candidate) this.#session.candidateFailed(deadlines);
  }

  onReady(transport: Transport): void {
    if (transport !== this.#transport) return;
    this.#session.transportReady();
    this.#maybeDrained();
  }

  onOverflow(transport: Transport): void {
    if (transport === this.#transport) this.#session.overflowed(this.server.deadlines);
    else if (transport === this.#candidate) this.#session.candidateFailed(this.server.deadlines);
  }

  onTransportEnd(transport: Transport, error?: Error): void {
    const { deadlines } = this.server;
    if (transport === this.#transport) {
      this.#session.transportEnded(error, deadlines);
    } else if (transport === this.#candidate) {
      this.#candidate = undefined;
      this.#session.candidateFailed(deadlines);
    }
  }

  /** Feeds one packet by hand, as if it had just arrived. */
  onPacket(packet: EnginePacket): void {
    if (packet.type === "message") this.onMessage(this.#transport, packet.data ?? "");
    else this.onControlPacket(this.#transport, packet);
  }

  // --- the upgrade --------------------------------------------------------------------------------------------------

  #onCandidatePacket(packet: EnginePacket): void {
    const action = this.#session.receiveFromCandidate(packet, this.server.deadlines.refresh());
    if (action === "answer") this.#answerProbe();
    else if (action === "switch") this.#switch();
  }

  #answerProbe(): void {
    const candidate = this.#candidate;
    if (candidate === undefined) return;
    candidate.send([new OutgoingPacket("pong", "probe", false, false)]);
    this.#emitSafely("upgrading", candidate);
    // Whoever waits in a poll is let go at once: the client changes over when its poll has returned.
    if (this.#transport.ready) this.#session.transportReady();
  }

  #switch(): void {
    const former = this.#transport;
    this.#transport = this.#candidate!;
    this.#candidate = undefined;
    former.retire();
    this.#emitSafely("upgrade", this.#transport);
    this.#session.switched();
  }

  // --- SessionPort --------------------------------------------------------------------------------------------------

  bytesRead(): number {
    return this.#transport.bytesRead;
  }

  isConfirmed(): boolean {
    return this.#transport.confirmed;
  }

  heldBytes(): number {
    return this.#transport.bufferedAmount;
  }

  deliver(data: EngineData): void {
    if (this.#silent) {
      this.#silent = false;
      this.server.onFirstMessage(this);
    }
    if (this.#sink !== undefined) {
      this.#sink.onData(data);
      // Behind the sink, which may wait for the end of the turn as well: its answers then leave in this turn.
      this.server.flushQueue.expect();
    }
    if (!this.#observed) return;
    if (this.listenerCount("packet") > 0) this.#emitSafely("packet", { type: "message", data });
    this.#emitSafely("data", data);
    this.#emitSafely("message", data);
  }

  beat(): void {
    // The next ping may be due before the time-out that was awaited.
    this.server.deadlines.schedule(this);
    if (this.#observed) this.#emitSafely("heartbeat");
  }

  wake(): void {
    this.#undrained = true;
    if (this.#dirty) return;
    this.#dirty = true;
    this.server.flushQueue.add(this);
  }

  finish(): void {
    this.#transport.close();
  }

  rejectCandidate(): void {
    const candidate = this.#candidate;
    this.#candidate = undefined;
    candidate?.close();
  }

  ended(reason: EngineCloseReason, details: unknown): void {
    this.server.deadlines.cancel(this);
    this.server.forget(this);
    this.#endTransports(reason, details);
    this.#rejectWaiters();
    const description = describe(details);
    this.#sink?.onClose(reason, description);
    this.#emitSafely("close", reason, description);
    // Listeners may still look at what was not written.
    const { outbox } = this.#session;
    if (outbox.length > 0) process.nextTick(() => outbox.clear());
  }

  #endTransports(reason: EngineCloseReason, details: unknown): void {
    const candidate = this.#candidate;
    this.#candidate = undefined;
    // A peer that is gone or does not read would not take part in a closing handshake.
    const isDeaf = reason === "ping timeout" || reason === "slow consumer";
    if (candidate !== undefined) this.#endCandidate(candidate, isDeaf);
    if (isDeaf) this.#transport.abort();
    else this.#transport.dismiss(violationOf(reason, details));
  }

  #endCandidate(candidate: BaseTransport, isDeaf: boolean): void {
    const { deadlines, sessionOptions } = this.server;
    if (isDeaf || this.#session.upgrade !== "probed") candidate.abort();
    else new Parting(candidate, deadlines, sessionOptions.closeTimeout);
  }

  #rejectWaiters(): void {
    const waiters = this.#waiters;
    this.#waiters = undefined;
    if (waiters === undefined) return;
    for (const { reject } of waiters) reject(closedError());
  }

  // --- events -------------------------------------------------------------------------------------------------------

  override on<E extends keyof SocketEvents>(event: E, listener: (...args: SocketEvents[E]) => void): this;
  override on(event: string | symbol, listener: (...args: never[]) => void): this;
  override on(event: string | symbol, listener: (...args: never[]) => void): this {
    if (OBSERVED.has(event)) this.#observed = true;
    return super.on(event, listener);
  }

  override prependListener(event: string | symbol, listener: (...args: never[]) => void): this {
    if (OBSERVED.has(event)) this.#observed = true;
    return super.prependListener(event, listener as (...args: unknown[]) => void);
  }

  /** A listener that throws ends neither the connection nor the process: the error goes to the engine's hook. */
  #emitSafely(event: string, ...args: unknown[]): void {
    try {
      this.emit(event, ...args);
    } catch (error) {
      this.server.reportHandlerError(error, this, event);
    }
  }

  /** Announces the session; for the engine. */
  announceOpen(): void {
    if (this.#session.state === OPEN) this.#emitSafely("open");
  }
}

/** What JavaScript lets through although the type does not: refused here, where the caller can be told. */
function asData(data: unknown): EngineData | undefined {
  if (typeof data === "string" || isBinaryData(data)) return data;
  if (data === undefined || data === null) return undefined;
  if (typeof data === "number" || typeof data === "boolean" || typeof data === "bigint") return String(data);
  throw new EngineMisuse("ERR_SOCKEYE_ENGINE_DATA", "only text and binary data can be sent");
}

function closedError(): EngineMisuse {
  return new EngineMisuse("ERR_SOCKEYE_ENGINE_CLOSED", "the connection is closed");
}

/** A queued packet, or the packets of a prepared message, for showing. */
export function viewsOf(packet: OutgoingPacket): PacketView[] {
  return (packet.parts ?? [packet]).map(({ type, data, compress }) => ({ type, data, options: { compress } }));
}

function violationOf(reason: EngineCloseReason, details: unknown): Error | undefined {
  if (reason !== "parse error" && !(details instanceof LawBreach)) return undefined;
  return describe(details) as Error;
}

/** Presents what ended a session as an error. */
function describe(details: unknown): unknown {
  if (!(details instanceof LawBreach)) return details;
  switch (details.kind) {
    case "heartbeat direction":
      return new EngineViolation("ERR_SOCKEYE_ENGINE_HEARTBEAT_DIRECTION", "invalid heartbeat direction");
    case "slow consumer":
      return new TransportFailure("ERR_SOCKEYE_ENGINE_SLOW_CONSUMER", "the peer does not read what it is sent");
    default:
      return new EngineViolation("ERR_SOCKEYE_ENGINE_UNEXPECTED_PACKET", `unexpected ${details.event} packet`);
  }
}
