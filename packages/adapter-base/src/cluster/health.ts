import type { AdapterHealth } from "../contract.js";

type Way = "up" | "down";

/**
 * How well a node reaches the others, from what its driver reports and from its own probe: a heartbeat that should come
 * back. A node that can send but no longer hears is `degraded`, and says so.
 */
export class Health {
  #publish: Way = "up";
  #receive: Way = "up";
  #probeSent: number | undefined;
  #probeOverdue = false;

  get state(): AdapterHealth {
    if (this.#publish === "down") return "down";
    return this.#receive === "down" || this.#probeOverdue ? "degraded" : "ok";
  }

  publishing(way: Way): void {
    this.#publish = way;
  }

  receiving(way: Way): void {
    this.#receive = way;
  }

  /** Times in milliseconds. */
  probeSent(now: number): void {
    this.#probeSent ??= now;
  }

  probeHeard(): void {
    this.#probeSent = undefined;
    this.#probeOverdue = false;
  }

  /** A probe sent before this time should be back by now. */
  checkProbe(sentBefore: number): void {
    if (this.#probeSent !== undefined && this.#probeSent < sentBefore) this.#probeOverdue = true;
  }
}
