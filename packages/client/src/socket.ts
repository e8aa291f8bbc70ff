import type { AckCallback } from "./acks.js";
import type { AnyListener, EventData, Flags, ManagerView, SocketView } from "./contract.js";
import { CoreSocket, type Joined, type Outgoing } from "./core/socket.js";
import { type RefusedError, UnansweredError } from "./errors.js";
import type { DefaultEventsMap, WithAckErrors } from "./events.js";
import { RetryQueue } from "./retries.js";
import { type Cancel, later } from "./timers.js";

/** What modifiers of the core return is this class again: a matter of types alone. */
export interface Socket<Listen extends object = DefaultEventsMap, Emit extends object = Listen> {
  timeout(ms: number): Socket<Listen, WithAckErrors<Emit>>;
}

/**
 * One namespace of one server.
 *
 * ```ts
 * const socket = io();
 * socket.on("connect", () => socket.emit("hello", "world", (answer) => { ... }));
 * ```
 */
// biome-ignore lint/suspicious/noUnsafeDeclarationMerging: the method is there, the interface says what it returns
export class Socket<Listen extends object = DefaultEventsMap, Emit extends object = Listen>
  extends CoreSocket<Listen, Emit>
  implements SocketView<Listen, Emit>
{
  declare readonly io: ManagerView;
  readonly #retries = this.options.retries
    ? new RetryQueue(this.options, {
        isReady: () => this.connected,
        post: (data, settle, flags) => this.#send(data, settle, flags),
        dropped: (data, error) => this.link.packetDropped({ nsp: this.nsp, data, error }),
      })
    : undefined;
  #again: Cancel | undefined;
  #anyIncoming: AnyListener[] = [];
  #anyOutgoing: AnyListener[] = [];

  /** The place in the stream of the session, for code that knows it by this name. @deprecated */
  get _lastOffset(): string | undefined {
    return this.offsets.place;
  }

  /** Packets that wait for the connection. May be replaced, by an empty list to forget them. */
  get sendBuffer(): Outgoing[] {
    return this.outbox.waiting;
  }

  set sendBuffer(packets: Outgoing[]) {
    this.outbox.waiting = packets;
  }

  open(): this {
    return this.connect();
  }

  close(): this {
    return this.disconnect();
  }

  probe(timeout?: number): Promise<boolean> {
    return this.io.probe(timeout);
  }

  compress(compress: boolean): this {
    this.nextFlags.compress = compress;
    return this;
  }

  signal(signal: AbortSignal): Socket<Listen, WithAckErrors<Emit>> {
    this.nextFlags.signal = signal;
    return this as never;
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
    this.link.listenerFailed(error, event);
  }

  protected override askFor(): object | undefined {
    const ask = super.askFor();
    // Whether repeated events can be known is for the server to say, when asked.
    return this.#retries ? { dedup: true, ...ask } : ask;
  }

  /** A refusal is final, unless the server says when to come back. */
  protected override refuseWith(error: RefusedError): void {
    const { retryAfter = 0 } = error;
    if (this.connected || !(retryAfter > 0)) super.refuseWith(error);
    else {
      const again = () => this.link.isReady() && this.joinNow();
      this.#again = later(this.options, again, retryAfter * (1 + Math.random() / 2));
      this.dispatch("connect_error", error);
    }
  }

  protected override giveUpAttempt(): void {
    super.giveUpAttempt();
    this.#again?.();
  }

  protected override releaseWaiting(joined: Joined): void {
    super.releaseWaiting(joined);
    this.#retries?.start(joined.dedup ? joined.tag : undefined);
  }

  protected override postEvent(data: EventData, callback: AckCallback | undefined, flags: Flags): number | undefined {
    if (!this.#retries || flags.volatile) return this.#send(data, callback, flags);
    this.#retries.add(data, callback, flags);
    return undefined;
  }

  /** Sends an event that a signal may take back. */
  #send(data: EventData, callback: AckCallback | undefined, flags: Flags): number | undefined {
    const { signal } = flags;
    if (!signal) return super.postEvent(data, callback, flags);
    const error = new UnansweredError("ABORTED", "operation has been aborted");
    if (signal.aborted) {
      callback?.(error);
      this.link.packetDropped({ nsp: this.nsp, data, error });
      return undefined;
    }
    const abort = () => this.giveUp(id!, error);
    const settle: AckCallback = (...args) => {
      signal.removeEventListener("abort", abort);
      callback?.(...args);
    };
    const id = super.postEvent(data, callback && settle, { withError: true, ...flags });
    if (callback) signal.addEventListener("abort", abort);
    return id;
  }

  protected override deliver(event: unknown[]): void {
    for (const listener of this.#anyIncoming) this.callListener(listener, event, event[0] as string);
    super.deliver(event);
  }

  protected override transmit(packet: Outgoing): void {
    this.link.sendPacket(packet, packet.flags);
    for (const listener of this.#anyOutgoing) this.callListener(listener, packet.data, packet.data[0]);
  }
}

function without(listeners: AnyListener[], listener?: AnyListener): AnyListener[] {
  return listener ? listeners.filter((each) => each !== listener) : [];
}
