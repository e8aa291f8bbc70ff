import { type Channel, ClusterError } from "@sockeye/adapter-base";

interface Subscription {
  readonly channel: Channel;
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

/** The channels that a node listens to, by their names in PostgreSQL. Pure. */
export class Subscriptions {
  readonly #byName = new Map<string, Subscription>();

  get size(): number {
    return this.#byName.size;
  }

  channelOf(name: string): Channel | undefined {
    return this.#byName.get(name)?.channel;
  }

  isInForce(name: string): boolean {
    return this.#byName.get(name)?.snapshot !== undefined;
  }

  /** Resolves when the subscription is in force. */
  add(name: string, channel: Channel, now: number): Promise<void> {
    const subscription = this.#byName.get(name) ?? newSubscription(channel, now);
    this.#byName.set(name, subscription);
    return subscription.inForce;
  }

  /** Whether the link listens to it. */
  remove(name: string): boolean {
    const subscription = this.#byName.get(name);
    this.#byName.delete(name);
    subscription?.resolve();
    return subscription?.isListening ?? false;
  }

  /** The names that the link has yet to listen to; from now on it was told. */
  takeUnheard(): string[] {
    const names: string[] = [];
    for (const [name, subscription] of this.#byName) {
      if (subscription.isListening) continue;
      subscription.isListening = true;
      names.push(name);
    }
    return names;
  }

  /** @param snapshot of the database, taken before it began to listen */
  confirm(names: readonly string[], snapshot: string): void {
    for (const name of names) {
      const subscription = this.#byName.get(name);
      if (subscription === undefined) continue;
      subscription.snapshot ??= snapshot;
      subscription.resolve();
    }
  }

  /** There will be another link: it has to listen to everything. */
  linkLost(): void {
    for (const subscription of this.#byName.values()) subscription.isListening = false;
  }

  /** Those in force, with their snapshots. */
  *inForce(): Generator<[name: string, snapshot: string]> {
    for (const [name, { snapshot }] of this.#byName) if (snapshot !== undefined) yield [name, snapshot];
  }

  get channels(): Channel[] {
    return Array.from(this.#byName.values(), ({ channel }) => channel);
  }

  /** Tells those who wait since before a time that it takes longer. They come into force all the same, later. */
  expire(before: number): void {
    for (const { since, snapshot, reject } of this.#byName.values()) {
      if (snapshot === undefined && since < before) reject(unreachable());
    }
  }

  clear(): void {
    for (const { reject } of this.#byName.values()) reject(unreachable());
    this.#byName.clear();
  }
}

function newSubscription(channel: Channel, since: number): Subscription {
  let resolve!: () => void;
  let reject!: (error: Error) => void;
  const inForce = new Promise<void>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  inForce.catch(() => undefined);
  return { channel, since, snapshot: undefined, isListening: false, inForce, resolve, reject };
}

function unreachable(): ClusterError {
  return new ClusterError("ERR_SOCKEYE_CLUSTER_PUBLISH", "the database cannot be reached");
}
