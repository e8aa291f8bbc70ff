import { ServerViolation } from "./errors.js";

/** Events and bytes that one connection may send: two buckets which refill evenly, each one second deep. */
export class RateMeter {
  #events: number;
  #bytes: number;
  #at: number;

  /** @param now milliseconds of any steady clock */
  constructor(
    private readonly eventsPerSecond: number,
    private readonly bytesPerSecond: number,
    now: number,
  ) {
    this.#events = eventsPerSecond;
    this.#bytes = bytesPerSecond;
    this.#at = now;
  }

  /** Counts a message of `bytes`; the violation, when that was too much. */
  take(bytes: number, now: number): ServerViolation | undefined {
    const seconds = (now - this.#at) / 1000;
    this.#at = now;
    this.#events = Math.min(this.eventsPerSecond, this.#events + seconds * this.eventsPerSecond) - 1;
    this.#bytes = Math.min(this.bytesPerSecond, this.#bytes + seconds * this.bytesPerSecond) - bytes;
    if (this.#events < 0) {
      return new ServerViolation("TOO_MANY_EVENTS", `more than ${this.eventsPerSecond} messages per second`);
    }
    if (this.#bytes < 0) {
      return new ServerViolation("TOO_MANY_BYTES", `more than ${this.bytesPerSecond} bytes per second`);
    }
    return undefined;
  }
}
