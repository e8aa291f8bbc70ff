import { type EventPacket, type Packet, PacketType, RESERVED_EVENTS } from "@sockeye/socketio-parser";
import { type AckCallback, Acks } from "./acks.js";
import type {
  AnyListener,
  ConnectError,
  DisconnectDetails,
  DisconnectReason,
  ManagerLink,
  ManagerView,
  Member,
  Recovery,
  SocketEvents,
  SocketView,
} from "./contract.js";
import { type ArgsOf, Emitter, type NameOf } from "./emitter.js";
import { type ClientError, MisuseError, RefusedError, TransportError, UnansweredError } from "./errors.js";
import type { AckValue, AllButLast, DefaultEventsMap, Last, NameWithAck, WithAckErrors } from "./events.js";
import { OffsetTracker } from "./offset.js";
import type { SocketOptions } from "./options.js";
import { Outbox, type Waiting } from "./outbox.js";
import { type EventData, RetryQueue } from "./retries.js";
import { type Cancel, later, type TimerOptions } from "./timers.js";

/** What the modifiers say about the next emit. */
interface Flags {
  volatile?: boolean;
  compress?: boolean;
  timeout?: number;
  signal?: AbortSignal;
  /** The callback takes an error first, whatever the options. */
  withError?: boolean;
}

/** An event on its way out. */
interface Outgoing extends EventPacket, Waiting {
  readonly compress?: boolean | undefined;
}

/** What a server tells when a namespace is joined; all but `sid` may be missing. */
interface Joined {
  readonly sid: string;
  readonly pid?: string;
  readonly tag?: string;
  readonly offset?: string;
  readonly dedup?: boolean;
  readonly recovery?: string;
}

/**
 * One namespace of one server.
 *
 * ```ts
 * const socket = io();
 * socket.on("connect", () => socket.emit("hello", "world", (answer) => { ... }));
 * ```
 */
export class Socket<Listen extends object = DefaultEventsMap, Emit extends object = Listen>
  extends Emitter<SocketEvents, Listen>
  implements SocketView<Listen, Emit>
{
  id: string | undefined;
  connected = false;
  recovered = false;
  recovery: Recovery | undefined;
  active = false;
  auth: SocketOptions["auth"];
  /** Events that came before the namespace was joined, as resumed ones do. */
  receiveBuffer: unknown[][] = [];

  readonly #options: SocketOptions & TimerOptions;
  readonly #link: ManagerLink;
  readonly #acks: Acks;
  readonly #outbox: Outbox<Outgoing>;
  readonly #retries: RetryQueue<Flags>;
  readonly #stream = new OffsetTracker();
  #flags: Flags = {};
  #anyIncoming: AnyListener[] = [];
  #anyOutgoing: AnyListener[] = [];
  /** The session, for code that knows it by this name. @deprecated */
  _pid: string | undefined;
  #clientId: string | undefined;
  #again: Cancel | undefined;
  /** Changes when an answer of an `auth` function comes too late. */
  #attempt = 0;

  readonly #member: Member = {
    opened: () => this.#join(),
    received: (packet) => this.#receive(packet),
    closed: (reason, details) => this.#closed(reason, details),
    failed: (error) => this.dispatch("connect_error", error),
  };

  constructor(
    readonly io: ManagerView,
    readonly nsp: string,
    options: SocketOptions & TimerOptions,
    link: ManagerLink,
  ) {
    super();
    this.auth = options.auth;
    this.#options = options;
    this.#link = link;
    this.#acks = new Acks(options, (id) => this.#outbox.remove((packet) => packet.id === id));
    this.#outbox = new Outbox(options, (packet, error) => this.#dropped(packet, error));
    this.#retries = new RetryQueue(options, {
      ready: () => this.connected,
      post: (data, settle, flags) =>
        this.#post(data, settle, { ...flags, timeout: flags.timeout ?? 10_000, withError: true }),
      dropped: (data, error) => link.dropped({ nsp, data, error }),
    });
  }

  get disconnected(): boolean {
    return !this.connected;
  }

  /** The place in the stream of the session, for code that knows it by this name. @deprecated */
  get _lastOffset(): string | undefined {
    return this.#stream.offset;
  }

  /** Packets that wait for the connection. May be replaced, by an empty list to forget them. */
  get sendBuffer(): Outgoing[] {
    return this.#outbox.items;
  }

  set sendBuffer(packets: Outgoing[]) {
    this.#outbox.items = packets;
  }

  connect(): this {
    if (!this.connected) {
      this.active = true;
      this.#link.join(this.nsp, this.#member);
    }
    return this;
  }

  open(): this {
    return this.connect();
  }

  disconnect(): this {
    const { connected, nsp } = this;
    if (connected) this.#link.send({ type: PacketType.DISCONNECT, nsp });
    this.#leave();
    if (connected) this.#closed("io client disconnect");
    return this;
  }

  close(): this {
    return this.disconnect();
  }

  emit<Name extends NameOf<Emit>>(event: Name, ...args: ArgsOf<Emit, Name>): this {
    const flags = { timeout: this.#options.ackTimeout, ...this.#flags };
    this.#flags = {};
    if (RESERVED_EVENTS.has(event as string)) {
      throw new MisuseError("RESERVED_EVENT", `"${event}" is a reserved event name`);
    }
    const data: unknown[] = [event, ...(args as unknown[])];
    let callback: AckCallback | undefined;
    if (typeof data.at(-1) === "function") {
      const given = data.pop() as AckCallback;
      callback = (...answer) => this.call(given, answer, event);
    }
    if (this.#options.retries && !flags.volatile) this.#retries.add(data as unknown as EventData, callback, flags);
    else this.#post(data as unknown as EventData, callback, flags);
    return this;
  }

  emitWithAck<Name extends NameWithAck<Emit>>(
    event: Name,
    ...args: AllButLast<ArgsOf<Emit, Name>>
  ): Promise<AckValue<Last<ArgsOf<Emit, Name>>>> {
    return new Promise((resolve, reject) => {
      const settle: AckCallback = (error, value) => (error ? reject(error) : resolve(value));
      this.#flags.withError = true;
      this.emit(event, ...([...args, settle] as unknown as ArgsOf<Emit, Name>));
    });
  }

  send(...args: unknown[]): this {
    return this.emit("message" as NameOf<Emit>, ...(args as ArgsOf<Emit, NameOf<Emit>>));
  }

  timeout(ms: number): Socket<Listen, WithAckErrors<Emit>> {
    this.#flags.timeout = ms;
    return this as never;
  }

  signal(signal: AbortSignal): Socket<Listen, WithAckErrors<Emit>> {
    this.#flags.signal = signal;
    return this as never;
  }

  get volatile(): this {
    this.#flags.volatile = true;
    return this;
  }

  compress(compress: boolean): this {
    this.#flags.compress = compress;
    return this;
  }

  probe(timeout?: number): Promise<boolean> {
    return this.io.probe(timeout);
  }

  /** Calls `listener` with the name and the arguments of every event that comes. */
  onAny(listener: AnyListener): this {
    this.#anyIncoming = [...this.#anyIncoming, listener];
    return this;
  }

  prependAny(listener: AnyListener): this {
    this.#anyIncoming = [listener, ...this.#anyIncoming];
    return this;
  }

  offAny(listener?: AnyListener): this {
    this.#anyIncoming = without(this.#anyIncoming, listener);
    return this;
  }

  listenersAny(): AnyListener[] {
    return this.#anyIncoming;
  }

  /** Calls `listener` with the name and the arguments of every event that is sent. */
  onAnyOutgoing(listener: AnyListener): this {
    this.#anyOutgoing = [...this.#anyOutgoing, listener];
    return this;
  }

  prependAnyOutgoing(listener: AnyListener): this {
    this.#anyOutgoing = [listener, ...this.#anyOutgoing];
    return this;
  }

  offAnyOutgoing(listener?: AnyListener): this {
    this.#anyOutgoing = without(this.#anyOutgoing, listener);
    return this;
  }

  listenersAnyOutgoing(): AnyListener[] {
    return this.#anyOutgoing;
  }

  protected override onListenerError(error: unknown, event: string | number): void {
    this.#link.handlerError(error, event);
  }

  // --- joining and leaving ------------------------------------------------------------------------------------------

  /** Asks for the namespace, with credentials, and with the place in the stream if there is one to go back to. */
  #join(): void {
    const { auth, nsp } = this;
    const attempt = ++this.#attempt;
    const answer = (data: Record<string, unknown> | undefined) => {
      if (attempt !== this.#attempt) return;
      // Whether repeated events can be known is for the server to say, when asked.
      const ask = this.#options.retries ? { dedup: true } : undefined;
      const place = this._pid && { pid: this._pid, offset: this.#stream.offset };
      const merged = ask || place ? { ...ask, ...place, ...data } : data;
      try {
        this.#link.send({ type: PacketType.CONNECT, nsp, data: merged });
      } catch (error) {
        // Credentials that cannot be written down.
        this.#refuse(error as RefusedError);
      }
    };
    if (typeof auth === "function") this.call(auth, [answer], "auth");
    else answer(auth);
  }

  #leave(): void {
    this.active = false;
    this.#giveUpAttempt();
    this.#link.leave(this.nsp);
  }

  #giveUpAttempt(): void {
    this.#attempt++;
    this.#again?.();
  }

  #receive(packet: Packet): void {
    const { type } = packet;
    if (type === PacketType.CONNECT) this.#joined(packet.data as Joined | undefined);
    else if (type === PacketType.EVENT || type === PacketType.BINARY_EVENT) this.#event(packet);
    else if (type === PacketType.ACK || type === PacketType.BINARY_ACK) this.#acks.settle(packet.id, packet.data);
    else if (type === PacketType.CONNECT_ERROR) this.#refused(packet.data);
    else {
      this.#leave();
      this.#closed("io server disconnect");
    }
  }

  #joined(data: Joined | undefined): void {
    if (this.connected) return;
    // Socket.IO 2 confirms a namespace without an id.
    if (!data?.sid) {
      this.#refuse(new RefusedError("OLD_SERVER", "the server speaks Socket.IO 2"));
      return;
    }
    const { sid, pid, tag, offset, dedup, recovery } = data;
    this.id = sid;
    this.recovered = !!pid && this._pid === pid;
    this.recovery = this._pid ? { ok: this.recovered, reason: recovery } : undefined;
    this._pid = pid;
    this.#stream.start(tag, offset, this.recovered);
    if (dedup && tag) this.#clientId ??= randomId();
    this.#retries.mark = dedup && tag ? tag + this.#clientId : undefined;
    this.connected = true;
    this.#release();
    this.dispatch("connect");
  }

  /** What has waited for the namespace: events that came, packets to send, then those that are sent until heard. */
  #release(): void {
    for (const event of this.receiveBuffer.splice(0)) this.#deliver(event);
    for (const packet of this.#outbox.take()) {
      try {
        this.#transmit(packet);
      } catch (error) {
        this.#dropped(packet, error as ClientError);
      }
    }
    this.#retries.drain();
  }

  #refused(reason: unknown): void {
    const { message = reason, data, retryAfter } = Object(reason);
    const word = message === "Invalid namespace" ? "NO_NAMESPACE" : "REFUSED";
    this.#refuse(new RefusedError(word, message, { data, retryAfter }));
  }

  /** A refusal is final, unless the server says when to come back. */
  #refuse(error: RefusedError): void {
    if (this.connected) return;
    const { retryAfter = 0 } = error;
    if (retryAfter > 0) {
      const again = () => this.#link.ready() && this.#join();
      this.#again = later(this.#options, again, retryAfter * (1 + Math.random() / 2));
    } else this.#leave();
    this.dispatch("connect_error", error);
  }

  #closed(reason: DisconnectReason, details?: DisconnectDetails): void {
    const { connected } = this;
    this.connected = false;
    this.id = undefined;
    this.#giveUpAttempt();
    if (connected) this.dispatch("disconnect", reason, details);
    else this.dispatch("connect_error", new TransportError("TRANSPORT", reason, details) as ConnectError);
    this.#acks.failSent(new Set(this.sendBuffer.map(({ id }) => id)));
  }

  // --- events that come ---------------------------------------------------------------------------------------------

  #event({ data, id }: EventPacket): void {
    const event: unknown[] = [...data];
    if (id !== undefined) event.push(this.#answer(id));
    else if (this._pid) this.#stream.track(event);
    if (this.connected) {
      this.#deliver(event);
      return;
    }
    const { receiveBufferLimit = 100_000 } = this.#options;
    if (this.receiveBuffer.push(event) > receiveBufferLimit) {
      this.receiveBuffer = [];
      this.#link.violated(new MisuseError("BUFFER_FULL", `more than ${receiveBufferLimit} early events`));
    }
  }

  #deliver(event: unknown[]): void {
    const [name, ...args] = event as [string | number, ...unknown[]];
    for (const listener of this.#anyIncoming) this.call(listener, event, name);
    // A custom parser may let through what would forge an event of the library's own.
    if (!RESERVED_EVENTS.has(name as string)) this.fire(name, args);
  }

  /** The function that acknowledges an event, once. */
  #answer(id: number): AckCallback {
    let answered = false;
    return (...data) => {
      if (answered || !this.connected) return;
      answered = true;
      this.#link.send({ type: PacketType.ACK, nsp: this.nsp, id, data });
    };
  }

  // --- events that go -----------------------------------------------------------------------------------------------

  /** Sends an event, or lets it wait for the connection. */
  #post(data: EventData, callback: AckCallback | undefined, flags: Flags): void {
    const { volatile, compress, signal, timeout, withError = signal !== undefined || timeout !== undefined } = flags;
    const id = callback && this.#acks.add(callback, withError, timeout, signal);
    const packet: Outgoing = { type: PacketType.EVENT, nsp: this.nsp, data, id, compress, at: Date.now() };
    const ready = this.connected && this.#link.ready();
    if (signal?.aborted) this.#dropped(packet, new UnansweredError("ABORTED", "operation has been aborted"));
    else if (volatile && !(ready && this.#link.writable())) {
      this.#dropped(packet, new UnansweredError("DROPPED", "volatile packet has been dropped"));
    } else {
      try {
        if (ready) this.#transmit(packet);
        else this.#outbox.add(packet);
      } catch (error) {
        if (callback) this.#acks.take(id!);
        throw error;
      }
    }
  }

  #transmit(packet: Outgoing): void {
    this.#link.send(packet, packet.compress);
    for (const listener of this.#anyOutgoing) this.call(listener, packet.data, packet.data[0]);
  }

  #dropped({ id, data, nsp }: Outgoing, error: ClientError): void {
    if (id !== undefined) this.#acks.fail(id, error);
    this.#link.dropped({ nsp, data, error });
  }
}

function without(listeners: AnyListener[], listener?: AnyListener): AnyListener[] {
  return listener ? listeners.filter((each) => each !== listener) : [];
}

/** Not to be guessed: our server answers a repeated event from memory. */
function randomId(): string {
  const bytes = new Uint8Array(12).map(() => Math.random() * 256);
  // React Native has none.
  globalThis.crypto?.getRandomValues(bytes);
  return Array.from(bytes, (byte) => byte.toString(36)).join("");
}
