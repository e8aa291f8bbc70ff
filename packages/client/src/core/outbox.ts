import { type ClientError, MisuseError } from "../errors.js";
import type { SocketOptions } from "../options.js";

/** Packets that wait, bounded in number: the oldest makes room. */
export class CoreOutbox<Item extends object> {
  waiting: Item[] = [];

  constructor(
    protected readonly options: SocketOptions,
    /** Told of every item that will not be sent. */
    protected readonly dropped: (item: Item, error: ClientError) => void,
  ) {}

  add(item: Item): void {
    const { bufferLimit = 100_000 } = this.options;
    if (this.waiting.push(item) > bufferLimit) this.dropped(this.waiting.shift()!, this.fullError(bufferLimit));
  }

  /** Removes and returns all of them. */
  takeAll(): Item[] {
    return this.waiting.splice(0);
  }

  takeBack(matches: (item: Item) => boolean): void {
    const at = this.waiting.findIndex(matches);
    if (at >= 0) this.waiting.splice(at, 1);
  }

  fullError(limit: number): ClientError {
    return new MisuseError("BUFFER_FULL", `${limit} packets wait`);
  }
}
