import type { ManagerOptions } from "./options.js";

/** Read anew for every delay: they may be set while running. */
export type BackoffOptions = Pick<ManagerOptions, "reconnectionDelay" | "reconnectionDelayMax" | "randomizationFactor">;

/**
 * Delays between reconnection attempts: doubling from `reconnectionDelay` up to `reconnectionDelayMax`, every one of them random. Chance is applied
 * after the clamp, and never leads over the maximum: after a long outage a thousand clients still come back spread out
 * instead of all at once.
 */
export class Backoff {
  attempts = 0;
  /** Least delay before the next attempt that the server asked for, milliseconds. */
  advised = 0;

  constructor(
    readonly options: BackoffOptions,
    private readonly chance: () => number = Math.random,
  ) {}

  next(): number {
    const {
      reconnectionDelay: min = 1000,
      reconnectionDelayMax: max = 5000,
      randomizationFactor: jitter = 0.5,
    } = this.options;
    const base = Math.min(min * 2 ** this.attempts++, max);
    const low = base * (1 - jitter);
    const delay = low + this.chance() * (Math.min(base * (1 + jitter), max) - low);
    const advised = this.advised * (1 + this.chance() * jitter);
    this.advised = 0;
    return Math.round(Math.max(delay, advised));
  }

  reset(): void {
    this.attempts = 0;
  }
}
