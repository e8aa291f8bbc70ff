import { asError } from "../../errors.js";
import type { LogPosition } from "./contract.js";

/** A broadcast of this node, as far as it matters here. */
export interface Owed {
  readonly sequence: number;
  /** It as an envelope. */
  readonly envelope: Uint8Array;
}

export interface ArrearsLimits {
  readonly maxEntries: number;
  readonly maxBytes: number;
}

export interface ArrearsPort<B extends Owed> {
  append(broadcast: B, wanted: boolean): Promise<LogPosition | undefined>;
  /** It has its place now. */
  place(position: LogPosition, broadcast: B): void;
  /** The store is away again. */
  refused(error: Error): void;
  /** It will not get one from here: the others are to be told of it the ordinary way. */
  tell(broadcast: B): void;
}

export interface Arrear<B extends Owed> {
  readonly broadcast: B;
  /** A session of this node may ask for it. */
  readonly wanted: boolean;
  /** The store was given it, and may have taken it though it said that it did not. */
  readonly tried: boolean;
  /** In milliseconds. */
  readonly since: number;
}

/** Milliseconds after which the others are told all the same. */
const LONGEST = 30_000;

/**
 * Broadcasts that were delivered on this node while the store was away. They get their place in the log afterwards, in the order in
 * which they were sent; so the other nodes and the sessions asleep miss none of them. Bounded in number, bytes and time.
 */
export class Arrears<B extends Owed> {
  readonly #limits: ArrearsLimits;
  readonly #port: ArrearsPort<B>;
  readonly #owed = new Map<number, Arrear<B>>();
  /** They are up to the store. */
  readonly #underway = new Map<number, Arrear<B>>();
  #bytes = 0;
  #latest = 0;
  #whenNone: (() => void)[] = [];
  #whenSettled: ((none: boolean) => void)[] = [];

  constructor(limits: ArrearsLimits, port: ArrearsPort<B>) {
    this.#limits = limits;
    this.#port = port;
  }

  /** Those that the store was not given yet. */
  get owed(): number {
    return this.#owed.size;
  }

  get size(): number {
    return this.#owed.size + this.#underway.size;
  }

  add(arrear: Arrear<B>): void {
    const { broadcast } = arrear;
    this.#owed.set(broadcast.sequence, arrear);
    this.#latest = broadcast.sequence;
    this.#bytes += broadcast.envelope.byteLength;
    const { maxEntries, maxBytes } = this.#limits;
    while (this.#owed.size > maxEntries || (this.#bytes > maxBytes && this.#owed.size > 1)) this.#tellOldest();
  }

  /** Number of the latest that was added. */
  get latest(): number {
    return this.#latest;
  }

  /** The store is back, and it is known here of all up to this number whether they are in the log. The others may have to wait. */
  settle(upTo: number): void {
    const owed = [...this.#owed.values()];
    const unclear = owed.findIndex(({ broadcast, tried }) => tried && broadcast.sequence > upTo);
    if (unclear >= 0) owed.length = unclear;
    for (const arrear of owed) {
      const { sequence } = arrear.broadcast;
      this.#take(sequence);
      this.#underway.set(sequence, arrear);
    }
    for (const arrear of owed) this.#append(arrear);
  }

  /** A broadcast of this node has its turn; whether it was one of these. */
  placed(sequence: number): boolean {
    if (this.size === 0) return false;
    const wasOwed = this.#take(sequence) !== undefined;
    const wasUnderway = this.#underway.delete(sequence);
    this.#call();
    return wasOwed || wasUnderway;
  }

  /** Places that were given lie where nobody goes any more. */
  forgetPlaces(): void {
    this.#underway.clear();
    this.#call();
  }

  /** Calls back when there are none, which may be now. */
  whenNone(callback: () => void): void {
    if (this.size === 0) callback();
    else this.#whenNone.push(callback);
  }

  /** Resolves when there are none; with `false` when the store is away again before. */
  settled(): Promise<boolean> {
    if (this.size === 0) return Promise.resolve(true);
    return new Promise((resolve) => this.#whenSettled.push(resolve));
  }

  sweep(time: number): void {
    for (const { since } of this.#owed.values()) {
      if (time - since < LONGEST) return;
      this.#tellOldest();
    }
  }

  close(): void {
    while (this.#owed.size > 0) this.#tellOldest();
    this.forgetPlaces();
  }

  #append(arrear: Arrear<B>): void {
    const { broadcast, wanted } = arrear;
    this.#port.append(broadcast, wanted).then(
      (position) => {
        if (position === undefined) this.placed(broadcast.sequence);
        else this.#port.place(position, broadcast);
      },
      (thrown) => this.#refused(arrear, asError(thrown)),
    );
  }

  /** It, and what was asked for behind it, may be in the log all the same: the next look will show. */
  #refused({ broadcast }: Arrear<B>, error: Error): void {
    if (!this.#underway.has(broadcast.sequence)) return;
    const later = [...this.#owed.values()];
    this.#owed.clear();
    for (const arrear of this.#underway.values()) {
      this.#owed.set(arrear.broadcast.sequence, { ...arrear, tried: true });
      this.#bytes += arrear.broadcast.envelope.byteLength;
    }
    for (const arrear of later) this.#owed.set(arrear.broadcast.sequence, arrear);
    this.#underway.clear();
    for (const resolve of this.#whenSettled.splice(0)) resolve(false);
    this.#port.refused(error);
  }

  #tellOldest(): void {
    const [sequence] = this.#owed.keys();
    const arrear = this.#take(sequence!);
    if (arrear !== undefined) this.#port.tell(arrear.broadcast);
    this.#call();
  }

  #take(sequence: number): Arrear<B> | undefined {
    const arrear = this.#owed.get(sequence);
    if (arrear === undefined) return undefined;
    this.#owed.delete(sequence);
    this.#bytes -= arrear.broadcast.envelope.byteLength;
    return arrear;
  }

  #call(): void {
    if (this.size > 0) return;
    for (const callback of this.#whenNone.splice(0)) callback();
    for (const resolve of this.#whenSettled.splice(0)) resolve(true);
  }
}
