import { noConnection } from "../errors.js";

/** What a notification has brought, or a part of it is still in the table. */
export interface Arrival {
  /** What it costs to keep it. */
  readonly bytes: number;
  /** What has to be read from the table before it can be delivered. */
  readonly wanted: readonly Wanted[];
  /** MUST NOT throw. `found` has what was wanted; `undefined`: it is gone. */
  deliver(found: ReadonlyMap<string, Uint8Array | undefined>): void;
}

export interface Wanted {
  /** Which row, in words of whoever reads it. */
  readonly key: string;
  /** Bytes to be expected. */
  readonly size: number;
}

/** What an inbox needs of who uses it. */
export interface InboxPort {
  fetch(keys: readonly string[]): Promise<ReadonlyMap<string, Uint8Array>>;
  /** Fetching failed, or more came than may wait: what is here is lost, and has to be read from the table. */
  failed(error: Error): void;
}

/** Bytes that are fetched with one statement, if it is more than one message. */
const MAX_FETCH_BYTES = 4 * 1024 * 1024;

const NOTHING: ReadonlyMap<string, Uint8Array | undefined> = new Map();

/**
 * What comes in, in order: an arrival that refers to the table waits for its rows, and those behind it wait too. On hold,
 * all wait.
 */
export class Inbox {
  readonly #port: InboxPort;
  readonly #maxBytes: number;
  #arrivals: Arrival[] = [];
  #bytes = 0;
  #isHeld = true;
  #isFetching = false;
  /** What was fetched for the first in the queue. */
  #found = NOTHING;
  /** Changes when the queue is thrown away: what was being fetched for it is of no use. */
  #generation = 0;

  constructor(port: InboxPort, maxBytes: number) {
    this.#port = port;
    this.#maxBytes = maxBytes;
  }

  get length(): number {
    return this.#arrivals.length;
  }

  /** Throws away what is here and holds what comes. */
  hold(): void {
    this.#arrivals = [];
    this.#bytes = 0;
    this.#isHeld = true;
    this.#isFetching = false;
    this.#generation++;
  }

  release(): void {
    this.#isHeld = false;
    this.#drain();
  }

  receive(arrival: Arrival): void {
    const waits = this.#isHeld || this.#isFetching || arrival.wanted.length > 0;
    if (!waits) {
      arrival.deliver(NOTHING);
      return;
    }
    this.#arrivals.push(arrival);
    this.#bytes += arrival.bytes;
    if (this.#bytes > this.#maxBytes)
      this.#port.failed(noConnection(`more than ${this.#maxBytes} bytes wait to be read`));
    else if (!this.#isHeld && !this.#isFetching) this.#fetch();
  }

  #drain(): void {
    const generation = this.#generation;
    let done = 0;
    for (const arrival of this.#arrivals) {
      if (!arrival.wanted.every(({ key }) => this.#found.has(key))) break;
      done++;
      this.#bytes -= arrival.bytes;
      arrival.deliver(this.#found);
      if (generation !== this.#generation) return;
    }
    this.#arrivals.splice(0, done);
    this.#found = NOTHING;
    if (this.#arrivals.length > 0) this.#fetch();
  }

  /** What the first in the queue refers to, and of those behind it as much as fits. */
  #fetch(): void {
    const generation = this.#generation;
    this.#isFetching = true;
    const keys = this.#wanted();
    this.#port.fetch(keys).then(
      (found) => {
        if (generation !== this.#generation) return;
        this.#found = new Map(keys.map((key) => [key, found.get(key)]));
        this.#isFetching = false;
        this.#drain();
      },
      (error) => {
        if (generation === this.#generation) this.#port.failed(error);
      },
    );
  }

  #wanted(): string[] {
    const keys: string[] = [];
    let bytes = 0;
    for (const { wanted } of this.#arrivals) {
      for (const { key, size } of wanted) {
        keys.push(key);
        bytes += size;
      }
      if (bytes > MAX_FETCH_BYTES) break;
    }
    return keys;
  }
}
