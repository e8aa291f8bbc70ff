import type { Deadlines, Timed } from "../deadlines.js";
import type { Moment } from "../session/moment.js";

/** A request that is being decided about. */
export interface Pending {
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
    return new PendingHandshake(this.#deadlines, this.#timeout, giveUp, () => {
      this.#size--;
    });
  }
}

class PendingHandshake implements Pending, Timed {
  readonly #deadlines: Deadlines;
  readonly #deadline: number;
  readonly #giveUp: () => void;
  readonly #release: () => void;
  #open = true;
  slot: number | undefined = undefined;
  before: Timed | undefined = undefined;
  behind: Timed | undefined = undefined;

  constructor(deadlines: Deadlines, timeout: number, giveUp: () => void, release: () => void) {
    this.#deadlines = deadlines;
    this.#deadline = deadlines.refresh().now + timeout;
    this.#giveUp = giveUp;
    this.#release = release;
    deadlines.schedule(this);
  }

  settle(): boolean {
    if (!this.#open) return false;
    this.#open = false;
    this.#deadlines.cancel(this);
    this.#release();
    return true;
  }

  nextDeadline(): number {
    return this.#open ? this.#deadline : Number.POSITIVE_INFINITY;
  }

  expire(_moment: Moment): void {
    if (this.settle()) this.#giveUp();
  }
}
