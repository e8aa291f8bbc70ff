import type { EncodedPacket } from "@sockeye/socketio-parser";
import { encodedBytes } from "./encoded-bytes.js";
import type { Offset } from "./offset.js";
import { Ring } from "./ring.js";

export interface PrivateEvent {
  readonly number: number;
  /** Position of the shared log when it was sent: it comes after that entry and before the next. */
  readonly sharedPosition: number;
  readonly time: number;
  readonly bytes: number;
  readonly encoded: EncodedPacket;
}

/** The events that were sent to one session alone, in their order, the oldest dropped first. */
export class PrivateLog {
  readonly #ring = new Ring<PrivateEvent>();
  #bytes = 0;
  #droppedPosition = -1;
  #droppedTime = Number.NEGATIVE_INFINITY;

  get size(): number {
    return this.#ring.size;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Number of the event appended last; 0 when there was none. */
  get last(): number {
    return this.#ring.last;
  }

  /** When the youngest of the dropped events had been appended. */
  get droppedTime(): number {
    return this.#droppedTime;
  }

  append(encoded: EncodedPacket, sharedPosition: number, time: number): number {
    const bytes = encodedBytes(encoded);
    this.#bytes += bytes;
    return this.#ring.push({ number: this.last + 1, sharedPosition, time, bytes, encoded });
  }

  dropOldest(): void {
    const event = this.#ring.shift();
    if (event === undefined) return;
    this.#bytes -= event.bytes;
    this.#droppedPosition = event.sharedPosition;
    this.#droppedTime = event.time;
  }

  dropOlderThan(time: number): void {
    for (let oldest = this.#ring.oldest(); oldest !== undefined && oldest.time < time; oldest = this.#ring.oldest()) {
      this.dropOldest();
    }
  }

  /** Drops the oldest until both limits hold. */
  dropBeyond(maxEntries: number, maxBytes: number): void {
    while (this.size > maxEntries || this.#bytes > maxBytes) this.dropOldest();
  }

  /** Whether an event that a peer at this offset has not received is no longer there. */
  hasDroppedAfter(offset: Offset): boolean {
    if (offset.private !== undefined) return offset.private + 1 < this.#ring.first;
    return this.#droppedPosition >= offset.shared;
  }

  /** The events that a peer at this offset has not received, as far as they are still there. */
  readAfter(offset: Offset): PrivateEvent[] {
    const found: PrivateEvent[] = [];
    const first = (offset.private ?? this.#lastBefore(offset.shared)) + 1;
    for (let number = Math.max(first, this.#ring.first); number <= this.last; number++)
      found.push(this.#ring.at(number)!);
    return found;
  }

  /** The number of the last event sent before a shared entry. */
  #lastBefore(sharedPosition: number): number {
    let low = this.#ring.first;
    let high = this.last + 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#ring.at(middle)!.sharedPosition < sharedPosition) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }
}
