import {
  ACK,
  BINARY_ACK,
  BINARY_EVENT,
  CONNECT,
  CONNECT_ERROR,
  DISCONNECT,
  EVENT,
  type EventPacket,
  type Packet,
  RESERVED_EVENTS,
} from "@sockeye/socketio-parser";
import { type AckCallback, Acks } from "../acks.js";
import type {
  CoreManagerView,
  CoreSocketView,
  DisconnectDetails,
  DisconnectReason,
  EventData,
  Flags,
  ManagerLink,
  Member,
  Recovery,
  SocketEvents,
} from "../contract.js";
import { type ArgsOf, Emitter, type NameOf } from "../emitter.js";
import { type ClientError, lossError, MisuseError, RefusedError, UnansweredError } from "../errors.js";
import type { AckValue, AllButLast, DefaultEventsMap, Last, NameWithAck, WithAckErrors } from "../events.js";
import { OffsetTracker } from "../offset.js";
import type { SocketOptions } from "../options.js";
import type { TimerOptions } from "../timers.js";
import { bufferFull, type OutboxClass, type OutboxShape } from "./outbox.js";

/** An event on its way out. */
export interface Outgoing extends EventPacket {
  readonly flags: Flags;
}

/** What a server tells when a namespace is joined; all but `sid` may be missing. */
export interface Joined {
  readonly sid: string;
  readonly pid?: string;
  readonly tag?: string;
  readonly offset?: string;
  readonly dedup?: boolean;
  readonly recovery?: string;
}

/**
 * One namespace of one server: all that delivery needs. What the default entry point adds is in `socket.ts`.
 *
 * ```ts
 * const socket = io();
 * socket.on("connect", () => socket.emit("hello", "world", (answer) => { ... }));
 * ```
 */
export class CoreSocket<Listen extends object = DefaultEventsMap, Emit extends object = Listen>
  extends Emitter<SocketEvents, Listen>
  implements CoreSocketView<Listen, Emit>
{
  id: string | undefined;
  connected = false;
  recovered = false;
  recovery: Recovery | undefined;
  active = false;
  auth: SocketOptions["auth"];
  /** Events that came before the namespace was joined, as resumed ones do. */
  receiveBuffer: unknown[][] = [];
  /** The session, for code that knows it by this name. @deprecated */
  _pid: string | undefined;

  /** What the modifiers said about the next emit. */
  protected nextFlags: Flags = {};
  protected readonly outbox: OutboxShape<Outgoing>;
  protected readonly offsets = new OffsetTracker();
  readonly #acks: Acks;
  /** Changes when an answer of an `auth` function comes too late. */
  #attempt = 0;

  readonly #member: Member = {
    connectionOpened: () => this.joinNow(),
    packetReceived: (packet) => this.#receive(packet),
    connectionLost: (reason, details) => this.#closed(reason, details),
  };

  constructor(
    readonly io: CoreManagerView,
    readonly nsp: string,
    protected readonly options: SocketOptions & TimerOptions,
    protected readonly link: ManagerLink,
    Outbox: OutboxClass,
  ) {
    super();
    this.auth = options.auth;
    this.#acks = new Acks(options, (id, error) => this.giveUp(id, error));
    this.outbox = new Outbox<Outgoing>(options, (packet, error) => this.dropPacket(packet, error));
  }

  get disconnected(): boolean {
    return !this.connected;
  }

  connect(): this {
    if (!this.connected) {
      this.active = true;
      this.link.joinNamespace(this.nsp, this.#member);
    }
    return this;
  }

  disconnect(): this {
    const { connected, nsp } = this;
    if (connected) this.link.sendPacket({ type: DISCONNECT, nsp });
    this.#leave();
    if (connected) this.#closed("io client disconnect");
    return this;
  }

  emit<Name extends NameOf<Emit>>(event: Name, ...args: ArgsOf<Emit, Name>): this {
    const flags = { timeout: this.options.ackTimeout, ...this.nextFlags };
    this.nextFlags = {};
    if (RESERVED_EVENTS.has(event as string)) {
      throw new MisuseError("RESERVED_EVENT", `"${event}" is a reserved event name`);
    }
    const data = [event, ...(args as unknown[])] as [Name, ...unknown[]];
    let callback: AckCallback | undefined;
    if (typeof data.at(-1) === "function") {
      const given = data.pop() as AckCallback;
      callback = (...answer) => this.callListener(given, answer, event);
    }
    this.postEvent(data, callback, flags);
    return this;
  }

  emitWithAck<Name extends NameWithAck<Emit>>(
    event: Name,
    ...args: AllButLast<ArgsOf<Emit, Name>>
  ): Promise<AckValue<Last<ArgsOf<Emit, Name>>>> {
    return new Promise((resolve, reject) => {
      const settle: AckCallback = (error, value) => (error ? reject(error) : resolve(value));
      this.nextFlags.withError = true;
      this.emit(event, ...([...args, settle] as unknown as ArgsOf<Emit, Name>));
    });
  }

  send(...args: unknown[]): this {
    return this.emit("message" as NameOf<Emit>, ...(args as ArgsOf<Emit, NameOf<Emit>>));
  }

  timeout(ms: number): CoreSocket<Listen, WithAckErrors<Emit>> {
    this.nextFlags.timeout = ms;
    return this as never;
  }

  get volatile(): this {
    this.nextFlags.volatile = true;
    return this;
  }

  // --- joining and leaving ------------------------------------------------------------------------------------------

  /** What to ask of the server with the namespace: to go on where the stream broke off. */
  protected askFor(): object | undefined {
    const { _pid: pid, offsets } = this;
    return pid ? { pid, offset: offsets.place } : undefined;
  }

  protected joinNow(): void {
    const { auth, nsp } = this;
    const attempt = ++this.#attempt;
    const answer = (data: Record<string, unknown> | undefined) => {
      if (attempt !== this.#attempt) return;
      const ask = this.askFor();
      try {
        this.link.sendPacket({ type: CONNECT, nsp, data: ask ? { ...ask, ...data } : data });
      } catch (error) {
        // Credentials that cannot be written down.
        this.refuseWith(error as RefusedError);
      }
    };
    if (typeof auth === "function") this.callListener(auth, [answer], "auth");
    else answer(auth);
  }

  #leave(): void {
    this.active = false;
    this.giveUpAttempt();
    this.link.leaveNamespace(this.nsp);
  }

  /** What is under way to join is no longer wanted. */
  protected giveUpAttempt(): void {
    this.#attempt++;
  }

  #receive(packet: Packet): void {
    const { type } = packet;
    if (type === CONNECT) this.#joined(packet.data as Joined | undefined);
    else if (type === EVENT || type === BINARY_EVENT) this.#event(packet);
    else if (type === ACK || type === BINARY_ACK) this.#acks.settle(packet.id, null, packet.data);
    else if (type === CONNECT_ERROR) this.#refused(packet.data);
    else {
      this.#leave();
      this.#closed("io server disconnect");
    }
  }

  #joined(data: Joined | undefined): void {
    if (this.connected) return;
    // Socket.IO 2 confirms a namespace without an id.
    if (!data?.sid) {
      this.refuseWith(new RefusedError("OLD_SERVER", "the server speaks Socket.IO 2"));
      return;
    }
    const { sid, pid, tag, offset, recovery } = data;
    const before = this._pid;
    this.id = sid;
    this.recovered = !!pid && before === pid;
    this.recovery = before ? { ok: this.recovered, reason: recovery } : undefined;
    this._pid = pid;
    this.offsets.start(tag, offset, this.recovered);
    this.connected = true;
    this.releaseWaiting(data);
    this.dispatch("connect");
  }

  /** What has waited for the namespace: events that came, then packets to send. */
  protected releaseWaiting(_joined: Joined): void {
    for (const event of this.receiveBuffer.splice(0)) this.deliver(event);
    for (const packet of this.outbox.takeAll()) {
      try {
        this.transmit(packet);
      } catch (error) {
        this.dropPacket(packet, error as ClientError);
      }
    }
  }

  #refused(reason: unknown): void {
    const { message = reason, data, retryAfter } = Object(reason);
    const word = message === "Invalid namespace" ? "NO_NAMESPACE" : "REFUSED";
    this.refuseWith(new RefusedError(word, message, { data, retryAfter }));
  }

  protected refuseWith(error: RefusedError): void {
    if (this.connected) return;
    this.#leave();
    this.dispatch("connect_error", error);
  }

  #closed(reason: DisconnectReason, details?: DisconnectDetails): void {
    const { connected } = this;
    this.connected = false;
    this.id = undefined;
    this.giveUpAttempt();
    if (connected) this.dispatch("disconnect", reason, details);
    else this.dispatch("connect_error", lossError(reason, details));
    this.#acks.failSent(new Set(this.outbox.waiting.map(({ id }) => id)));
  }

  // --- events that come ---------------------------------------------------------------------------------------------

  #event({ data, id }: EventPacket): void {
    const event: unknown[] = [...data];
    if (id !== undefined) event.push(this.#answer(id));
    else if (this._pid) this.offsets.track(event);
    if (this.connected) {
      this.deliver(event);
      return;
    }
    const { receiveBufferLimit = 100_000 } = this.options;
    if (this.receiveBuffer.push(event) > receiveBufferLimit) {
      this.receiveBuffer = [];
      throw bufferFull(receiveBufferLimit);
    }
  }

  protected deliver(event: unknown[]): void {
    // A custom parser may let through what would forge an event of the library's own.
    if (!RESERVED_EVENTS.has(event[0] as string)) this.dispatch(...(event as unknown as ["connect"]));
  }

  /** The function that acknowledges an event, once. */
  #answer(id: number): AckCallback {
    let answered = false;
    return (...data) => {
      if (answered || !this.connected) return;
      answered = true;
      this.link.sendPacket({ type: ACK, nsp: this.nsp, id, data });
    };
  }

  // --- events that go -----------------------------------------------------------------------------------------------

  /** Sends an event, or lets it wait for the connection. Returns the id of its acknowledgement, if it has one. */
  protected postEvent(data: EventData, callback: AckCallback | undefined, flags: Flags): number | undefined {
    const { volatile, timeout, withError = timeout !== undefined } = flags;
    const id = callback && this.#acks.add(callback, withError, timeout);
    const packet: Outgoing = { type: EVENT, nsp: this.nsp, data, id, flags };
    const ready = this.connected && this.link.isReady();
    if (volatile && !(ready && this.link.isWritable())) {
      this.dropPacket(packet, new UnansweredError("DROPPED", "volatile packet has been dropped"));
    } else {
      try {
        if (ready) this.transmit(packet);
        else this.outbox.add(packet);
      } catch (error) {
        this.#acks.settle(id);
        throw error;
      }
    }
    return id;
  }

  /** Nobody waits for an answer any more: it fails, and the packet is taken back if it still waits. */
  protected giveUp(id: number, error: ClientError): void {
    const { waiting } = this.outbox;
    const at = waiting.findIndex((packet) => packet.id === id);
    if (at >= 0) waiting.splice(at, 1);
    this.#acks.settle(id, error);
  }

  protected transmit(packet: Outgoing): void {
    this.link.sendPacket(packet);
  }

  protected dropPacket({ id, data, nsp }: Outgoing, error: ClientError): void {
    this.#acks.settle(id, error);
    this.link.packetDropped({ nsp, data, error });
  }
}
