import type { LogPosition } from "./recovery/contract.js";

/** Browsers have no end of a turn. */
const { setImmediate: atEndOfTurn = queueMicrotask } = globalThis as {
  setImmediate?: (callback: () => void) => unknown;
};

interface Arrival {
  readonly bytes: Uint8Array;
  readonly position: LogPosition | undefined;
}

/**
 * What other nodes said, until the code that read it is done; what comes later in the same turn of the event loop waits for its
 * end. What the sockets of this node say is heard at the same two moments, so what one turn brings to a connection leaves in one
 * write, or in two where there is much.
 */
export class Arrivals {
  #waiting: Arrival[] = [];
  #turnEnds = false;
  readonly #take: (bytes: Uint8Array, position: LogPosition | undefined) => void;
  readonly #endTurn = (): void => {
    this.#turnEnds = false;
    this.handOver();
  };
  readonly #afterFirst = (): void => this.handOver();

  /** @param take MUST NOT throw */
  constructor(take: (bytes: Uint8Array, position: LogPosition | undefined) => void) {
    this.#take = take;
  }

  add(bytes: Uint8Array, position: LogPosition | undefined): void {
    this.#waiting.push({ bytes, position });
    if (this.#turnEnds) return;
    this.#turnEnds = true;
    atEndOfTurn(this.#endTurn);
    void Promise.resolve().then(this.#afterFirst);
  }

  /** Hands over what waits, in order; to be called before anything else that came behind it is looked at. */
  handOver(): void {
    const waiting = this.#waiting;
    if (waiting.length === 0) return;
    this.#waiting = [];
    for (let i = 0; i < waiting.length; i++) this.#take(waiting[i]!.bytes, waiting[i]!.position);
  }
}
