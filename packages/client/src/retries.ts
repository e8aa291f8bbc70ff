import type { AckCallback } from "./acks.js";
import type { ClientError } from "./errors.js";
import type { SocketOptions } from "./options.js";
import { Outbox, type Waiting } from "./outbox.js";

/** An event's name and arguments. */
export type EventData = readonly [string | number, ...unknown[]];

/** An event that is sent until it is acknowledged. */
interface Retried<Flags> extends Waiting {
  readonly data: EventData;
  readonly flags: Flags;
  readonly callback: AckCallback | undefined;
  /** Number among the events of this queue: our server knows a duplicate by it. */
  readonly number: number;
  tries: number;
}

export interface RetryPort<Flags> {
  /** Whether an event can be sent. */
  ready(): boolean;
  /** Sends one; `settle` is told of the answer, or of an error first. */
  post(data: EventData, settle: AckCallback, flags: Flags): void;
  dropped(data: EventData, error: ClientError): void;
}

/**
 * Events that are delivered at least once, in order: one at a time is sent, again and again, until it is acknowledged or
 * its tries are used up. A try that a lost connection cut short does not count: the event goes out again on the next one.
 */
export class RetryQueue<Flags> {
  /** Set while the server suppresses duplicates: sent with each event, and its number, as one more argument. */
  mark: string | undefined;
  readonly #outbox: Outbox<Retried<Flags>>;
  #current: Retried<Flags> | undefined;
  #count = 0;

  constructor(
    private readonly options: SocketOptions,
    private readonly port: RetryPort<Flags>,
  ) {
    this.#outbox = new Outbox(options, (item, error) => {
      port.dropped(item.data, error);
      item.callback?.(error);
    });
  }

  add(data: EventData, callback: AckCallback | undefined, flags: Flags): void {
    this.#outbox.add({ data, flags, callback, number: this.#count++, at: Date.now(), tries: 0 });
    this.drain();
  }

  /** Sends the next event, if none is under way. */
  drain(): void {
    if (this.#current || !this.port.ready()) return;
    const [item] = this.#outbox.take(1);
    if (!item) return;
    this.#current = item;
    item.tries++;
    const settle: AckCallback = (error: ClientError | null, ...args) => {
      this.#current = undefined;
      if (error?.code.endsWith("_DISCONNECTED")) item.tries--;
      if (error && !error.code.endsWith("_ABORTED") && item.tries <= this.options.retries!) {
        item.at = Infinity;
        this.#outbox.items.unshift(item);
      } else item.callback?.(error, ...args);
      this.drain();
    };
    try {
      this.port.post(this.mark ? [...item.data, `${this.mark}.${item.number}`] : item.data, settle, item.flags);
    } catch (error) {
      // Too large, or not to be encoded: trying again does not help.
      item.tries = Infinity;
      this.port.dropped(item.data, error as ClientError);
      settle(error);
    }
  }
}
