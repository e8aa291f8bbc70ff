import type { RecoveryStore, SessionKey, StoredEvent, StoredRecord } from "./contract.js";

export interface WriterOptions {
  readonly namespace: string;
  /** Milliseconds for which sessions are kept without being written or touched. */
  readonly lifetime: number;
  /** Bytes of events that may wait for the store; beyond them the oldest go. */
  readonly maxBytes: number;
  /** The record of a session as it is now; `undefined` when there is nothing to write. */
  recordOf(pid: string): StoredRecord | undefined;
  /** The store has what was to be written of these sessions when it was asked. */
  saved(pids: readonly string[]): void;
  failed(error: unknown): void;
}

/**
 * Writes sessions to the store: what there is to write is gathered and goes out together, while the next is gathered. What the
 * store did not take is kept for the next try. A private log that lost events for want of room has a hole; who needs them is told
 * `trimmed`.
 */
export class SessionWriter {
  readonly #store: RecoveryStore;
  readonly #options: WriterOptions;
  readonly #dirty = new Set<string>();
  readonly #touched = new Map<string, SessionKey>();
  readonly #removed = new Map<string, SessionKey>();
  #events: StoredEvent[] = [];
  #bytes = 0;
  #writing: Promise<boolean> | undefined;
  #isScheduled = false;

  constructor(store: RecoveryStore, options: WriterOptions) {
    this.#store = store;
    this.#options = options;
  }

  /** Events that wait. */
  get events(): number {
    return this.#events.length;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** The record of a session has changed. */
  save(pid: string): void {
    this.#dirty.add(pid);
    this.#schedule();
  }

  /** Whether a session is to be written (again). */
  isDirty(pid: string): boolean {
    return this.#dirty.has(pid);
  }

  append(event: StoredEvent): void {
    this.#events.push(event);
    this.#bytes += event.bytes.byteLength;
    while (this.#bytes > this.#options.maxBytes && this.#events.length > 1) this.#drop();
    this.#schedule();
  }

  touch(key: SessionKey): void {
    this.#touched.set(key.pid, key);
    this.#schedule();
  }

  remove(key: SessionKey): void {
    this.#dirty.delete(key.pid);
    this.#touched.delete(key.pid);
    this.#removed.set(key.pid, key);
    this.#schedule();
  }

  /** Tries to write everything there is. `false`: not all of it could be. */
  async flush(): Promise<boolean> {
    while (this.#writing !== undefined) if (!(await this.#writing)) return false;
    if (!this.#hasWork) return true;
    return this.#write();
  }

  /** Writes what could not be written before. */
  retry(): void {
    if (this.#hasWork) this.#schedule();
  }

  get #hasWork(): boolean {
    return this.#dirty.size + this.#events.length + this.#touched.size + this.#removed.size > 0;
  }

  /** Everything that is asked for in one go is written in one go. */
  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    queueMicrotask(() => {
      this.#isScheduled = false;
      if (this.#writing === undefined && this.#hasWork) void this.#write();
    });
  }

  #write(): Promise<boolean> {
    this.#writing = this.#writeAll().then((done) => {
      this.#writing = undefined;
      if (done && this.#hasWork) this.#schedule();
      return done;
    });
    return this.#writing;
  }

  async #writeAll(): Promise<boolean> {
    const pids = [...this.#dirty];
    const records = pids.map((pid) => this.#options.recordOf(pid)).filter((record) => record !== undefined);
    const events = this.#events;
    const touched = [...this.#touched.values()];
    const removed = [...this.#removed.values()];
    this.#dirty.clear();
    this.#touched.clear();
    this.#removed.clear();
    this.#events = [];
    this.#bytes = 0;
    const [saved, appended, gone, seen] = await this.#send(records, events, removed, touched);
    if (saved.status === "rejected") for (const pid of pids) this.#dirty.add(pid);
    else this.#options.saved(pids);
    if (saved.status === "rejected" || appended.status === "rejected") this.#takeBack(events);
    if (gone.status === "rejected") for (const key of removed) this.#removed.set(key.pid, key);
    const failure = [saved, appended, gone, seen].find((outcome) => outcome.status === "rejected");
    if (failure !== undefined) this.#options.failed(failure.reason);
    return failure === undefined;
  }

  /** The records first: an event for a session that is not kept is ignored by the store. */
  #send(records: StoredRecord[], events: StoredEvent[], removed: SessionKey[], touched: SessionKey[]) {
    const { namespace, lifetime } = this.#options;
    const store = this.#store;
    return Promise.allSettled([
      unlessEmpty(records, () => store.save(namespace, records, lifetime)),
      unlessEmpty(events, () => store.appendPrivate(namespace, events)),
      unlessEmpty(removed, () => store.remove(namespace, removed)),
      unlessEmpty(touched, () => store.touch(namespace, touched, lifetime)),
    ]);
  }

  #takeBack(events: StoredEvent[]): void {
    this.#events = [...events, ...this.#events];
    for (const { bytes } of events) this.#bytes += bytes.byteLength;
    while (this.#bytes > this.#options.maxBytes && this.#events.length > 1) this.#drop();
  }

  #drop(): void {
    const event = this.#events.shift();
    if (event !== undefined) this.#bytes -= event.bytes.byteLength;
  }
}

async function unlessEmpty(list: readonly unknown[], write: () => Promise<void>): Promise<void> {
  if (list.length > 0) await write();
}
