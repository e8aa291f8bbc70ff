import type { EncodedPacket } from "@sockeye/socketio-parser";
import type { Room } from "../names.js";
import { encodedBytes } from "./encoded-bytes.js";
import { Ring } from "./ring.js";

/** A recoverable broadcast. */
export interface SharedEntry {
  readonly encoded: EncodedPacket;
  /** Empty: everyone. */
  readonly rooms: ReadonlySet<Room>;
  readonly except: ReadonlySet<Room>;
}

/** Stands among the rooms of an entry that is for everyone. */
export const EVERYONE = Symbol("everyone");
export type Audience = Room | typeof EVERYONE;

export interface LoggedBroadcast {
  readonly position: number;
  /** When it was appended. */
  readonly time: number;
  readonly bytes: number;
  readonly encoded: EncodedPacket;
  /** One room at least, or `EVERYONE` alone; none when nobody will ask for it. */
  readonly audiences: readonly Audience[];
  readonly except: readonly Room[];
  /** Per audience, the position of the entry before this one with the same audience; 0: none. */
  readonly previous: readonly number[];
}

/**
 * The broadcasts of a namespace in their order, the oldest dropped first. The entries of one room form a chain, so that
 * reading what a session missed costs what it missed, not what the namespace said meanwhile.
 */
export class SharedLog {
  readonly #ring: Ring<LoggedBroadcast>;
  /** Ends of the chains. A chain whose last entry was dropped has none, so this never outgrows the ring. */
  readonly #latest = new Map<Audience, number>();
  #bytes = 0;
  #droppedTime = Number.NEGATIVE_INFINITY;

  /** `first`: the position of the first entry. */
  constructor(first = 1) {
    this.#ring = new Ring(first);
  }

  get size(): number {
    return this.#ring.size;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Position of the oldest entry kept; `last + 1` when there is none. */
  get first(): number {
    return this.#ring.first;
  }

  /** Position of the entry appended last; the one before the first when there was none. */
  get last(): number {
    return this.#ring.last;
  }

  /** When the youngest of the dropped entries had been appended. */
  get droppedTime(): number {
    return this.#droppedTime;
  }

  append(entry: SharedEntry, time: number): number {
    const audiences: readonly Audience[] = entry.rooms.size === 0 ? [EVERYONE] : [...entry.rooms];
    const position = this.last + 1;
    const bytes = encodedBytes(entry.encoded);
    const previous = audiences.map((audience) => this.#latest.get(audience) ?? 0);
    this.#ring.push({ position, time, bytes, encoded: entry.encoded, audiences, except: [...entry.except], previous });
    for (const audience of audiences) this.#latest.set(audience, position);
    this.#bytes += bytes;
    return position;
  }

  /** A position that nobody will ask for. */
  appendNothing(time: number): number {
    const position = this.last + 1;
    return this.#ring.push({ position, time, bytes: 0, encoded: [], audiences: [], except: [], previous: [] });
  }

  dropOldest(): void {
    const entry = this.#ring.shift();
    if (entry === undefined) return;
    this.#bytes -= entry.bytes;
    this.#droppedTime = entry.time;
    for (const audience of entry.audiences) {
      if (this.#latest.get(audience) === entry.position) this.#latest.delete(audience);
    }
  }

  dropOlderThan(time: number): void {
    for (let oldest = this.#ring.oldest(); oldest !== undefined && oldest.time < time; oldest = this.#ring.oldest()) {
      this.dropOldest();
    }
  }

  /** The entries after a position for any of these audiences, the youngest first, each once. */
  readBackwards(after: number, audiences: Iterable<Audience>): LoggedBroadcast[] {
    const found = new Map<number, LoggedBroadcast>();
    for (const audience of audiences) this.#followChain(audience, after, found);
    return [...found.values()].sort((a, b) => b.position - a.position);
  }

  #followChain(audience: Audience, after: number, found: Map<number, LoggedBroadcast>): void {
    let position = this.#latest.get(audience) ?? 0;
    while (position > after) {
      const entry = this.#ring.at(position);
      if (entry === undefined) return;
      found.set(position, entry);
      position = entry.previous[entry.audiences.indexOf(audience)]!;
    }
  }
}
