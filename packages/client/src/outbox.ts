import { CoreOutbox } from "./core/outbox.js";
import { UnansweredError } from "./errors.js";

/** Something that waits. */
export interface Waiting {
  /** Since when, milliseconds; unset while it does not. */
  at?: number;
}

/** Packets that wait, bounded in number and age, by the policy that the options name. */
export class Outbox<Item extends Waiting> extends CoreOutbox<Item> {
  override add(item: Item): void {
    item.at = Date.now();
    const { bufferLimit = 100_000, bufferPolicy = "drop-oldest" } = this.options;
    if (bufferPolicy === "drop-oldest" || this.waiting.length < bufferLimit) super.add(item);
    else if (bufferPolicy === "error") throw this.fullError(bufferLimit);
    else this.dropped(item, this.fullError(bufferLimit));
  }

  /** Drops what has waited for too long, then removes and returns the first `count` of the rest. */
  override takeAll(count = Infinity): Item[] {
    const { bufferTtl = Infinity } = this.options;
    const now = Date.now();
    // In order of age.
    while (this.waiting.length && now - this.waiting[0]!.at! > bufferTtl) {
      this.dropped(this.waiting.shift()!, new UnansweredError("EXPIRED", "waited for too long"));
    }
    return this.waiting.splice(0, count);
  }
}
