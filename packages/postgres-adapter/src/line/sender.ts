import { ClusterError } from "@sockeye/adapter-base";
import type { Link } from "../database/contract.js";
import { isPassing, noConnection } from "../errors.js";
import { Outbox, type Parcel, type Turn } from "./outbox.js";

/** What a sender needs of who uses it. */
export interface SenderPort<P extends Parcel> {
  /** The link, when it is ready for use. */
  link(): Link | undefined;
  /** The link does not do what it should. */
  linkFailed(error: Error): void;
  /** Says to the database what these ask for, in order. Rejects when the link failed, or when all of it was in vain. */
  run(link: Link, items: readonly P[], onAnswer: () => void): Promise<void>;
  /** Tells receivers on the item's channel that it was dropped; `undefined` where they need not know. */
  gapFor(item: P): P | undefined;
  /** Tells everybody that much was dropped. */
  gapForAll(): P | undefined;
}

export interface SenderLimits {
  readonly maxQueuedBytes: number;
  readonly maxQueueTime: number;
  readonly statementTimeout: number;
  /** Whether what may have been sent is sent again: receivers then can tell what comes twice. */
  readonly sendsAgain: boolean;
}

/** Channels on which something was dropped are remembered up to so many; beyond, everything counts. */
const MAX_GAPS = 256;

/** What was sent and not answered yet. */
interface Flight<P extends Parcel> {
  readonly gaps: readonly P[];
  readonly turns: readonly Turn<P>[];
  /** When the database was last heard of, or asked. */
  since: number;
}

/**
 * Says to the database what this process has to say, in order: one statement at a time, with all that has gathered meanwhile. While
 * there is no link, messages wait, within bounds, and everything else fails. Receivers are told on which channels something was
 * dropped.
 */
export class Sender<P extends Parcel> {
  readonly #limits: SenderLimits;
  readonly #port: SenderPort<P>;
  readonly #outbox: Outbox<P>;
  /** By channel, what will tell of what was dropped there. */
  readonly #gaps = new Map<string, P>();
  #isScheduled = false;
  readonly #endTurn = (): void => {
    this.#isScheduled = false;
    this.#outbox.endTurn();
    this.#flush();
  };
  #flight: Flight<P> | undefined;
  #onIdle: (() => void) | undefined;
  #isClosed = false;

  constructor(limits: SenderLimits, port: SenderPort<P>) {
    this.#limits = limits;
    this.#port = port;
    this.#outbox = new Outbox(limits.maxQueuedBytes);
  }

  get queuedBytes(): number {
    return this.#outbox.bytes;
  }

  /** Resolves when the database has it. Rejects with `ERR_SOCKEYE_CLUSTER_PUBLISH` or `ERR_SOCKEYE_CLUSTER_CLOSED`. */
  send(item: P): Promise<void> {
    if (this.#isClosed) return Promise.reject(closed());
    if (item.fail !== undefined && this.#port.link() === undefined) return Promise.reject(noLink());
    try {
      const settled = this.#outbox.push(item, performance.now());
      this.#schedule();
      return settled;
    } catch (error) {
      this.#remember(item);
      return Promise.reject(error);
    }
  }

  linkUp(): void {
    this.#flush();
  }

  /** Whether the statement under way took effect is not known. */
  linkDown(): void {
    const flight = this.#flight;
    this.#flight = undefined;
    if (flight !== undefined && this.#limits.sendsAgain) this.#outbox.giveBack(flight.turns);
    else if (flight !== undefined) for (const turn of flight.turns) this.#drop(turn, "the connection was lost");
    for (const item of this.#outbox.remove(({ fail }) => fail !== undefined)) item.fail?.(noLink());
    this.#onIdle?.();
  }

  /** Gives up what took too long: messages that wait, a link that does not answer. */
  check(now: number): void {
    const { maxQueueTime, statementTimeout } = this.#limits;
    for (const turn of this.#outbox.expire(now - maxQueueTime)) {
      this.#drop(turn, `the database was away for ${maxQueueTime} ms`);
    }
    if (this.#flight !== undefined && now - this.#flight.since > statementTimeout) {
      this.#port.linkFailed(noConnection(`a statement was not answered within ${statementTimeout} ms`));
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

  close(): void {
    this.#isClosed = true;
    for (const turn of this.#outbox.expire(Number.POSITIVE_INFINITY)) fail(turn, closed());
  }

  get #isIdle(): boolean {
    return this.#flight === undefined && this.#outbox.isEmpty && this.#gaps.size === 0;
  }

  /** What the code that runs publishes goes together; what comes while a statement is under way, with the next one. */
  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    void Promise.resolve().then(this.#endTurn);
  }

  #flush(): void {
    const link = this.#port.link();
    if (link === undefined || this.#flight !== undefined) return;
    if (this.#isIdle) {
      this.#onIdle?.();
      return;
    }
    const flight: Flight<P> = {
      gaps: [...this.#gaps.values()],
      turns: this.#outbox.take(),
      since: performance.now(),
    };
    this.#flight = flight;
    const onAnswer = () => {
      flight.since = performance.now();
    };
    this.#port.run(link, itemsOf(flight), onAnswer).then(
      () => this.#sent(flight),
      (error) => this.#failed(flight, error),
    );
  }

  #sent(flight: Flight<P>): void {
    if (flight !== this.#flight) return;
    this.#flight = undefined;
    for (const { channel } of flight.gaps) this.#gaps.delete(channel);
    for (const turn of flight.turns) turn.resolve();
    this.#flush();
  }

  #failed(flight: Flight<P>, error: Error): void {
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

  #drop(turn: Turn<P>, reason: string, cause?: Error): void {
    for (const item of turn.items) this.#remember(item);
    fail(turn, new ClusterError("ERR_SOCKEYE_CLUSTER_PUBLISH", `not published: ${reason}`, { cause }));
  }

  #remember(item: P): void {
    const gap = this.#port.gapFor(item);
    if (gap === undefined) return;
    this.#gaps.set(gap.channel, gap);
    if (this.#gaps.size <= MAX_GAPS) return;
    this.#gaps.clear();
    const all = this.#port.gapForAll();
    if (all !== undefined) this.#gaps.set(all.channel, all);
  }
}

function itemsOf<P extends Parcel>({ gaps, turns }: Flight<P>): P[] {
  const [first] = turns;
  return first !== undefined && turns.length === 1 && gaps.length === 0
    ? first.items
    : [...gaps, ...turns.flatMap(({ items }) => items)];
}

function fail<P extends Parcel>(turn: Turn<P>, error: ClusterError): void {
  for (const item of turn.items) item.fail?.(error);
  turn.reject(error);
}

function noLink(): ClusterError {
  return new ClusterError("ERR_SOCKEYE_CLUSTER_PUBLISH", "there is no connection to the database");
}

function closed(): ClusterError {
  return new ClusterError("ERR_SOCKEYE_CLUSTER_CLOSED", "the driver was closed");
}
