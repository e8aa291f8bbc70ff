import type { NodeId } from "../contract.js";

/** Which entries were delivered last, so many and no more. Noting one makes no object. */
export class RecentEntries {
  readonly #most: number;
  readonly #origins: NodeId[] = [];
  readonly #sequences: number[] = [];
  /** Where the oldest stands, once there are so many. */
  #next = 0;

  constructor(most: number) {
    this.#most = most;
  }

  note(origin: NodeId, sequence: number): void {
    this.#origins[this.#next] = origin;
    this.#sequences[this.#next] = sequence;
    this.#next = (this.#next + 1) % this.#most;
  }

  /** The oldest first. */
  *all(): Generator<readonly [origin: NodeId, sequence: number]> {
    const { length } = this.#origins;
    const oldest = length < this.#most ? 0 : this.#next;
    for (let i = 0; i < length; i++) {
      const at = (oldest + i) % length;
      yield [this.#origins[at]!, this.#sequences[at]!];
    }
  }
}
