/** Waits between tries: each twice as long as the one before, up to a limit, and cut short at random so that nodes spread. */
export class Backoff {
  #tries = 0;

  constructor(
    private readonly first: number,
    private readonly longest: number,
    private readonly random: () => number = Math.random,
  ) {}

  /** Milliseconds until the next try: between half of what is due and all of it. */
  next(): number {
    const due = Math.min(this.longest, this.first * 2 ** Math.min(this.#tries++, 30));
    return due * (0.5 + this.random() / 2);
  }

  reset(): void {
    this.#tries = 0;
  }
}
