import type { Channel } from "@sockeye/adapter-base";
import type { Value } from "./contract.js";
import type { Link, Statement } from "./database/contract.js";
import { within } from "./database/deadline.js";
import { noConnection, PostgresViolation } from "./errors.js";
import { Inbox, keyOf, type Wanted } from "./inbox.js";
import { parseNotification } from "./notification.js";
import { Progress } from "./progress.js";
import { replay } from "./replay.js";
import type { Statements } from "./statements.js";
import { Subscriptions } from "./subscriptions.js";

/** What a reader needs of its driver. */
export interface ReaderPort {
  /** The link, when it is ready for use. */
  link(): Link | undefined;
  /** The link does not do what it should. */
  linkFailed(error: Error): void;
  deliver(channel: Channel, bytes: Uint8Array): void;
  /** Something may be missing on these channels, or on all. */
  gap(channels?: readonly Channel[]): void;
  /** What this node sent has come back. */
  heardItself(): void;
  /** Somebody has left rows in the table, probably, in this transaction. */
  sawRows(xid: number): void;
  report(error: Error): void;
}

/** A transaction of one life of the database. */
export interface Floor {
  readonly life: number;
  readonly xid: number;
}

export interface ReaderLimits {
  readonly maxQueuedBytes: number;
  readonly statementTimeout: number;
  readonly maxQueueTime: number;
}

/** Listens: keeps the subscriptions, puts in order what comes, and reads from the table what did not. */
export class Reader {
  readonly #progress = new Progress();
  readonly #statements: Statements;
  readonly #limits: ReaderLimits;
  readonly #port: ReaderPort;
  readonly #subscriptions = new Subscriptions();
  readonly #inbox: Inbox;
  #node = "";
  #isScheduled = false;
  /** The life of the database that the last link was made in. */
  #life: number | undefined;

  constructor(statements: Statements, limits: ReaderLimits, port: ReaderPort) {
    this.#statements = statements;
    this.#limits = limits;
    this.#port = port;
    const inbox = {
      fetch: (wanted: readonly Wanted[]) => this.#fetch(this.#port.link(), wanted),
      deliver: this.#deliver,
      finished: (xmin: number) => this.#progress.advance(xmin),
      failed: (error: Error) => this.#port.linkFailed(error),
    };
    this.#inbox = new Inbox(inbox, limits.maxQueuedBytes);
  }

  start(node: string): void {
    this.#node = node;
  }

  /** Everything that was published before is over by now, whoever did it; `undefined` before the first link. */
  get floor(): Floor | undefined {
    return this.#life === undefined ? undefined : { life: this.#life, xid: this.#progress.floor };
  }

  isHeard(name: string): boolean {
    return this.#subscriptions.isInForce(name);
  }

  subscribe(name: string, channel: Channel): Promise<void> {
    const inForce = this.#subscriptions.add(name, channel, performance.now());
    this.#schedule();
    return inForce;
  }

  async unsubscribe(name: string): Promise<void> {
    const isListening = this.#subscriptions.remove(name);
    const link = this.#port.link();
    // A link that is lost meanwhile listens to nothing either.
    if (isListening && link !== undefined) await link.unlisten([name]).catch(() => undefined);
  }

  /** Makes a new link listen to all that is subscribed, and reads what was missed since the last one. */
  async prepare(link: Link): Promise<void> {
    this.#inbox.hold();
    this.#subscriptions.linkLost();
    await this.#listen(link);
    await this.#catchUp(link);
  }

  linkUp(): void {
    this.#inbox.release();
    this.#schedule();
  }

  /** Nothing that another link brings may be heard before what was missed was read: it would move the floor past it. */
  linkDown(): void {
    this.#inbox.hold();
  }

  onNotification(name: string, payload: string): void {
    const channel = this.#subscriptions.channelOf(name);
    const notification = parseNotification(payload, (sender) => sender !== this.#node && channel !== undefined);
    if (notification instanceof PostgresViolation) this.#port.report(notification);
    if (notification === undefined || notification instanceof PostgresViolation) return;
    if (notification.sender === this.#node) this.#port.heardItself();
    if (channel !== undefined && channel.kind !== "cluster") this.#port.sawRows(notification.xid);
    this.#inbox.receive(name, notification, payload.length);
  }

  check(now: number): void {
    this.#subscriptions.expire(now - this.#limits.maxQueueTime);
  }

  close(): void {
    this.#inbox.hold();
    this.#subscriptions.clear();
  }

  /** What is subscribed to in one turn of the event loop is listened to at once. */
  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(() => {
      this.#isScheduled = false;
      const link = this.#port.link();
      if (link !== undefined) this.#listen(link).catch((error) => this.#port.linkFailed(error));
    });
  }

  async #listen(link: Link): Promise<void> {
    const names = this.#subscriptions.takeUnheard();
    if (names.length === 0) return;
    const [row] = await this.#ask(link.query(this.#statements.snapshot, []));
    await this.#ask(link.listen(names));
    this.#subscriptions.confirm(names, String(row?.snapshot));
  }

  async #catchUp(link: Link): Promise<void> {
    const context = {
      ask: (statement: Statement, values: Value[]) => this.#ask(link.query(statement, values)),
      fetch: (wanted: readonly Wanted[]) => this.#fetch(link, wanted),
      deliver: this.#deliver,
      statements: this.#statements,
      progress: this.#progress,
      node: this.#node,
      subscriptions: this.#subscriptions,
    };
    const { life, isComplete } = await replay(context, this.#life);
    this.#life = life;
    if (!isComplete) this.#port.gap();
  }

  async #fetch(link: Link | undefined, wanted: readonly Wanted[]): Promise<ReadonlyMap<string, Uint8Array>> {
    if (link === undefined) throw noConnection("it was lost");
    const [xids, numbers] = [wanted.map(({ xid }) => xid), wanted.map(({ n }) => n)];
    const rows = await this.#ask(
      link.query(this.#statements.fetch, [this.#life ?? 0, `{${xids.join()}}`, `{${numbers.join()}}`]),
    );
    return new Map(rows.map(({ xid, n, payload }) => [keyOf(String(xid), String(n)), payload as Uint8Array]));
  }

  #ask<T>(promise: Promise<T>): Promise<T> {
    return within(this.#limits.statementTimeout, promise);
  }

  readonly #deliver = (name: string, xid: number, n: number, bytes: Uint8Array | undefined): void => {
    if (this.#progress.isSeen(xid, n)) return;
    this.#progress.seen(xid, n);
    const channel = this.#subscriptions.channelOf(name);
    if (channel === undefined) return;
    if (bytes !== undefined) this.#port.deliver(channel, plain(bytes));
    // What is dropped on the cluster's own channel stands for all.
    else if (channel.kind === "cluster") this.#port.gap();
    else this.#port.gap([channel]);
  };
}

/** Receivers know nothing of Node. */
function plain(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
