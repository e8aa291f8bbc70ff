import { type Channel, ClusterError } from "@sockeye/adapter-base";
import type { Command, Reply } from "./clients/contract.js";
import { isRefusal } from "./reply-errors.js";

/** Limits of what waits for Redis; sizes in bytes, times in milliseconds. */
export interface OutboxLimits {
  readonly maxQueued: number;
  readonly maxQueuedBytes: number;
  readonly queuePolicy: "drop-oldest" | "reject";
  readonly publishTimeout: number;
  readonly commandTimeout: number;
}

/** A way that envelopes and calls take. */
export interface Way {
  /** Keeps its order. */
  readonly target: string;
  /** Decides about the node of a cluster. */
  readonly route: string;
}

/** What is written as one. */
export type Parcel = Run | Call;

/** Envelopes that were published in a row to one place. */
export interface Run extends Way {
  readonly kind: "run";
  readonly envelopes: readonly Uint8Array[];
}

/** A command whose reply is wanted, at its place among what is published. */
export interface Call extends Way {
  readonly kind: "call";
  readonly command: Command;
}

export interface OutboxPort {
  /** Whether what is written now goes out at once. */
  ready(): boolean;
  /** Writes parcels in order, together; each settles on its own. */
  write(parcels: readonly Parcel[]): Promise<Reply>[];
  /** Whether Redis takes what is written, as often as it is learned. */
  state(way: "up" | "down"): void;
  /** Envelopes that were to be kept went to no one. */
  dropped(channels: readonly Channel[]): void;
  /** Calls back when the code that runs is done. */
  soon(callback: () => void): void;
  /** Calls back after everything else that happens in this turn of the event loop. */
  later(callback: () => void): void;
  now(): number;
}

interface Item extends Way {
  readonly size: number;
  readonly deadline: number;
  /** Of an envelope, which is written again after a failure; absent: a call, whose caller decides. */
  readonly channel: Channel | undefined;
  readonly content: Uint8Array | Command;
  readonly resolve: (reply: Reply) => void;
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
 * What this node says to Redis, in order, from being said to being answered. Envelopes that a broken connection left
 * unanswered are written again; what waits is bounded in number, bytes and time.
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
  #hurried = false;
  readonly #endTurn = (): void => {
    this.#scheduled = false;
    this.#flush();
  };
  readonly #hurry = (): void => {
    this.#hurried = false;
    this.#flush();
  };
  /** Set by a failure: nothing is written until all that was written is settled, and not before this time. */
  #retryAt: number | undefined;
  readonly #dropped = new Map<string, Channel>();
  #closed = false;
  #whenSettled = (): void => {};

  constructor(port: OutboxPort, limits: OutboxLimits) {
    this.#port = port;
    this.#limits = limits;
  }

  /** What was not answered yet. */
  get size(): number {
    return this.#count;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Rejects with `ERR_SOCKEYE_CLUSTER_PUBLISH`, or `ERR_SOCKEYE_CLUSTER_CLOSED`. */
  publish(channel: Channel, way: Way, envelope: Uint8Array): Promise<void> {
    if (this.#closed) return Promise.reject(closed());
    if (!this.#makeRoom(envelope.byteLength)) {
      this.#dropped.set(way.target, channel);
      return Promise.reject(unpublished("Redis is away and the queue is full"));
    }
    const reply: Promise<unknown> = this.#enqueue(
      way,
      envelope,
      envelope.byteLength,
      channel,
      this.#limits.publishTimeout,
    );
    return reply as Promise<void>;
  }

  /** Rejects with `ERR_SOCKEYE_CLUSTER_PUBLISH`, at once when Redis is away, or with `ERR_SOCKEYE_CLUSTER_CLOSED`. */
  call(way: Way, command: Command, size: number): Promise<Reply> {
    if (this.#closed) return Promise.reject(closed());
    if (!this.#port.ready() || this.#isMending()) return Promise.reject(unpublished("Redis is away"));
    return this.#enqueue(way, command, size, undefined, this.#limits.commandTimeout);
  }

  /** To be called when the connection broke. Nobody waits for calls that the client may keep until it is mended. */
  broke(): void {
    this.#giveUpCalls();
  }

  /** To be called when the connection may be there again. */
  retryNow(): void {
    if (this.#retryAt !== undefined) this.#retryAt = this.#port.now();
    this.#flushLater();
  }

  /** To be called now and then. */
  sweep(): void {
    this.#giveUpOverdue(this.#port.now());
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
    for (const item of this.#items) this.#giveUp(item, closed());
    this.#items = [];
  }

  #enqueue(
    { target, route }: Way,
    content: Uint8Array | Command,
    size: number,
    channel: Channel | undefined,
    timeout: number,
  ): Promise<Reply> {
    return new Promise((resolve, reject) => {
      const deadline = this.#port.now() + timeout;
      this.#items.push({ target, route, size, deadline, channel, content, resolve, reject, state: "waiting" });
      this.#count++;
      this.#bytes += size;
      if (channel === undefined) this.#flushLater();
      else this.#flushSoon();
    });
  }

  /**
   * Nearly always what is said is the only thing under way, and goes out as soon as the code that said it is done. What is said before
   * Redis has answered goes out together with the rest of its turn.
   */
  #flushSoon(): void {
    if (this.#written > 0) this.#flushLater();
    else if (!this.#hurried) {
      this.#hurried = true;
      this.#port.soon(this.#hurry);
    }
  }

  #flushLater(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.#port.later(this.#endTurn);
  }

  #makeRoom(bytes: number): boolean {
    const { maxQueued, maxQueuedBytes, queuePolicy } = this.#limits;
    while (this.#count > 0 && (this.#count >= maxQueued || this.#bytes + bytes > maxQueuedBytes)) {
      const oldest = queuePolicy === "drop-oldest" ? this.#firstWaiting() : undefined;
      if (oldest === undefined) return false;
      this.#giveUp(oldest, unpublished("Redis is away and the queue is full: dropped for something newer"));
    }
    return true;
  }

  #firstWaiting(): Item | undefined {
    while (this.#next < this.#items.length && this.#items[this.#next]!.state !== "waiting") this.#next++;
    return this.#items[this.#next];
  }

  #flush(): void {
    if (this.#closed || this.#firstWaiting() === undefined || !this.#mayWrite()) return;
    const parcels = this.#takeParcels();
    if (parcels.length === 0) return;
    const written = this.#port.write(parcels.map(parcelOf));
    for (let i = 0; i < parcels.length; i++) this.#await(written[i]!, parcels[i]!);
  }

  #await(written: Promise<Reply>, items: readonly Item[]): void {
    written.then(
      (reply) => this.#taken(items, reply),
      (error) => this.#failed(items, error),
    );
  }

  #mayWrite(): boolean {
    if (!this.#port.ready()) {
      this.#port.state("down");
      this.#giveUpCalls();
      return false;
    }
    return !this.#isMending();
  }

  #isMending(): boolean {
    if (this.#retryAt === undefined) return false;
    if (this.#written > 0 || this.#port.now() < this.#retryAt) return true;
    this.#retryAt = undefined;
    this.#giveUpOvertaken();
    return false;
  }

  /** A call is of use now or not at all; who asks has something else to do. */
  #giveUpCalls(): void {
    for (const item of this.#items) {
      if (item.channel === undefined) this.#giveUp(item, unpublished("Redis is away"));
    }
  }

  /** What a client wrote before the connection broke may have failed while what it held back until later went through. */
  #giveUpOvertaken(): void {
    const takenLater = new Set<string>();
    for (let index = this.#items.length - 1; index >= 0; index--) {
      const item = this.#items[index]!;
      if (item.state === "taken") takenLater.add(item.target);
      if (item.state !== "waiting" || !takenLater.has(item.target)) continue;
      this.#giveUp(item, unpublished("the connection broke, and later envelopes got through"));
    }
  }

  /** What waits, as far as the window allows, those that go together as one; they count as written. */
  #takeParcels(): Item[][] {
    const parcels: Item[][] = [];
    let parcel: Item[] | undefined;
    let size = 0;
    for (; this.#next < this.#items.length; this.#next++) {
      const item = this.#items[this.#next]!;
      if (item.state !== "waiting") continue;
      if (this.#windowIsFull(item)) break;
      item.state = "written";
      this.#written++;
      this.#writtenBytes += item.size;
      size += item.size;
      if (parcel !== undefined && continues(parcel[0]!, item) && size <= MAX_RUN_BYTES) parcel.push(item);
      else {
        parcel = [item];
        size = item.size;
        parcels.push(parcel);
      }
    }
    return parcels;
  }

  #windowIsFull({ size }: Item): boolean {
    return this.#written >= MAX_WRITTEN || (this.#written > 0 && this.#writtenBytes + size > MAX_WRITTEN_BYTES);
  }

  #taken(items: readonly Item[], reply: Reply): void {
    for (const item of items) if (this.#settle(item, "taken")) item.resolve(reply);
    this.#port.state("up");
    this.#tellDropped();
    this.#compact();
    if (this.#firstWaiting() !== undefined) this.#flushLater();
  }

  #failed(items: readonly Item[], error: unknown): void {
    if (this.#closed) return;
    if (isRefusal(error)) {
      for (const item of items) this.#giveUp(item, unpublished("Redis refused a command", error));
      return;
    }
    this.#retryAt = this.#port.now() + RETRY_DELAY;
    this.#port.state("down");
    for (const item of items) {
      if (item.channel === undefined) this.#giveUp(item, unpublished("the connection to Redis broke", error));
      else this.#putBack(item);
    }
  }

  #putBack(item: Item): void {
    if (item.state !== "written") return;
    item.state = "waiting";
    this.#written--;
    this.#writtenBytes -= item.size;
    this.#next = 0;
  }

  #giveUpOverdue(now: number): void {
    for (const item of this.#items) {
      if (item.deadline > now || (item.state !== "waiting" && item.state !== "written")) continue;
      this.#giveUp(item, unpublished("Redis did not answer in time"));
      this.#port.state("down");
    }
    this.#compact();
  }

  #giveUp(item: Item, error: ClusterError): void {
    if (!this.#settle(item, "given up")) return;
    if (item.channel !== undefined) this.#dropped.set(item.target, item.channel);
    item.reject(error);
  }

  /** Whether it was not settled before. */
  #settle(item: Item, state: "taken" | "given up"): boolean {
    if (item.state === "taken" || item.state === "given up") return false;
    if (item.state === "written") {
      this.#written--;
      this.#writtenBytes -= item.size;
    }
    this.#count--;
    this.#bytes -= item.size;
    item.state = state;
    if (this.#count === 0) this.#whenSettled();
    return true;
  }

  #tellDropped(): void {
    if (this.#dropped.size === 0) return;
    const channels = [...this.#dropped.values()];
    this.#dropped.clear();
    this.#port.dropped(channels);
  }

  #compact(): void {
    if (this.#count === 0) {
      this.#items = [];
      this.#next = 0;
      return;
    }
    let settled = 0;
    while (this.#items[settled]?.state === "taken" || this.#items[settled]?.state === "given up") settled++;
    if (settled < COMPACTION && settled < this.#items.length) return;
    this.#items.splice(0, settled);
    this.#next = Math.max(0, this.#next - settled);
  }
}

/** Whether an item goes into the parcel that another one began. */
function continues(first: Item, item: Item): boolean {
  return first.channel !== undefined && item.channel !== undefined && first.target === item.target;
}

function parcelOf(items: readonly Item[]): Parcel {
  const { target, route, channel, content } = items[0]!;
  if (channel === undefined) return { kind: "call", target, route, command: content as Command };
  return { kind: "run", target, route, envelopes: items.map((item) => item.content as Uint8Array) };
}

function closed(): ClusterError {
  return new ClusterError("ERR_SOCKEYE_CLUSTER_CLOSED", "the driver was closed");
}

function unpublished(message: string, cause?: unknown): ClusterError {
  return new ClusterError("ERR_SOCKEYE_CLUSTER_PUBLISH", message, { cause });
}
