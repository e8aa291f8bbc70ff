import { noConnection } from "./errors.js";
import type { Notification } from "./notification.js";

/** What an inbox needs of its driver. */
export interface InboxPort {
  /** Bytes of messages that are too large for a notification, by {@link keyOf}; a missing one is gone from the table. */
  fetch(wanted: readonly Wanted[]): Promise<ReadonlyMap<string, Uint8Array>>;
  /** One item, in order; `undefined`: it was dropped by its sender, or is gone. */
  deliver(channel: string, xid: number, n: number, bytes: Uint8Array | undefined): void;
  /** Everything was delivered that was told before a notification whose floor this is. */
  finished(xmin: number): void;
  /** Fetching failed, or more came than may wait: what is here is lost, and has to be read from the table. */
  failed(error: Error): void;
}

export interface Wanted {
  readonly xid: number;
  readonly n: number;
}

interface Entry {
  readonly channel: string;
  readonly notification: Notification;
  readonly bytes: number;
}

/** Bytes that are fetched with one statement, if it is more than one message. */
const MAX_FETCH_BYTES = 4 * 1024 * 1024;

/**
 * Notifications on their way in, in order: one that refers to the table waits for its rows, and those behind it wait too.
 * On hold, all wait.
 */
export class Inbox {
  readonly #port: InboxPort;
  readonly #maxBytes: number;
  #entries: Entry[] = [];
  #bytes = 0;
  #isHeld = true;
  #isFetching = false;
  /** What was fetched for the first in the queue; `undefined`: it is gone. */
  #fetched: ReadonlyMap<string, Uint8Array | undefined> = new Map();
  /** Changes when the queue is thrown away: what was being fetched for it is of no use. */
  #generation = 0;

  constructor(port: InboxPort, maxBytes: number) {
    this.#port = port;
    this.#maxBytes = maxBytes;
  }

  get length(): number {
    return this.#entries.length;
  }

  /** Throws away what is here and holds what comes. */
  hold(): void {
    this.#entries = [];
    this.#bytes = 0;
    this.#isHeld = true;
    this.#isFetching = false;
    this.#generation++;
  }

  release(): void {
    this.#isHeld = false;
    this.#drain();
  }

  /** @param bytes what it costs to keep it */
  receive(channel: string, notification: Notification, bytes: number): void {
    this.#entries.push({ channel, notification, bytes });
    this.#bytes += bytes;
    if (!this.#isHeld && !this.#isFetching) this.#drain();
    else if (this.#bytes > this.#maxBytes)
      this.#port.failed(noConnection(`more than ${this.#maxBytes} bytes wait to be read`));
  }

  #drain(): void {
    let done = 0;
    for (const entry of this.#entries) {
      if (!this.#isReady(entry.notification)) break;
      done++;
      this.#bytes -= entry.bytes;
      this.#deliver(entry);
    }
    this.#entries.splice(0, done);
    this.#fetched = new Map();
    if (this.#entries.length > 0) this.#fetch();
  }

  #isReady({ xid, first, items }: Notification): boolean {
    return items.every(({ kind }, i) => kind !== "reference" || this.#fetched.has(keyOf(xid, first + i)));
  }

  #deliver({ channel, notification }: Entry): void {
    const { xid, xmin, first, items } = notification;
    for (const [i, item] of items.entries()) {
      const n = first + i;
      if (item.kind === "gap") this.#port.deliver(channel, xid, n, undefined);
      else if (item.kind === "inline") this.#port.deliver(channel, xid, n, Buffer.from(item.base64, "base64"));
      else this.#port.deliver(channel, xid, n, this.#fetched.get(keyOf(xid, n)));
    }
    this.#port.finished(xmin);
  }

  /** What the first in the queue refers to, and of those behind it as much as fits. */
  #fetch(): void {
    const generation = this.#generation;
    this.#isFetching = true;
    const wanted = this.#wanted();
    this.#port.fetch(wanted).then(
      (found) => {
        if (generation !== this.#generation) return;
        this.#fetched = new Map(wanted.map(({ xid, n }) => [keyOf(xid, n), found.get(keyOf(xid, n))]));
        this.#isFetching = false;
        this.#drain();
      },
      (error) => {
        if (generation === this.#generation) this.#port.failed(error);
      },
    );
  }

  #wanted(): Wanted[] {
    const wanted: Wanted[] = [];
    let bytes = 0;
    for (const { notification } of this.#entries) {
      const { xid, first, items } = notification;
      for (const [i, item] of items.entries()) {
        if (item.kind !== "reference") continue;
        bytes += item.size;
        wanted.push({ xid, n: first + i });
      }
      if (bytes > MAX_FETCH_BYTES) break;
    }
    return wanted;
  }
}

export function keyOf(xid: number | string, n: number | string): string {
  return `${xid}.${n}`;
}
