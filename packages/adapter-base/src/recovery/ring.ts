/** Numbered entries, the oldest dropped first. Numbers are never used again; look-up is arithmetic. */
export class Ring<T extends object> {
  #entries: T[] = [];
  /** Dropped entries that still stand at the front of the array. */
  #dropped = 0;
  #first: number;

  /** `first`: the number of the first entry. */
  constructor(first = 1) {
    this.#first = first;
  }

  /** Number of the oldest entry kept; `last + 1` when there is none. */
  get first(): number {
    return this.#first;
  }

  /** Number of the entry pushed last, kept or not; the one before the first when there was none. */
  get last(): number {
    return this.#first + this.size - 1;
  }

  get size(): number {
    return this.#entries.length - this.#dropped;
  }

  push(entry: T): number {
    this.#entries.push(entry);
    return this.last;
  }

  at(number: number): T | undefined {
    return number < this.#first ? undefined : this.#entries[number - this.#first + this.#dropped];
  }

  oldest(): T | undefined {
    return this.#entries[this.#dropped];
  }

  /** Drops the oldest entry and returns it. */
  shift(): T | undefined {
    const entry = this.oldest();
    if (entry === undefined) return undefined;
    this.#entries[this.#dropped++] = undefined as never;
    this.#first++;
    if (this.#dropped > 32 && this.#dropped * 2 > this.#entries.length) this.#compact();
    return entry;
  }

  #compact(): void {
    this.#entries = this.#entries.slice(this.#dropped);
    this.#dropped = 0;
  }
}
