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
import { Outbox } from "./outbox.js";
import { type Cancel, later, type TimerOptions } from "./timers.js";

/** What the modifiers say about the next emit. */
interface Flags {
  volatile?: boolean;
  compress?: boolean;
  timeout?: number;
  signal?: AbortSignal;
  /** The callback is a promise's: it takes an error first, whatever the options. */
  promised?: boolean;
}

/** An event on its way out. */
interface Outgoing extends EventPacket {
  readonly options: { readonly compress: boolean | undefined; readonly at: number };
}

/** An event that is sent until it is acknowledged. */
interface Retried {
  readonly data: readonly [string | number, ...unknown[]];
  readonly flags: Flags;
  readonly callback: AckCallback | undefined;
  /** Number among this socket's retried events: what our server knows a duplicate by. */
  readonly number: number;
  readonly at: number;
  tries: number;
  pending: boolean;
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
  readonly io: ManagerView;
  readonly nsp: string;
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
  readonly #queue: Outbox<Retried>;
  readonly #stream = new OffsetTracker();
  #flags: Flags = {};
  #anyIncoming: AnyListener[] = [];
  #anyOutgoing: AnyListener[] = [];
  #pid: string | undefined;
  #retried = 0;
  /** Set while the server suppresses duplicates: what marks a retried event. */
  #mark: string | undefined;
  readonly #clientId = randomId();
  #again: Cancel | undefined;
  /** Changes when an answer of an `auth` function comes too late. */
  #attempt = 0;

  readonly #member: Member;

  constructor(io: ManagerView, nsp: string, options: SocketOptions & TimerOptions, link: ManagerLink) {
    super();
    this.io = io;
    this.nsp = nsp;
    this.auth = options.auth;
    this.#options = options;
    this.#link = link;
    this.#member = {
      nsp,
      opened: () => this.#join(),
      received: (packet) => this.#receive(packet),
      closed: (reason, details) => this.#closed(reason, details),
      failed: (error) => this.connected || this.dispatch("connect_error", error),
    };
    this.#acks = new Acks(options, (id) => {
      this.sendBuffer = this.sendBuffer.filter((packet) => packet.id !== id);
    });
    const { bufferLimit: limit = 10_000, bufferPolicy: policy = "drop-oldest", bufferTtl: ttl = Infinity } = options;
    this.#outbox = new Outbox({
      limit,
      policy,
      ttl,
      at: (packet) => packet.options.at,
      dropped: (packet, error) => this.#dropped(packet, error),
    });
    this.#queue = new Outbox({
      limit,
      policy,
      ttl,
      // What is under way is not late.
      at: (item) => (item.pending ? Infinity : item.at),
      dropped: (item, error) => {
        item.callback?.(error);
        link.dropped({ nsp, data: item.data, error });
      },
    });
  }

  get disconnected(): boolean {
    return !this.connected;
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
      this.#link.join(this.#member);
    }
    return this;
  }

  open(): this {
    return this.connect();
  }

  disconnect(): this {
    const { connected } = this;
    if (connected) this.#link.send({ type: PacketType.DISCONNECT, nsp: this.nsp });
    this.#leave();
    if (connected) this.#closed("io client disconnect");
    return this;
  }

  close(): this {
    return this.disconnect();
  }

  emit<Name extends NameOf<Emit>>(event: Name, ...args: ArgsOf<Emit, Name>): this {
    const flags = this.#flags;
    this.#flags = {};
    if (RESERVED_EVENTS.has(event as string)) {
      throw new MisuseError("RESERVED_EVENT", `"${event}" is a reserved event name`);
    }
    const data: [string | number, ...unknown[]] = [event, ...(args as unknown[])];
    const callback = typeof data.at(-1) === "function" ? this.#guard(data.pop() as AckCallback, event) : undefined;
    if (this.#options.retries && !flags.volatile) {
      this.#queue.add({ data, flags, callback, number: this.#retried++, at: Date.now(), tries: 0, pending: false });
      this.#drain();
    } else this.#post(data, callback, flags);
    return this;
  }

  emitWithAck<Name extends NameWithAck<Emit>>(
    event: Name,
    ...args: AllButLast<ArgsOf<Emit, Name>>
  ): Promise<AckValue<Last<ArgsOf<Emit, Name>>>> {
    return new Promise((resolve, reject) => {
      const settle: AckCallback = (error, value) => (error ? reject(error) : resolve(value));
      this.#flags.promised = true;
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
    const { auth } = this;
    const attempt = ++this.#attempt;
    const answer = (data: Record<string, unknown> | undefined) => {
      if (attempt !== this.#attempt) return;
      const resume = this.#pid && { pid: this.#pid, offset: this.#stream.offset };
      this.#link.send({ type: PacketType.CONNECT, nsp: this.nsp, data: resume ? { ...resume, ...data } : data });
    };
    if (typeof auth === "function") this.call(auth, [answer], "auth");
    else answer(auth);
  }

  #leave(): void {
    this.active = false;
    this.#abandonAttempt();
    this.#link.leave(this.#member);
  }

  #abandonAttempt(): void {
    this.#attempt++;
    this.#again?.();
  }

  #receive(packet: Packet): void {
    switch (packet.type) {
      case PacketType.CONNECT:
        this.#joined(packet.data as Joined | undefined);
        break;
      case PacketType.EVENT:
      case PacketType.BINARY_EVENT:
        this.#event(packet);
        break;
      case PacketType.ACK:
      case PacketType.BINARY_ACK:
        this.#acks.settle(packet.id, packet.data);
        break;
      case PacketType.DISCONNECT:
        this.#leave();
        this.#closed("io server disconnect");
        break;
      case PacketType.CONNECT_ERROR:
        this.#refused(packet.data);
    }
  }

  #joined(data: Joined | undefined): void {
    if (this.connected) return;
    // Socket.IO 2 confirms a namespace without an id.
    if (!data?.sid) {
      this.#refuse(new RefusedError("OLD_SERVER", "the server speaks Socket.IO 2, not 3 or later"));
      return;
    }
    const { sid, pid, tag, offset, dedup, recovery } = data;
    this.id = sid;
    this.recovered = !!pid && this.#pid === pid;
    this.recovery = this.#pid ? { ok: this.recovered, reason: recovery } : undefined;
    this.#pid = pid;
    this.#stream.start(tag, offset, this.recovered);
    this.#mark = dedup && tag ? tag + this.#clientId : undefined;
    this.connected = true;
    this.#release();
    this.dispatch("connect");
  }

  /** What has waited for the namespace: events that came, packets to send, then those that are sent until heard. */
  #release(): void {
    const received = this.receiveBuffer;
    this.receiveBuffer = [];
    for (const event of received) this.#deliver(event);
    this.#outbox.expire(Date.now());
    const waiting = this.sendBuffer;
    this.sendBuffer = [];
    for (const packet of waiting) {
      try {
        this.#transmit(packet);
      } catch (error) {
        this.#dropped(packet, error as ClientError);
      }
    }
    this.#drain();
  }

  #refused(data: unknown): void {
    const { message = data, data: details, retryAfter } = Object(data);
    const word = message === "Invalid namespace" ? "NO_NAMESPACE" : "REFUSED";
    this.#refuse(new RefusedError(word, String(message), details, retryAfter));
  }

  /** A refusal is final, unless the server says when to come back. */
  #refuse(error: RefusedError): void {
    if (this.connected) return;
    const { retryAfter } = error;
    if (Number(retryAfter) > 0) {
      const wait = retryAfter! * (1 + Math.random() / 2);
      this.#again = later(this.#options, () => this.#link.ready() && this.#join(), wait);
    } else this.#leave();
    this.dispatch("connect_error", error);
  }

  #closed(reason: DisconnectReason, details?: DisconnectDetails): void {
    const { connected } = this;
    this.connected = false;
    this.id = undefined;
    this.#mark = undefined;
    this.#abandonAttempt();
    if (connected) this.dispatch("disconnect", reason, details);
    else this.dispatch("connect_error", new TransportError("TRANSPORT", reason, details) as ConnectError);
    this.#acks.failAll((id) => this.sendBuffer.some((packet) => packet.id === id));
  }

  // --- events that come ---------------------------------------------------------------------------------------------

  #event({ data, id }: EventPacket): void {
    const event: unknown[] = [...data];
    if (id !== undefined) event.push(this.#answer(id));
    else if (this.#pid) this.#stream.track(event);
    if (this.connected) {
      this.#deliver(event);
      return;
    }
    this.receiveBuffer.push(event);
    const { receiveBufferLimit: limit = 100_000 } = this.#options;
    if (this.receiveBuffer.length > limit) {
      this.receiveBuffer = [];
      this.#link.violated(new MisuseError("BUFFER_FULL", `more than ${limit} events before the namespace was joined`));
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
      if (answered) return;
      answered = true;
      if (this.connected) this.#link.send({ type: PacketType.ACK, nsp: this.nsp, id, data });
    };
  }

  // --- events that go -----------------------------------------------------------------------------------------------

  #guard(callback: AckCallback, event: string | number): AckCallback {
    return (...args) => this.call(callback, args, event);
  }

  /** Sends an event, or lets it wait for the connection. */
  #post(data: EventPacket["data"], callback: AckCallback | undefined, flags: Flags): void {
    const { volatile, compress, signal, promised, timeout = this.#options.ackTimeout } = flags;
    if (signal?.aborted) {
      callback?.(new UnansweredError("ABORTED", "the operation was aborted"));
      return;
    }
    const withError = promised || signal !== undefined || timeout !== undefined;
    const id = callback && this.#acks.add(callback, { withError, timeout, signal });
    const packet: Outgoing = {
      type: PacketType.EVENT,
      nsp: this.nsp,
      data,
      ...(id !== undefined && { id }),
      options: { compress, at: Date.now() },
    };
    const ready = this.connected && this.#link.ready();
    if (volatile && !(ready && this.#link.writable())) {
      if (id !== undefined) this.#acks.fail(id, new UnansweredError("DROPPED", "the volatile packet was dropped"));
      return;
    }
    try {
      if (ready) this.#transmit(packet);
      else this.#outbox.add(packet);
    } catch (error) {
      if (id !== undefined) this.#acks.discard(id);
      throw error;
    }
  }

  #transmit(packet: Outgoing): void {
    this.#link.send(packet, packet.options.compress);
    for (const listener of this.#anyOutgoing) this.call(listener, packet.data, packet.data[0]);
  }

  #dropped({ id, data }: Outgoing, error: ClientError): void {
    if (id !== undefined) this.#acks.fail(id, error);
    this.#link.dropped({ nsp: this.nsp, data, error });
  }

  /** Sends the first of the retried events, unless it is under way: one at a time keeps them in order. */
  #drain(): void {
    const queue = this.#queue;
    queue.expire(Date.now());
    const [item] = queue.items;
    if (!this.connected || !item || item.pending) return;
    item.pending = true;
    item.tries++;
    const { flags, number } = item;
    const data = this.#mark ? ([...item.data, `${this.#mark}.${number}`] as const) : item.data;
    const settle: AckCallback = (error: ClientError | null, ...args) => {
      item.pending = false;
      if (queue.items.includes(item) && this.#isFinal(item, error)) {
        queue.remove(item);
        item.callback?.(error, ...args);
      }
      this.#drain();
    };
    try {
      this.#post(data as EventPacket["data"], settle, {
        ...flags,
        timeout: flags.timeout ?? this.#options.ackTimeout ?? 10_000,
      });
    } catch (error) {
      // Too large, or not to be encoded: trying again does not help.
      item.tries = Infinity;
      this.#link.dropped({ nsp: this.nsp, data: item.data, error: error as ClientError });
      settle(error);
    }
  }

  /** A try that a lost connection cut short does not count: the event is sent again on the next one. */
  #isFinal(item: Retried, error: ClientError | null): boolean {
    if (error?.code === "ERR_SOCKEYE_CLIENT_DISCONNECTED") item.tries--;
    return !error || error.code === "ERR_SOCKEYE_CLIENT_ABORTED" || item.tries > this.#options.retries!;
  }
}

function without(listeners: AnyListener[], listener?: AnyListener): AnyListener[] {
  return listener ? listeners.filter((each) => each !== listener) : [];
}

/** Not to be guessed: our server answers a repeated event from memory. */
function randomId(): string {
  const bytes = new Uint8Array(12);
  if (globalThis.crypto) crypto.getRandomValues(bytes);
  // React Native has none.
  else for (let i = 0; i < bytes.length; i++) bytes[i] = Math.random() * 256;
  return Array.from(bytes, (byte) => byte.toString(36)).join("");
}
