import { type ClientError, MisuseError, UnansweredError } from "./errors.js";
import type { BufferPolicy } from "./options.js";

export interface OutboxTerms<Item> {
  readonly limit: number;
  readonly policy: BufferPolicy;
  /** Milliseconds. */
  readonly ttl: number;
  /** When an item was made. */
  readonly at: (item: Item) => number;
  /** Told of every item that will not be sent. */
  readonly dropped: (item: Item, error: ClientError) => void;
}

/** Packets that wait, bounded in number and age. */
export class Outbox<Item> {
  items: Item[] = [];

  constructor(private readonly terms: OutboxTerms<Item>) {}

  add(item: Item): void {
    const { limit, policy, dropped } = this.terms;
    if (this.items.length >= limit) {
      const error = new MisuseError("BUFFER_FULL", `more than ${limit} packets wait`);
      if (policy === "error") throw error;
      const oldest = policy === "drop-oldest" && this.items.shift();
      dropped(oldest || item, error);
      if (!oldest) return;
    }
    this.items.push(item);
  }

  /** Drops what has waited for too long. */
  expire(now: number): void {
    const { ttl, at, dropped } = this.terms;
    const late = this.items.filter((item) => now - at(item) > ttl);
    if (!late.length) return;
    this.items = this.items.filter((item) => !late.includes(item));
    for (const item of late) dropped(item, new UnansweredError("EXPIRED", "waited for too long"));
  }

  remove(item: Item): void {
    this.items = this.items.filter((each) => each !== item);
  }
}
