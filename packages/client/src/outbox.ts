import { type ClientError, MisuseError, UnansweredError } from "./errors.js";
import type { SocketOptions } from "./options.js";

/** Something that waits. */
export interface Waiting {
  /** When it was made, milliseconds. */
  at: number;
}

/** Packets that wait, bounded in number and age. */
export class Outbox<Item extends Waiting> {
  items: Item[] = [];

  constructor(
    private readonly options: SocketOptions,
    /** Told of every item that will not be sent. */
    private readonly dropped: (item: Item, error: ClientError) => void,
  ) {}

  add(item: Item): void {
    const { bufferLimit = 100_000, bufferPolicy = "drop-oldest" } = this.options;
    if (this.items.length >= bufferLimit) {
      const error = new MisuseError("BUFFER_FULL", `${bufferLimit} packets wait`);
      if (bufferPolicy === "error") throw error;
      const victim = (bufferPolicy === "drop-oldest" && this.items.shift()) || item;
      this.dropped(victim, error);
      if (victim === item) return;
    }
    this.items.push(item);
  }

  /** Drops what has waited for too long, then removes and returns the first `count` of the rest. */
  take(count?: number): Item[] {
    const { bufferTtl = Infinity } = this.options;
    const now = Date.now();
    // In order of age.
    while (this.items.length && now - this.items[0]!.at > bufferTtl) {
      this.dropped(this.items.shift()!, new UnansweredError("EXPIRED", "waited for too long"));
    }
    return this.items.splice(0, count ?? this.items.length);
  }

  remove(matches: (item: Item) => boolean): void {
    const at = this.items.findIndex(matches);
    if (at >= 0) this.items.splice(at, 1);
  }
}
