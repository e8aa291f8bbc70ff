import { type ClientError, MisuseError } from "../errors.js";
import type { SocketOptions } from "../options.js";

/** Packets that wait for the connection, the oldest first. */
export interface OutboxShape<Item> {
  waiting: Item[];
  add(item: Item): void;
  /** Removes and returns all of them. */
  takeAll(): Item[];
}

export type OutboxClass = new <Item extends object>(
  options: SocketOptions,
  /** Told of every item that will not be sent. */
  dropped: (item: Item, error: ClientError) => void,
) => OutboxShape<Item>;

/** Packets that wait, bounded in number: the oldest makes room. */
export class CoreOutbox<Item extends object> implements OutboxShape<Item> {
  waiting: Item[] = [];

  constructor(
    private readonly options: SocketOptions,
    /** Told of every item that will not be sent. */
    private readonly dropped: (item: Item, error: ClientError) => void,
  ) {}

  add(item: Item): void {
    const { bufferLimit = 100_000 } = this.options;
    if (this.waiting.push(item) > bufferLimit) this.dropped(this.waiting.shift()!, bufferFull(bufferLimit));
  }

  takeAll(): Item[] {
    return this.waiting.splice(0);
  }
}

export function bufferFull(limit: number): ClientError {
  return new MisuseError("BUFFER_FULL", `${limit} packets wait`);
}
