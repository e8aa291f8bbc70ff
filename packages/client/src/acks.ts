import { type ClientError, UnansweredError } from "./errors.js";
import { type Cancel, later, type TimerOptions } from "./timers.js";

// biome-ignore lint/suspicious/noExplicitAny: arguments come from the peer, or are an error and nothing
export type AckCallback = (...args: any[]) => void;

export interface AckTerms {
  /** The callback takes an error first. */
  readonly withError: boolean;
  readonly timeout?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

interface Pending {
  readonly callback: AckCallback;
  readonly withError: boolean;
  readonly cancel: Cancel;
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

  get size(): number {
    return this.#pending.size;
  }

  /** Returns the id that the packet has to carry. */
  add(callback: AckCallback, { withError, timeout, signal }: AckTerms): number {
    const id = this.#next++;
    const abort = () => this.fail(id, new UnansweredError("ABORTED", "the operation was aborted"));
    const timer =
      timeout === undefined
        ? undefined
        : later(
            this.timers,
            () => this.fail(id, new UnansweredError("ACK_TIMEOUT", "operation has timed out")),
            timeout,
          );
    signal?.addEventListener("abort", abort);
    const cancel = () => {
      timer?.();
      signal?.removeEventListener("abort", abort);
    };
    this.#pending.set(id, { callback, withError, cancel });
    return id;
  }

  settle(id: number, args: readonly unknown[]): void {
    const pending = this.#take(id);
    if (pending) pending.callback(...(pending.withError ? [null, ...args] : args));
  }

  /** Without a place for an error in its callback, an acknowledgement ends in silence. */
  fail(id: number, error: ClientError): void {
    const pending = this.#take(id);
    if (!pending) return;
    this.forget(id);
    if (pending.withError) pending.callback(error);
  }

  /** Fails all but those that `keep` holds on to. */
  failAll(keep: (id: number) => boolean): void {
    for (const id of [...this.#pending.keys()]) {
      if (!keep(id)) this.fail(id, new UnansweredError("DISCONNECTED", "socket has been disconnected"));
    }
  }

  /** Removes one without a word. */
  discard(id: number): void {
    this.#take(id);
  }

  #take(id: number): Pending | undefined {
    const pending = this.#pending.get(id);
    this.#pending.delete(id);
    pending?.cancel();
    return pending;
  }
}
