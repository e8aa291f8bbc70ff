/** More transactions than this are not remembered: after a lost connection, messages of older ones may then arrive twice. */
const MAX_SEEN = 65_536;

/**
 * How far a node has heard of the messages in the table, so that after an interruption it asks for the rest and no more.
 *
 * Transactions come into view in another order than they were numbered in. So there are two parts: a floor, below which
 * all transactions are over and everything they said was heard (each notification carries such a floor), and the
 * transactions from there on that were heard already. Pure.
 */
export class Progress {
  #floor = 0;
  /** Transaction -> the highest number of its messages that was heard. */
  readonly #seen = new Map<number, number>();

  /** Every transaction before this one was over and was heard. */
  get floor(): number {
    return this.#floor;
  }

  get size(): number {
    return this.#seen.size;
  }

  isSeen(xid: number, n: number): boolean {
    return xid < this.#floor || (this.#seen.get(xid) ?? -1) >= n;
  }

  /** Messages of one transaction are heard in the order of their numbers. */
  seen(xid: number, n: number): void {
    if (xid < this.#floor) return;
    this.#seen.set(xid, n);
    if (this.#seen.size > MAX_SEEN) this.#forgetOldest(MAX_SEEN / 4);
  }

  advance(floor: number): void {
    if (floor <= this.#floor) return;
    this.#floor = floor;
    // Transactions stand here roughly in their order; one that is forgotten later does no harm.
    for (const xid of this.#seen.keys()) {
      if (xid >= floor) return;
      this.#seen.delete(xid);
    }
  }

  /** The table has begun anew. */
  restart(floor: number): void {
    this.#floor = floor;
    this.#seen.clear();
  }

  /** Many at a time: the way to the oldest entry of a map leads past all that were deleted. */
  #forgetOldest(count: number): void {
    for (const xid of this.#seen.keys()) {
      if (count-- <= 0) return;
      this.#seen.delete(xid);
    }
  }
}
