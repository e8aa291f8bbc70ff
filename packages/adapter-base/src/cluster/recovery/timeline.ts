interface Sample {
  readonly time: number;
  readonly number: number;
}

/** More than this many samples are not kept, however long the time. */
const MAX_SAMPLES = 600;

/**
 * At what time the shared log was where, as this node saw it: so that a time in the past can be told as a place in the log. Pure:
 * time comes in as an argument, in milliseconds.
 */
export class Timeline {
  #samples: Sample[] = [];
  readonly #span: number;

  /** `span`: how far back it is asked about. */
  constructor(span: number) {
    this.#span = span;
  }

  note(time: number, number: number): void {
    const latest = this.#samples.at(-1);
    if (latest !== undefined && time - latest.time < this.#span / MAX_SAMPLES) return;
    this.#samples.push({ time, number });
    const outdated = this.#samples.findIndex((sample) => sample.time >= time - this.#span) - 1;
    // One sample from before the span says where the log was when it began.
    if (outdated > MAX_SAMPLES / 2) this.#samples.splice(0, outdated);
  }

  /** A number that the log had reached at a time, for certain; `undefined` when that is not known. */
  reachedAt(time: number): number | undefined {
    let low = 0;
    let high = this.#samples.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#samples[middle]!.time <= time) low = middle + 1;
      else high = middle;
    }
    return this.#samples[low - 1]?.number;
  }

  /** The numbers before were of another epoch. */
  reset(): void {
    this.#samples = [];
  }
}
