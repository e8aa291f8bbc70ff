import { type ClientError, UnansweredError } from "./errors.js";
import { later, type TimerOptions } from "./timers.js";

// biome-ignore lint/suspicious/noExplicitAny: arguments come from the peer, or are an error and nothing
export type AckCallback = (...args: any[]) => void;

/** The acknowledgements that one socket waits for. Each is settled once: answered, timed out, aborted or given up. */
export class Acks {
  readonly #pending = new Map<number, (error: ClientError | null | undefined, args: readonly unknown[]) => void>();
  #next = 0;

  constructor(
    private readonly timers: TimerOptions,
    /** Told when an answer came too late, so that the packet need not be sent either. */
    private readonly late: (id: number, error: ClientError) => void,
  ) {}

  /** Returns the id that the packet has to carry. `withError`: the callback takes an error first. */
  add(callback: AckCallback, withError: boolean, timeout?: number): number {
    const id = this.#next++;
    const late = () => this.late(id, new UnansweredError("ACK_TIMEOUT", "operation has timed out"));
    const stop = timeout === undefined ? undefined : later(this.timers, late, timeout);
    this.#pending.set(id, (error, args) => {
      this.#pending.delete(id);
      stop?.();
      if (withError ? error !== undefined : error === null) callback(...(withError ? [error, ...args] : args));
    });
    return id;
  }

  /**
   * Ends the wait for one: with an answer (and `null` for an error), or with an error and none, which a callback that has no
   * place for errors does not hear of. With neither nobody hears of it.
   */
  settle(id: number | undefined, error?: ClientError | null, args: readonly unknown[] = []): void {
    this.#pending.get(id!)?.(error, args);
  }

  /** Fails all but `kept`: what was sent on a lost connection will not be answered. */
  failSent(kept: ReadonlySet<number | undefined>): void {
    for (const id of [...this.#pending.keys()]) {
      if (!kept.has(id)) this.settle(id, new UnansweredError("DISCONNECTED", "socket has been disconnected"));
    }
  }
}
