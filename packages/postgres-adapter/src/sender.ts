import { ClusterError } from "@sockeye/adapter-base";
import { Batch } from "./batch.js";
import type { Link, Statement } from "./database/contract.js";
import { isPassing, noConnection } from "./errors.js";
import type { ResolvedOptions } from "./options.js";
import { Outbox, type Outgoing, type Turn } from "./outbox.js";

/** What a sender needs of its driver. */
export interface SenderPort {
  /** The link, when it is ready for use. */
  link(): Link | undefined;
  /** The link does not do what it should. */
  linkFailed(error: Error): void;
  /** Whether what is sent on this channel comes back. */
  isHeard(channel: string): boolean;
  /** This node has left rows in the table, in this transaction. */
  leftRows(xid: number): void;
}

/** Channels on which something was dropped are remembered up to so many; beyond, everything counts. */
const MAX_DROPPED = 256;

/** What was sent and not answered yet. */
interface Flight {
  readonly gaps: readonly string[];
  readonly turns: readonly Turn[];
  /** It brings nothing to anybody: only whether it comes back counts. */
  readonly isProbe: boolean;
  readonly since: number;
}

type Limits = Pick<
  ResolvedOptions,
  "payloadThreshold" | "maxQueuedBytes" | "maxEnvelopeBytes" | "maxQueueTime" | "statementTimeout"
>;

/**
 * Sends what is published: one statement at a time, so that the order is kept, with all that has gathered meanwhile. While there is
 * no link it waits, within bounds. Receivers are told on which channels something was dropped.
 */
export class Sender {
  readonly #publish: Statement;
  readonly #everyone: string;
  readonly #limits: Limits;
  readonly #port: SenderPort;
  readonly #outbox: Outbox;
  readonly #dropped = new Set<string>();
  #node = "";
  /** A channel that only this node listens to. */
  #own = "";
  #isScheduled = false;
  #flight: Flight | undefined;
  /** Something that was sent since then has yet to come back. */
  #echoSince: number | undefined;
  #heardAt = Number.NEGATIVE_INFINITY;
  /** When the link was last seen to work. */
  #answeredAt = 0;
  #onIdle: (() => void) | undefined;
  #isClosed = false;

  /** @param everyone a channel that all nodes listen to */
  constructor(publish: Statement, everyone: string, limits: Limits, port: SenderPort) {
    this.#publish = publish;
    this.#everyone = everyone;
    this.#limits = limits;
    this.#port = port;
    this.#outbox = new Outbox(limits.maxQueuedBytes);
  }

  get queuedBytes(): number {
    return this.#outbox.bytes;
  }

  /** @param own a channel that only this node listens to */
  start(node: string, own: string): void {
    this.#node = node;
    this.#own = own;
  }

  async send(item: Outgoing): Promise<void> {
    const { bytes } = item;
    if (this.#isClosed) throw closed();
    if (bytes !== undefined && bytes.byteLength > this.#limits.maxEnvelopeBytes) throw tooLarge(bytes.byteLength);
    const settled = this.#push(item);
    this.#schedule();
    return settled;
  }

  /** Sends nothing, to itself, so that this node hears whether it hears anything. */
  async probe(link: Link): Promise<void> {
    await link.query(this.#publish, this.#probe().values());
  }

  /** Something of this node has come back. */
  heardItself(now: number): void {
    this.#heardAt = now;
    this.#echoSince = undefined;
  }

  linkUp(): void {
    this.#echoSince = undefined;
    this.#answeredAt = performance.now();
    this.#flush();
  }

  /**
   * Gives up what took too long: messages that wait, a link that does not answer, or that answers and brings nothing. One that was
   * not used for a while is asked for a sign of life; where nodes send heartbeats, that does not happen.
   */
  check(now: number): void {
    const { maxQueueTime, statementTimeout } = this.#limits;
    for (const turn of this.#outbox.expire(now - maxQueueTime)) {
      this.#drop(turn, `the database was away for ${maxQueueTime} ms`);
    }
    if (this.#flight !== undefined && now - this.#flight.since > statementTimeout) {
      this.#port.linkFailed(noConnection(`a statement was not answered within ${statementTimeout} ms`));
    } else if (this.#echoSince !== undefined && now - this.#echoSince > statementTimeout) {
      this.#port.linkFailed(noConnection(`a notification did not come back within ${statementTimeout} ms`));
    } else if (this.#isIdle && now - this.#answeredAt > 2 * statementTimeout) {
      this.#send({ gaps: [], turns: [], isProbe: true, since: performance.now() });
    }
  }

  /** Resolves when nothing waits any more, or there is no link. */
  async drained(): Promise<void> {
    if (this.#port.link() === undefined || this.#isIdle) return;
    await new Promise<void>((resolve) => {
      this.#onIdle = resolve;
      this.#flush();
    });
  }

  /**
   * Whether the statement under way took effect is not known. Envelopes carry numbers: sending them once more does no harm.
   */
  linkDown(): void {
    const flight = this.#flight;
    this.#flight = undefined;
    if (flight !== undefined) this.#outbox.giveBack(flight.turns);
    this.#onIdle?.();
  }

  close(): void {
    this.#isClosed = true;
    for (const turn of this.#outbox.expire(Number.POSITIVE_INFINITY)) turn.reject(closed());
  }

  #push(item: Outgoing): Promise<void> {
    try {
      return this.#outbox.push(item, performance.now());
    } catch (error) {
      this.#remember(item);
      throw error;
    }
  }

  /** What is published in one turn of the event loop goes together. */
  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(() => {
      this.#isScheduled = false;
      this.#outbox.endTurn();
      this.#flush();
    });
  }

  get #isIdle(): boolean {
    return this.#flight === undefined && this.#outbox.isEmpty && this.#dropped.size === 0;
  }

  #flush(): void {
    if (this.#port.link() === undefined || this.#flight !== undefined) return;
    if (this.#isIdle) this.#onIdle?.();
    else this.#send({ gaps: [...this.#dropped], turns: this.#outbox.take(), isProbe: false, since: performance.now() });
  }

  #send(flight: Flight): void {
    const link = this.#port.link();
    if (link === undefined) return;
    this.#flight = flight;
    const batch = flight.isProbe ? this.#probe() : this.#batch(flight);
    link.query(this.#publish, batch.values()).then(
      ([row]) => this.#sent(flight, Number(row?.xid)),
      (error) => this.#failed(flight, error),
    );
  }

  #probe(): Batch {
    const batch = new Batch(this.#node, this.#limits.payloadThreshold);
    batch.addProbe(this.#own);
    return batch;
  }

  #batch({ gaps, turns }: Flight): Batch {
    const batch = new Batch(this.#node, this.#limits.payloadThreshold);
    for (const channel of gaps) batch.add({ channel, bytes: undefined, isKept: true });
    for (const { items } of turns) for (const item of items) batch.add(item);
    return batch;
  }

  #sent(flight: Flight, xid: number): void {
    if (flight !== this.#flight) return;
    this.#flight = undefined;
    this.#answeredAt = performance.now();
    for (const channel of flight.gaps) this.#dropped.delete(channel);
    for (const turn of flight.turns) turn.resolve();
    if (itemsOf(flight).some(({ isKept }) => isKept)) this.#port.leftRows(xid);
    const comesBack = flight.isProbe || itemsOf(flight).some(({ channel }) => this.#port.isHeard(channel));
    if (comesBack && this.#heardAt < flight.since) this.#echoSince ??= performance.now();
    this.#flush();
  }

  #failed(flight: Flight, error: Error): void {
    if (flight !== this.#flight) return;
    if (isPassing(error)) {
      // Tells `linkDown`, which takes back what was under way.
      this.#port.linkFailed(error);
      return;
    }
    this.#flight = undefined;
    for (const turn of flight.turns) this.#drop(turn, error.message, error);
    if (this.#outbox.isEmpty) this.#onIdle?.();
    else this.#flush();
  }

  #drop(turn: Turn, reason: string, cause?: Error): void {
    for (const item of turn.items) this.#remember(item);
    turn.reject(new ClusterError("ERR_SOCKEYE_CLUSTER_PUBLISH", `not published: ${reason}`, { cause }));
  }

  #remember({ channel, isKept }: Outgoing): void {
    if (isKept) this.#dropped.add(channel);
    if (this.#dropped.size <= MAX_DROPPED) return;
    this.#dropped.clear();
    this.#dropped.add(this.#everyone);
  }
}

function itemsOf({ turns }: Flight): Outgoing[] {
  return turns.flatMap(({ items }) => items);
}

function closed(): ClusterError {
  return new ClusterError("ERR_SOCKEYE_CLUSTER_CLOSED", "the driver was closed");
}

function tooLarge(size: number): ClusterError {
  return new ClusterError("ERR_SOCKEYE_CLUSTER_TOO_LARGE", `an envelope of ${size} bytes is too large`);
}
