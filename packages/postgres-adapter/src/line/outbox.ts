import { ClusterError } from "@sockeye/adapter-base";

/** What is to be sent. */
export interface Parcel {
  /** The channel's name in PostgreSQL. */
  readonly channel: string;
  readonly size: number;
  /**
   * Present when it neither waits for a link nor is sent again: whoever asked is told at once that there was none. Such a parcel settles
   * by itself, not with its turn.
   */
  fail?(error: Error): void;
}

/** What was published in one go, or as much of it as one statement takes. It settles as one. */
export class Turn<P extends Parcel> {
  items: P[] = [];
  bytes = 0;
  readonly settled: Promise<void>;
  resolve!: () => void;
  reject!: (error: Error) => void;

  /** @param since when it began, in milliseconds */
  constructor(readonly since: number) {
    this.settled = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
    // A turn of nothing but items that settle by themselves has nobody who listens.
    this.settled.catch(() => undefined);
  }

  add(item: P): void {
    this.items.push(item);
    this.bytes += sizeOf(item);
  }

  remove(isMeant: (item: P) => boolean): P[] {
    const removed = this.items.filter(isMeant);
    this.items = this.items.filter((item) => !isMeant(item));
    for (const item of removed) this.bytes -= sizeOf(item);
    return removed;
  }
}

/** What a message costs beside its bytes: a row, its place in a notification. */
const OVERHEAD = 64;

const MAX_TURN_ITEMS = 500;
const MAX_TURN_BYTES = 1024 * 1024;

function sizeOf({ size }: Parcel): number {
  return size + OVERHEAD;
}

/** What waits for the database, in order. Pure: time comes in as an argument, in milliseconds. */
export class Outbox<P extends Parcel> {
  #turns: Turn<P>[] = [];
  /** The turn that is going on. */
  #current: Turn<P> | undefined;
  #bytes = 0;

  constructor(private readonly maxBytes: number) {}

  get isEmpty(): boolean {
    return this.#turns.length === 0;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** @throws ClusterError `ERR_SOCKEYE_CLUSTER_PUBLISH` when too much is waiting */
  push(item: P, now: number): Promise<void> {
    if (this.#bytes + sizeOf(item) > this.maxBytes) {
      throw new ClusterError("ERR_SOCKEYE_CLUSTER_PUBLISH", `more than ${this.maxBytes} bytes wait for the database`);
    }
    this.#bytes += sizeOf(item);
    const turn = this.#turnFor(item, now);
    turn.add(item);
    return turn.settled;
  }

  /** The turn is over: what comes next settles on its own. */
  endTurn(): void {
    this.#current = undefined;
  }

  /** As many turns as one statement takes; they are no longer waiting. */
  take(): Turn<P>[] {
    let bytes = 0;
    let items = 0;
    let count = 0;
    for (const turn of this.#turns) {
      bytes += turn.bytes;
      items += turn.items.length;
      if (count > 0 && (bytes > MAX_TURN_BYTES || items > MAX_TURN_ITEMS)) break;
      count++;
    }
    const taken = this.#turns.splice(0, count);
    if (this.#current !== undefined && taken.includes(this.#current)) this.endTurn();
    for (const turn of taken) this.#bytes -= turn.bytes;
    return taken;
  }

  /** Puts turns back where they were taken from. */
  giveBack(turns: readonly Turn<P>[]): void {
    this.#turns = [...turns, ...this.#turns];
    for (const turn of turns) this.#bytes += turn.bytes;
  }

  /** Removes and returns the turns that began before a time. */
  expire(before: number): Turn<P>[] {
    const fresh = this.#turns.findIndex(({ since }) => since >= before);
    const expired = this.#turns.splice(0, fresh === -1 ? this.#turns.length : fresh);
    if (this.#current !== undefined && expired.includes(this.#current)) this.endTurn();
    for (const turn of expired) this.#bytes -= turn.bytes;
    return expired;
  }

  /** Removes and returns single items; their turns go on without them. */
  remove(isMeant: (item: P) => boolean): P[] {
    const removed: P[] = [];
    for (const turn of this.#turns) {
      const before = turn.bytes;
      removed.push(...turn.remove(isMeant));
      this.#bytes -= before - turn.bytes;
    }
    return removed;
  }

  #turnFor(item: P, now: number): Turn<P> {
    const current = this.#current;
    const fits =
      current !== undefined &&
      current.items.length < MAX_TURN_ITEMS &&
      (current.items.length === 0 || current.bytes + sizeOf(item) <= MAX_TURN_BYTES);
    if (fits) return current;
    const turn = new Turn<P>(now);
    this.#current = turn;
    this.#turns.push(turn);
    return turn;
  }
}
