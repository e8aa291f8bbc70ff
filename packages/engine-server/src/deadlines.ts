import type { Moment } from "./session/moment.js";

/** Something with a deadline. It stands in a list, so the list itself is made of such things. */
export interface Timed {
  /** For {@link Deadlines} only, as the next two: where it is kept; `undefined` when it is not. It is kept by one at a time. */
  slot: number | undefined;
  /** Its neighbours in that slot. */
  before: Timed | undefined;
  behind: Timed | undefined;
  /** When {@link expire} wants to be called, on the clock of `Moment.now`; `Infinity` when never. */
  nextDeadline(): number;
  expire(moment: Moment): void;
}

export interface DeadlinesOptions {
  /** Milliseconds between two looks at the clock: deadlines are kept to this precision, never early. */
  readonly resolution: number;
  /** A monotonic clock in milliseconds. Default `performance.now`. */
  readonly clock?: () => number;
}

/** Slots of the ring. What is due later than `SLOTS * resolution` waits in the farthest slot and is put back from there. */
const SLOTS = 512;

/**
 * One timer of low resolution for all sessions of an engine, in place of two per connection.
 *
 * Entries stand in a ring of slots, each slot a list through the entries themselves: a Set that outgrows its table leaves the
 * old one behind, and with it whoever stood there. A deadline that moves away costs nothing: the entry is met in its old slot, asked
 * again, and put where it now belongs. Only a deadline that comes nearer needs a new {@link schedule}.
 *
 * A tick that comes late tells how long the event loop was blocked; the sum is `stalled`, and sessions give it back to
 * their peers.
 */
export class Deadlines implements Moment {
  readonly #resolution: number;
  readonly #clock: () => number;
  /** The first of each slot. */
  readonly #slots: Array<Timed | undefined> = new Array(SLOTS);
  #size = 0;
  #timer: NodeJS.Timeout | undefined;
  /** Entries exist: the ring turns, and may not jump. */
  #turning = false;
  #tick = 0;
  #now: number;
  #stalled = 0;

  constructor(options: DeadlinesOptions) {
    this.#resolution = options.resolution;
    this.#clock = options.clock ?? (() => performance.now());
    this.#now = 0;
    this.#catchUp();
  }

  /** The time of the last look at the clock: cheap, and at most one resolution old while entries exist. */
  get now(): number {
    return this.#now;
  }

  get stalled(): number {
    return this.#stalled;
  }

  get size(): number {
    return this.#size;
  }

  /** Looks at the clock, for deadlines that must not be short by one resolution. */
  refresh(): Moment {
    this.#now = this.#clock();
    return this;
  }

  schedule(timed: Timed): void {
    const deadline = timed.nextDeadline();
    if (deadline === Number.POSITIVE_INFINITY) {
      this.cancel(timed);
      return;
    }
    if (!this.#turning) this.#start();
    const slot = this.#slotFor(deadline);
    const present = timed.slot;
    if (present === slot) return;
    if (present === undefined) this.#size++;
    else this.#unlink(timed, present);
    this.#link(timed, slot);
  }

  cancel(timed: Timed): void {
    const { slot } = timed;
    if (slot === undefined) return;
    this.#unlink(timed, slot);
    if (--this.#size === 0) this.#stop();
  }

  #link(timed: Timed, slot: number): void {
    const first = this.#slots[slot];
    timed.slot = slot;
    timed.behind = first;
    if (first !== undefined) first.before = timed;
    this.#slots[slot] = timed;
  }

  #unlink(timed: Timed, slot: number): void {
    const { before, behind } = timed;
    if (before === undefined) this.#slots[slot] = behind;
    else before.behind = behind;
    if (behind !== undefined) behind.before = before;
    timed.slot = undefined;
    timed.before = undefined;
    timed.behind = undefined;
  }

  #slotFor(deadline: number): number {
    const tick = Math.ceil(deadline / this.#resolution);
    const nearest = this.#tick + 1;
    return Math.min(Math.max(tick, nearest), this.#tick + SLOTS - 1) % SLOTS;
  }

  #start(): void {
    this.#turning = true;
    this.#catchUp();
    this.#arm();
  }

  #stop(): void {
    this.#turning = false;
    clearTimeout(this.#timer);
  }

  /** With nothing scheduled the ring may jump. */
  #catchUp(): void {
    this.#now = this.#clock();
    this.#tick = Math.floor(this.#now / this.#resolution);
  }

  #arm(): void {
    const expected = this.#clock() + this.#resolution;
    this.#timer = setTimeout(() => this.#turn(expected), this.#resolution);
    this.#timer.unref();
  }

  #turn(expected: number): void {
    const now = this.#clock();
    // A timer is never exact; what goes beyond one more resolution was a pause of ours.
    const late = now - expected - this.#resolution;
    if (late > 0) this.#stalled += Math.ceil(late);
    this.#now = now;
    this.#advance(Math.floor(now / this.#resolution));
    if (this.#size > 0) this.#arm();
    else this.#turning = false;
  }

  #advance(target: number): void {
    // After a long pause every slot is due once, not once per lap.
    const first = Math.max(this.#tick + 1, target - SLOTS + 1);
    for (let tick = first; tick <= target; tick++) {
      this.#tick = tick;
      this.#visit(tick % SLOTS);
    }
    this.#tick = Math.max(this.#tick, target);
  }

  #visit(slot: number): void {
    const met = this.#empty(slot);
    for (const timed of met) {
      if (timed.nextDeadline() <= this.#now) timed.expire(this);
      this.schedule(timed);
    }
  }

  /** Who stood there, as a list of its own: whoever expires may schedule and cancel others. */
  #empty(slot: number): Timed[] {
    const met: Timed[] = [];
    for (let first = this.#slots[slot]; first !== undefined; first = this.#slots[slot]) {
      this.#unlink(first, slot);
      met.push(first);
    }
    this.#size -= met.length;
    return met.reverse();
  }
}
