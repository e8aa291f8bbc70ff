import { bufferFull, type OutboxShape } from "./core/outbox.js";
import { type ClientError, UnansweredError } from "./errors.js";
import type { SocketOptions } from "./options.js";

/** Something that waits. */
export interface Waiting {
  /** Since when, milliseconds; unset while it does not. */
  at?: number;
}

/** Packets that wait, bounded in number and age, by the policy that the options name. */
export class Outbox<Item extends Waiting> implements OutboxShape<Item> {
  waiting: Item[] = [];

  constructor(
    private readonly options: SocketOptions,
    /** Told of every item that will not be sent. */
    private readonly dropped: (item: Item, error: ClientError) => void,
  ) {}

  add(item: Item): void {
    const { waiting, options } = this;
    const { bufferLimit = 100_000, bufferPolicy } = options;
    item.at = Date.now();
    if (waiting.push(item) > bufferLimit) {
      const error = bufferFull(bufferLimit);
      const given = bufferPolicy === "error" || bufferPolicy === "drop-newest" ? waiting.pop()! : waiting.shift()!;
      if (bufferPolicy === "error") throw error;
      this.dropped(given, error);
    }
  }

  /** Drops what has waited for too long, then removes and returns the first `count` of the rest. */
  takeAll(count = Infinity): Item[] {
    const { waiting, options } = this;
    const { bufferTtl = Infinity } = options;
    const now = Date.now();
    // In order of age.
    while (waiting.length && now - waiting[0]!.at! > bufferTtl) {
      this.dropped(waiting.shift()!, new UnansweredError("EXPIRED", "waited for too long"));
    }
    return waiting.splice(0, count);
  }
}
