import type { Deadlines, Timed } from "../deadlines.js";

/** A request that is being decided about. */
export interface Pending {
  /** False once the request was decided, or given up. */
  readonly open: boolean;
  /** Ends the wait; returns false when it was over already (a second answer, an answer that came too late). */
  settle(): boolean;
}

/**
 * Requests whose handshake waits for the application: middlewares, `allowRequest`, `generateId`. Bounded in number and
 * time, so that a call that never comes back does not pile up requests.
 */
export class PendingHandshakes {
  readonly #deadlines: Deadlines;
  readonly #timeout: number;
  #size = 0;

  constructor(deadlines: Deadlines, timeout: number) {
    this.#deadlines = deadlines;
    this.#timeout = timeout;
  }

  get size(): number {
    return this.#size;
  }

  /** Starts a wait; `giveUp` is called if it takes too long. */
  begin(giveUp: () => void): Pending {
    this.#size++;
    const deadlines = this.#deadlines;
    const deadline = deadlines.refresh().now + this.#timeout;
    const release = () => {
      this.#size--;
    };
    const pending: Pending & Timed = {
      open: true,
      settle() {
        if (!this.open) return false;
        (this as { open: boolean }).open = false;
        deadlines.cancel(this);
        release();
        return true;
      },
      nextDeadline() {
        return this.open ? deadline : Number.POSITIVE_INFINITY;
      },
      expire() {
        if (this.settle()) giveUp();
      },
    };
    deadlines.schedule(pending);
    return pending;
  }
}
