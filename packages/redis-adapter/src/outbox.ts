import { type Channel, ClusterError } from "@sockeye/adapter-base";
import { isRefusal } from "./reply-errors.js";

/** Limits of what waits for Redis; sizes in bytes, times in milliseconds. */
export interface OutboxLimits {
  readonly maxQueued: number;
  readonly maxQueuedBytes: number;
  readonly queuePolicy: "drop-oldest" | "reject";
  readonly publishTimeout: number;
}

/** What was published in a row to one place. */
export interface Run {
  readonly target: string;
  readonly envelopes: readonly Uint8Array[];
}

export interface OutboxPort {
  /** Whether what is written now goes out at once. */
  ready(): boolean;
  /** Writes runs in order, together; each settles on its own. */
  write(runs: readonly Run[]): Promise<unknown>[];
  /** Whether Redis takes what is written, as often as it is learned. */
  state(way: "up" | "down"): void;
  /** Envelopes that were to be kept went to no one. */
  dropped(channels: readonly Channel[]): void;
  /** Calls back after everything else that happens in this turn of the event loop. */
  later(callback: () => void): void;
  now(): number;
}

interface Item {
  readonly channel: Channel;
  readonly target: string;
  readonly envelope: Uint8Array;
  readonly since: number;
  readonly resolve: () => void;
  readonly reject: (error: ClusterError) => void;
  state: "waiting" | "written" | "taken" | "given up";
}

/** A longer run is written as several. */
const MAX_RUN_BYTES = 64 * 1024;
/** No more is handed to the client before it is answered: the client would keep it, out of reach of the limits. */
const MAX_WRITTEN_BYTES = 4 * 1024 * 1024;
const MAX_WRITTEN = 8192;
const RETRY_DELAY = 100;
/** Settled items at the front are let go of when there are this many. */
const COMPACTION = 1024;

/**
 * What this node publishes, in order, from being published to being taken. What a broken connection left unanswered is
 * written again; what waits is bounded in number, bytes and time.
 */
export class Outbox {
  readonly #port: OutboxPort;
  readonly #limits: OutboxLimits;
  #items: Item[] = [];
  /** Index of the first item that may be waiting; no item behind it is written. */
  #next = 0;
  #count = 0;
  #bytes = 0;
  #written = 0;
  #writtenBytes = 0;
  #scheduled = false;
  /** Set by a failure: nothing is written until all that was written is settled, and not before this time. */
  #retryAt: number | undefined;
  readonly #dropped = new Map<string, Channel>();
  #closed = false;
  #whenSettled = (): void => {};

  constructor(port: OutboxPort, limits: OutboxLimits) {
    this.#port = port;
    this.#limits = limits;
  }

  /** Envelopes that were not answered yet. */
  get size(): number {
    return this.#count;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Rejects with `ERR_SOCKEYE_CLUSTER_PUBLISH`, or `ERR_SOCKEYE_CLUSTER_CLOSED`. */
  publish(channel: Channel, target: string, envelope: Uint8Array): Promise<void> {
    if (this.#closed) return Promise.reject(closed());
    if (!this.#makeRoom(envelope.byteLength)) {
      this.#dropped.set(target, channel);
      return Promise.reject(unpublished("Redis is away and the queue is full"));
    }
    return new Promise((resolve, reject) => {
      this.#items.push({ channel, target, envelope, since: this.#port.now(), resolve, reject, state: "waiting" });
      this.#count++;
      this.#bytes += envelope.byteLength;
      this.#flushLater();
    });
  }

  /** To be called when the connection may be there again. */
  retryNow(): void {
    if (this.#retryAt !== undefined) this.#retryAt = this.#port.now();
    this.#flushLater();
  }

  /** To be called now and then. */
  sweep(): void {
    this.#giveUpOverdue(this.#port.now() - this.#limits.publishTimeout);
    this.#flush();
  }

  /** Resolves when nothing is left to be answered. Goes on for as long as Redis is away: to be waited for with a limit. */
  async drained(): Promise<void> {
    this.#flush();
    if (this.#count === 0) return;
    await new Promise<void>((resolve) => {
      this.#whenSettled = resolve;
    });
  }

  close(): void {
    this.#closed = true;
    for (const item of this.#items) this.#settle(item, closed());
    this.#items = [];
  }

  #flushLater(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.#port.later(() => {
      this.#scheduled = false;
      this.#flush();
    });
  }

  #makeRoom(bytes: number): boolean {
    const { maxQueued, maxQueuedBytes, queuePolicy } = this.#limits;
    while (this.#count > 0 && (this.#count >= maxQueued || this.#bytes + bytes > maxQueuedBytes)) {
      const oldest = queuePolicy === "drop-oldest" ? this.#firstWaiting() : undefined;
      if (oldest === undefined) return false;
      this.#dropped.set(oldest.target, oldest.channel);
      this.#settle(oldest, unpublished("Redis is away and the queue is full: dropped for something newer"));
    }
    return true;
  }

  #firstWaiting(): Item | undefined {
    while (this.#next < this.#items.length && this.#items[this.#next]!.state !== "waiting") this.#next++;
    return this.#items[this.#next];
  }

  #flush(): void {
    if (this.#closed || this.#firstWaiting() === undefined || !this.#mayWrite()) return;
    const runs: Item[][] = [];
    for (let run = this.#nextRun(); run.length > 0; run = this.#nextRun()) runs.push(run);
    if (runs.length === 0) return;
    const written = this.#port.write(runs.map(asRun));
    for (const [index, run] of runs.entries()) {
      written[index]!.then(
        () => this.#taken(run),
        (error) => this.#failed(run, error),
      );
    }
  }

  #mayWrite(): boolean {
    if (!this.#port.ready()) {
      this.#port.state("down");
      return false;
    }
    if (this.#retryAt === undefined) return true;
    if (this.#written > 0 || this.#port.now() < this.#retryAt) return false;
    this.#retryAt = undefined;
    this.#giveUpOvertaken();
    return true;
  }

  /** What a client wrote before the connection broke may have failed while what it held back until later went through. */
  #giveUpOvertaken(): void {
    const takenLater = new Set<string>();
    for (let index = this.#items.length - 1; index >= 0; index--) {
      const item = this.#items[index]!;
      if (item.state === "taken") takenLater.add(item.target);
      if (item.state !== "waiting" || !takenLater.has(item.target)) continue;
      this.#dropped.set(item.target, item.channel);
      this.#settle(item, unpublished("the connection broke, and later envelopes got through"));
    }
  }

  /** The next items with one target, as far as the window allows; they count as written. */
  #nextRun(): Item[] {
    const run: Item[] = [];
    const target = this.#firstWaiting()?.target;
    let bytes = 0;
    for (let item = this.#firstWaiting(); item !== undefined; item = this.#firstWaiting()) {
      const size = item.envelope.byteLength;
      const full = this.#written >= MAX_WRITTEN || (this.#written > 0 && this.#writtenBytes + size > MAX_WRITTEN_BYTES);
      if (full || item.target !== target || (run.length > 0 && bytes + size > MAX_RUN_BYTES)) break;
      item.state = "written";
      this.#written++;
      this.#writtenBytes += size;
      bytes += size;
      run.push(item);
    }
    return run;
  }

  #taken(run: readonly Item[]): void {
    for (const item of run) this.#settle(item);
    this.#port.state("up");
    this.#tellDropped();
    this.#compact();
    if (this.#firstWaiting() !== undefined) this.#flushLater();
  }

  #failed(run: readonly Item[], error: unknown): void {
    if (this.#closed) return;
    if (isRefusal(error)) {
      for (const item of run) this.#settle(item, unpublished("Redis refused an envelope", error));
      return;
    }
    this.#retryAt = this.#port.now() + RETRY_DELAY;
    this.#port.state("down");
    for (const item of run) this.#putBack(item);
  }

  #putBack(item: Item): void {
    if (item.state !== "written") return;
    item.state = "waiting";
    this.#written--;
    this.#writtenBytes -= item.envelope.byteLength;
    this.#next = 0;
  }

  #giveUpOverdue(limit: number): void {
    for (const item of this.#items) {
      if (item.since > limit) break;
      if (item.state !== "waiting" && item.state !== "written") continue;
      this.#dropped.set(item.target, item.channel);
      this.#settle(item, unpublished(`Redis did not take an envelope within ${this.#limits.publishTimeout} ms`));
      this.#port.state("down");
    }
    this.#compact();
  }

  #settle(item: Item, error?: ClusterError): void {
    if (item.state === "taken" || item.state === "given up") return;
    if (item.state === "written") {
      this.#written--;
      this.#writtenBytes -= item.envelope.byteLength;
    }
    this.#count--;
    this.#bytes -= item.envelope.byteLength;
    item.state = error === undefined ? "taken" : "given up";
    if (error === undefined) item.resolve();
    else item.reject(error);
    if (this.#count === 0) this.#whenSettled();
  }

  #tellDropped(): void {
    if (this.#dropped.size === 0) return;
    const channels = [...this.#dropped.values()];
    this.#dropped.clear();
    this.#port.dropped(channels);
  }

  #compact(): void {
    let settled = 0;
    while (this.#items[settled]?.state === "taken" || this.#items[settled]?.state === "given up") settled++;
    if (settled < COMPACTION && settled < this.#items.length) return;
    this.#items.splice(0, settled);
    this.#next = Math.max(0, this.#next - settled);
  }
}

function asRun(items: readonly Item[]): Run {
  return { target: items[0]!.target, envelopes: items.map(({ envelope }) => envelope) };
}

function closed(): ClusterError {
  return new ClusterError("ERR_SOCKEYE_CLUSTER_CLOSED", "the driver was closed");
}

function unpublished(message: string, cause?: unknown): ClusterError {
  return new ClusterError("ERR_SOCKEYE_CLUSTER_PUBLISH", message, { cause });
}
