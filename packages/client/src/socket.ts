import type {
  AckCallback,
  AnyListener,
  EventData,
  Flags,
  ManagerPort,
  ManagerView,
  DisconnectReason as Reason,
  SocketView,
} from "./contract.js";
import { bufferFull, CoreSocket, type Joined, type Outgoing } from "./core/socket.js";
import { type ClientError, type RefusedError, UnansweredError } from "./errors.js";
import type { DefaultEventsMap, WithAckErrors } from "./events.js";
import { EVENT } from "./packet-type.js";
import { later } from "./timers.js";

/** An event that is sent until it is acknowledged. */
interface Retried extends Outgoing {
  /** Number among the retried events of this socket: our server knows a duplicate by it. */
  readonly number: number;
  /** Tries that came to nothing. */
  failedTries: number;
}

/** What modifiers of the core return is this class again: a matter of types alone. */
export interface Socket<Listen extends object = DefaultEventsMap, Emit extends object = Listen> {
  timeout(ms: number): Socket<Listen, WithAckErrors<Emit>>;
  signal(signal: AbortSignal): Socket<Listen, WithAckErrors<Emit>>;
}

/** `Socket.DisconnectReason`, as applications and libraries write it. */
export declare namespace Socket {
  export type { Reason as DisconnectReason };
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
  declare readonly io: ManagerView & ManagerPort;
  /** Retried events that wait for their turn. */
  readonly #retries: Retried[] = [];
  /** Whether one of them is under way. */
  #retrying = false;
  #retried = 0;
  /** Set while the server suppresses duplicates: sent with each retried event, and its number, as one more argument. */
  #mark: string | false | undefined;
  #clientId: string | undefined;
  #anyIncoming: AnyListener[] = [];
  #anyOutgoing: AnyListener[] = [];

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

  protected override deliver(event: unknown[]): void {
    for (const listener of this.#anyIncoming) this.callListener(listener, event);
    super.deliver(event);
  }

  protected override transmit(event: Outgoing): void {
    super.transmit(event);
    for (const listener of this.#anyOutgoing) this.callListener(listener, event.data);
  }

  // --- joining ------------------------------------------------------------------------------------------------------

  protected override askFor(): object | undefined {
    const ask = super.askFor();
    // Whether repeated events can be known is for the server to say, when asked.
    return this.opts.retries ? { dedup: true, ...ask } : ask;
  }

  /** A refusal is final, unless the server says when to come back. */
  protected override refuseWith(error: RefusedError): void {
    const { retryAfter = 0 } = error;
    if (this.connected || !(retryAfter > 0)) super.refuseWith(error);
    else {
      const again = () => this.joinNamespace();
      this.endJoin = later(this.opts, again, retryAfter * (1 + Math.random() / 2));
      this.dispatch("connect_error", error);
    }
  }

  protected override releaseWaiting(joined: Joined): void {
    const { tag, dedup } = joined;
    this.#dropOld(this.sendBuffer);
    super.releaseWaiting(joined);
    if (dedup) this.#clientId ??= randomId();
    this.#mark = dedup && tag && tag + this.#clientId;
    this.#retry();
  }

  // --- what waits ---------------------------------------------------------------------------------------------------

  protected override keepEvent(event: Outgoing, waiting = this.sendBuffer): void {
    const { bufferLimit = 100_000, bufferPolicy } = this.opts;
    event.at = Date.now();
    if (waiting.push(event) > bufferLimit) {
      const error = bufferFull(bufferLimit);
      const given = bufferPolicy === "error" || bufferPolicy === "drop-newest" ? waiting.pop()! : waiting.shift()!;
      if (bufferPolicy === "error") throw error;
      this.dropEvent(given, error);
    }
  }

  /** Drops what has waited for too long. The oldest is the first. */
  #dropOld(waiting: Outgoing[]): void {
    const { bufferTtl = Infinity } = this.opts;
    // Nothing is not old, nor is what an application has put there.
    while (Date.now() - (waiting[0]?.at as number) > bufferTtl) {
      this.dropEvent(waiting.shift()!, new UnansweredError("EXPIRED", "operation has timed out"));
    }
  }

  // --- retries ------------------------------------------------------------------------------------------------------

  protected override postEvent(data: EventData, callback: AckCallback | undefined, flags: Flags): void {
    const { nsp } = this;
    if (!this.opts.retries || flags.volatile) super.postEvent(data, callback, flags);
    else {
      const event: Retried = {
        type: EVENT,
        nsp,
        data,
        flags,
        settle: callback,
        number: this.#retried++,
        failedTries: 0,
      };
      this.keepEvent(event, this.#retries);
      this.#retry();
    }
  }

  /**
   * Sends the next retried event, if none is under way. They are delivered at least once, in order: one at a time is sent, again and
   * again, until it is acknowledged or its tries are used up. A try that a lost connection cut short does not count: the event goes out
   * again on the next one.
   */
  #retry(): void {
    if (this.#retrying || !this.connected) return;
    this.#dropOld(this.#retries);
    const event = this.#retries.shift();
    if (!event) return;
    const { data, flags, number, settle } = event;
    const { timeout = 10_000, signal } = flags;
    this.#retrying = true;
    const tried: AckCallback = (error: ClientError | null, ...args) => {
      this.#retrying = false;
      if (error && !signal?.aborted && (!this.connected || event.failedTries++ < this.opts.retries!)) {
        event.at = Infinity;
        this.#retries.unshift(event);
      } else settle?.(error, ...args);
      this.#retry();
    };
    try {
      super.postEvent(this.#mark ? [...data, `${this.#mark}.${number}`] : data, tried, {
        ...flags,
        timeout,
        withError: true,
      });
    } catch (error) {
      // Too large, or not to be encoded: trying again does not help.
      this.#retrying = false;
      this.dropEvent(event, error as ClientError);
      this.#retry();
    }
  }
}

function without(listeners: AnyListener[], listener?: AnyListener): AnyListener[] {
  return listeners.filter((each) => listener && each !== listener);
}

/** Not to be guessed: our server answers a repeated event from memory. */
function randomId(): string {
  const bytes = new Uint8Array(8).map(() => Math.random() * 256);
  // React Native has none.
  globalThis.crypto?.getRandomValues(bytes);
  return bytes.join("");
}
