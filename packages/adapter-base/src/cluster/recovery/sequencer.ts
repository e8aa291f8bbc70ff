import type { LogPosition } from "./contract.js";

/** What became of an entry that was offered. */
export type Arrival =
  /** It is kept, and comes up when its turn is there. */
  | "kept"
  /** It was here before. */
  | "known"
  /** Too many came early; it can be read from the log when it is needed. */
  | "full"
  /** Of another epoch: its number says nothing. */
  | "other-epoch";

/**
 * Puts the entries of a shared log in the order of their numbers: those that come early wait, those that come again are dropped.
 * No I/O and no clock: time comes in as an argument, in milliseconds.
 */
export class Sequencer<T> {
  #epoch: string;
  #last: number;
  readonly #waiting = new Map<number, T>();
  readonly #maxWaiting: number;
  #missingSince: number | undefined;

  /** `head`: everything up to there is past. */
  constructor(head: LogPosition, maxWaiting = 10_000) {
    this.#epoch = head.epoch;
    this.#last = head.number;
    this.#maxWaiting = maxWaiting;
  }

  /** The entry that came up last. */
  get position(): LogPosition {
    return { epoch: this.#epoch, number: this.#last };
  }

  get epoch(): string {
    return this.#epoch;
  }

  get last(): number {
    return this.#last;
  }

  /** Entries that wait. */
  get size(): number {
    return this.#waiting.size;
  }

  /** Whether the next entry is missing, while later ones are here. */
  get hasGap(): boolean {
    return this.#missingSince !== undefined;
  }

  /** For how long the next entry has been missing; 0 when it is not. */
  missingFor(now: number): number {
    return this.#missingSince === undefined ? 0 : now - this.#missingSince;
  }

  offer({ epoch, number }: LogPosition, entry: T, now: number): Arrival {
    if (epoch !== this.#epoch) return "other-epoch";
    if (number <= this.#last || this.#waiting.has(number)) return "known";
    const isNext = number === this.#last + 1;
    if (!isNext && this.#waiting.size >= this.#maxWaiting) return "full";
    this.#waiting.set(number, entry);
    this.#lookForGap(now);
    return "kept";
  }

  /** The entry whose turn it is, if it is here. */
  next(): T | undefined {
    return this.#waiting.get(this.#last + 1);
  }

  /** The entry whose turn it was is dealt with. */
  advance(now: number): void {
    this.#waiting.delete(++this.#last);
    // Another gap than before, if it is one.
    this.#missingSince = undefined;
    this.#lookForGap(now);
  }

  /** Goes on elsewhere: what lies in between never comes up. */
  jump({ epoch, number }: LogPosition, now: number): void {
    for (const waiting of [...this.#waiting.keys()]) {
      if (epoch !== this.#epoch || waiting <= number) this.#waiting.delete(waiting);
    }
    this.#epoch = epoch;
    this.#last = number;
    this.#missingSince = undefined;
    this.#lookForGap(now);
  }

  /** The place before the first entry that waits; where it stands when none does. */
  beforeFirstWaiting(): LogPosition {
    let first = Number.POSITIVE_INFINITY;
    for (const number of this.#waiting.keys()) first = Math.min(first, number);
    return first === Number.POSITIVE_INFINITY ? this.position : { epoch: this.#epoch, number: first - 1 };
  }

  #lookForGap(now: number): void {
    if (this.#waiting.size === 0 || this.#waiting.has(this.#last + 1)) this.#missingSince = undefined;
    else this.#missingSince ??= now;
  }
}
