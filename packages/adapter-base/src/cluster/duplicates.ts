import type { NodeId } from "./contract.js";

/** An envelope that arrives this many envelopes of its origin late is taken for a duplicate. */
const WINDOW = 1024;

interface Seen {
  highest: number;
  readonly recent: Set<number>;
}

/** Tells an envelope that came twice, by its number; one that comes late is still new. */
export class Duplicates {
  readonly #seen = new Map<NodeId, Seen>();

  /** Whether an envelope is new; from then on it is not. */
  admit(origin: NodeId, sequence: number): boolean {
    const seen = this.#of(origin);
    if (sequence <= seen.highest - WINDOW || seen.recent.has(sequence)) return false;
    seen.recent.add(sequence);
    seen.highest = Math.max(seen.highest, sequence);
    if (seen.recent.size > 2 * WINDOW) forgetBelow(seen, seen.highest - WINDOW);
    return true;
  }

  forget(origin: NodeId): void {
    this.#seen.delete(origin);
  }

  #of(origin: NodeId): Seen {
    let seen = this.#seen.get(origin);
    if (seen === undefined) {
      seen = { highest: Number.NEGATIVE_INFINITY, recent: new Set() };
      this.#seen.set(origin, seen);
    }
    return seen;
  }
}

function forgetBelow({ recent }: Seen, lowest: number): void {
  for (const sequence of recent) if (sequence <= lowest) recent.delete(sequence);
}
