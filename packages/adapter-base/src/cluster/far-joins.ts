import type { Room } from "../names.js";

/** Milliseconds in which a node that had no member in a room surely listens to it; a broker takes two or three. */
const SETTLING = 5_000;
const MOST = 10_000;

/**
 * Rooms that sockets of other nodes were just made to join from here. Their nodes may not listen to these rooms yet, so until then
 * what is said to one goes to every node: `io.in(x).socketsJoin(y)` and the `io.to(y).emit(...)` behind it reach the same sockets.
 */
export class FarJoins {
  readonly #settledAt = new Map<Room, number>();
  readonly #now: () => number;

  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  add(rooms: Iterable<Room>): void {
    const now = this.#now();
    for (const room of rooms) {
      this.#settledAt.delete(room);
      this.#settledAt.set(room, now + SETTLING);
    }
    for (const [room, settledAt] of this.#settledAt) {
      if (settledAt > now && this.#settledAt.size <= MOST) return;
      this.#settledAt.delete(room);
    }
  }

  has(room: Room): boolean {
    const settledAt = this.#settledAt.get(room);
    if (settledAt === undefined) return false;
    if (settledAt > this.#now()) return true;
    this.#settledAt.delete(room);
    return false;
  }
}
