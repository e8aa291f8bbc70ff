import { type ClientError, UnansweredError } from "./errors.js";
import { type Cancel, later, type TimerOptions } from "./timers.js";

// biome-ignore lint/suspicious/noExplicitAny: arguments come from the peer, or are an error and nothing
export type AckCallback = (...args: any[]) => void;

interface Pending {
  readonly callback: AckCallback;
  readonly withError: boolean;
  readonly cancel: Cancel | undefined;
}

/** The acknowledgements that one socket waits for. Each is settled once: answered, timed out, aborted or given up. */
export class Acks {
  readonly #pending = new Map<number, Pending>();
  #next = 0;

  constructor(
    private readonly timers: TimerOptions,
    /** Told when an answer is no longer waited for, so that the packet need not be sent either. */
    private readonly forget: (id: number) => void,
  ) {}

  /** Returns the id that the packet has to carry. `withError`: the callback takes an error first. */
  add(callback: AckCallback, withError: boolean, timeout?: number, signal?: AbortSignal): number {
    const id = this.#next++;
    // Most have no terms, and cost no more than their entry.
    const cancel = timeout === undefined && !signal ? undefined : this.#limit(id, timeout, signal);
    this.#pending.set(id, { callback, withError, cancel });
    return id;
  }

  settle(id: number, args: readonly unknown[]): void {
    const pending = this.take(id);
    pending?.callback(...(pending.withError ? [null] : []), ...args);
  }

  /** No answer is waited for any more. Without a place for an error in its callback, it ends in silence. */
  fail(id: number, error: ClientError): void {
    if (this.#pending.has(id)) this.forget(id);
    this.#settle(id, error);
  }

  /** Fails all but `kept`: what was sent on a lost connection will not be answered. */
  failSent(kept: ReadonlySet<number | undefined>): void {
    for (const id of [...this.#pending.keys()]) {
      if (!kept.has(id)) this.#settle(id, new UnansweredError("DISCONNECTED", "socket has been disconnected"));
    }
  }

  /** Removes one without a word. */
  take(id: number): Pending | undefined {
    const pending = this.#pending.get(id);
    this.#pending.delete(id);
    pending?.cancel?.();
    return pending;
  }

  #settle(id: number, error: ClientError): void {
    const pending = this.take(id);
    if (pending?.withError) pending.callback(error);
  }

  #limit(id: number, timeout: number | undefined, signal: AbortSignal | undefined): Cancel {
    const abort = () => this.fail(id, new UnansweredError("ABORTED", "operation has been aborted"));
    const late = () => this.fail(id, new UnansweredError("ACK_TIMEOUT", "operation has timed out"));
    const stop = timeout === undefined ? undefined : later(this.timers, late, timeout);
    signal?.addEventListener("abort", abort);
    return () => {
      stop?.();
      signal?.removeEventListener("abort", abort);
    };
  }
}
