import { ClusterError } from "@sockeye/adapter-base";
import type { Link, Statement } from "../database/contract.js";

/** Somebody who wants to hear what is notified on a channel. */
export interface Sink {
  /** MUST NOT throw. */
  hear(payload: string): void;
}

interface Subscription<S extends Sink> {
  readonly sink: S;
  /** When it was asked for, in milliseconds. */
  readonly since: number;
  /** What was published before was not meant for it: the snapshot of the database when it came into force. */
  snapshot: string | undefined;
  /** The link listens, or was told to. */
  isListening: boolean;
  readonly inForce: Promise<void>;
  resolve(): void;
  reject(error: Error): void;
}

export interface EarPort {
  /** The link, when it is ready for use. */
  link(): Link | undefined;
  linkFailed(error: Error): void;
  /** In time, or not at all. */
  ask<T>(answer: Promise<T>): Promise<T>;
}

const SNAPSHOT: Statement = { name: "sockeye_snapshot", text: "SELECT pg_current_snapshot()::text AS snapshot" };

/** The channels that are listened to, by their names in PostgreSQL, on whatever link there is. */
export class Ear<S extends Sink = Sink> {
  readonly #port: EarPort;
  readonly #byName = new Map<string, Subscription<S>>();
  #isScheduled = false;

  constructor(port: EarPort) {
    this.#port = port;
  }

  get size(): number {
    return this.#byName.size;
  }

  sinkOf(name: string): S | undefined {
    return this.#byName.get(name)?.sink;
  }

  /** Whether what is notified there is heard, now or when there is a link again. */
  hears(name: string): boolean {
    return this.#byName.get(name)?.snapshot !== undefined;
  }

  /** Resolves when the subscription is in force. Twice is once. */
  subscribe(name: string, sink: S): Promise<void> {
    const known = this.#byName.get(name);
    if (known !== undefined) return known.inForce;
    const subscription = newSubscription(sink, performance.now());
    this.#byName.set(name, subscription);
    this.#schedule();
    return subscription.inForce;
  }

  async unsubscribe(name: string): Promise<void> {
    const subscription = this.#byName.get(name);
    const link = this.#port.link();
    this.#byName.delete(name);
    subscription?.resolve();
    // A link that is lost meanwhile listens to nothing either.
    if (subscription?.isListening && link !== undefined) await link.unlisten([name]).catch(() => undefined);
  }

  hear(name: string, payload: string): void {
    this.#byName.get(name)?.sink.hear(payload);
  }

  /** Makes a new link listen to everything. */
  async prepare(link: Link): Promise<void> {
    for (const subscription of this.#byName.values()) subscription.isListening = false;
    await this.#listen(link);
  }

  /** Those that came too late for `prepare`. */
  linkUp(): void {
    if ([...this.#byName.values()].some(({ isListening }) => !isListening)) this.#schedule();
  }

  /** What is in force: names, and snapshots of the database from when it began. */
  *inForce(): Generator<readonly [name: string, snapshot: string]> {
    for (const [name, { snapshot }] of this.#byName) if (snapshot !== undefined) yield [name, snapshot];
  }

  /** Tells those who wait since before a time that it takes longer. They come into force all the same, later. */
  expire(before: number): void {
    for (const { since, snapshot, reject } of this.#byName.values()) {
      if (snapshot === undefined && since < before) reject(unreachable());
    }
  }

  close(): void {
    for (const { reject } of this.#byName.values()) reject(unreachable());
    this.#byName.clear();
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
    const names = this.#takeUnheard();
    if (names.length === 0) return;
    // Taken first: what is published in between may be heard, and will be read if it is not.
    const [row] = await this.#port.ask(link.query(SNAPSHOT, []));
    await this.#port.ask(link.listen(names));
    for (const name of names) this.#confirm(name, String(row?.snapshot));
  }

  #takeUnheard(): string[] {
    const names: string[] = [];
    for (const [name, subscription] of this.#byName) {
      if (subscription.isListening) continue;
      subscription.isListening = true;
      names.push(name);
    }
    return names;
  }

  #confirm(name: string, snapshot: string): void {
    const subscription = this.#byName.get(name);
    if (subscription === undefined) return;
    subscription.snapshot ??= snapshot;
    subscription.resolve();
  }
}

function newSubscription<S extends Sink>(sink: S, since: number): Subscription<S> {
  let resolve!: () => void;
  let reject!: (error: Error) => void;
  const inForce = new Promise<void>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  inForce.catch(() => undefined);
  return { sink, since, snapshot: undefined, isListening: false, inForce, resolve, reject };
}

function unreachable(): ClusterError {
  return new ClusterError("ERR_SOCKEYE_CLUSTER_PUBLISH", "the database cannot be reached");
}
