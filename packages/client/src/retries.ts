import type { AckCallback } from "./acks.js";
import type { EventData, Flags, RetryPort } from "./contract.js";
import type { ClientError } from "./errors.js";
import type { SocketOptions } from "./options.js";
import { Outbox, type Waiting } from "./outbox.js";

/** An event that is sent until it is acknowledged. */
interface Retried extends Waiting {
  readonly data: EventData;
  readonly flags: Flags;
  readonly callback: AckCallback | undefined;
  /** Number among the events of this queue: our server knows a duplicate by it. */
  readonly number: number;
  tries: number;
}

/**
 * Events that are delivered at least once, in order: one at a time is sent, again and again, until it is acknowledged or
 * its tries are used up. A try that a lost connection cut short does not count: the event goes out again on the next one.
 */
export class RetryQueue {
  /** Set while the server suppresses duplicates: sent with each event, and its number, as one more argument. */
  #mark: string | undefined;
  readonly #clientId = randomId();
  readonly #outbox: Outbox<Retried>;
  #current: Retried | undefined;
  #count = 0;

  constructor(
    private readonly options: SocketOptions,
    private readonly port: RetryPort,
  ) {
    this.#outbox = new Outbox(options, (item, error) => {
      port.dropped(item.data, error);
      item.callback?.(error);
    });
  }

  add(data: EventData, callback: AckCallback | undefined, flags: Flags): void {
    this.#outbox.add({ data, flags, callback, number: this.#count++, tries: 0 });
    this.#drain();
  }

  /** The namespace was joined. `tag` is set where the server suppresses duplicates. */
  start(tag: string | undefined): void {
    this.#mark = tag && tag + this.#clientId;
    this.#drain();
  }

  /** Sends the next event, if none is under way. */
  #drain(): void {
    if (this.#current || !this.port.isReady()) return;
    const [item] = this.#outbox.takeAll(1);
    if (!item) return;
    this.#current = item;
    item.tries++;
    const settle: AckCallback = (error: ClientError | null, ...args) => {
      this.#current = undefined;
      if (error?.code.endsWith("_DISCONNECTED")) item.tries--;
      if (error && !error.code.endsWith("_ABORTED") && item.tries <= this.options.retries!) {
        item.at = Infinity;
        this.#outbox.waiting.unshift(item);
      } else item.callback?.(error, ...args);
      this.#drain();
    };
    try {
      const { data, flags } = item;
      const timeout = flags.timeout ?? 10_000;
      this.port.post(this.#mark ? [...data, `${this.#mark}.${item.number}`] : data, settle, {
        ...flags,
        timeout,
        withError: true,
      });
    } catch (error) {
      // Too large, or not to be encoded: trying again does not help.
      item.tries = Infinity;
      this.port.dropped(item.data, error as ClientError);
      settle(error);
    }
  }
}

/** Not to be guessed: our server answers a repeated event from memory. */
function randomId(): string {
  const bytes = new Uint8Array(12).map(() => Math.random() * 256);
  // React Native has none.
  globalThis.crypto?.getRandomValues(bytes);
  return Array.from(bytes, (byte) => byte.toString(36)).join("");
}
