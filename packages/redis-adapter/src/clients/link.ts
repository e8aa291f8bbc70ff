import { RedisAdapterError } from "../errors.js";
import type { Command, LinkEvent, MessageListener, OwnedLink, RedisLink, Reply, SubscriptionKind } from "./contract.js";
import { type IoRedis, IoRedisClient, type IoRedisCluster, IoRedisClusterClient } from "./ioredis.js";
import { asReply, type DuplicateClient, type LibraryClient, type LibraryReceiver } from "./library.js";
import { type NodeRedis, NodeRedisClient, type NodeRedisCluster, NodeRedisClusterClient } from "./node-redis.js";

/** More channels than this are subscribed to in several commands. */
const CHANNELS_PER_COMMAND = 500;

/**
 * The link of a client, held until it is released.
 *
 * @throws RedisAdapterError `ERR_SOCKEYE_REDIS_CLIENT`
 */
export function holdLink(client: unknown): RedisLink {
  const known = typeof client === "object" && client !== null ? shared.get(client) : undefined;
  const link = known ?? new SharedLink(recognise(client));
  shared.set(client as object, link);
  return new HeldLink(link);
}

const shared = new WeakMap<object, SharedLink>();

/**
 * What a client is, without holding it.
 *
 * @throws RedisAdapterError `ERR_SOCKEYE_REDIS_CLIENT`
 */
export function traitsOf(client: unknown): Readonly<Pick<LibraryClient, "clustered" | "canShard">> {
  return recognise(client);
}

/** By what a client can do, not by the name of its class: that may have been minified, or be a copy's. */
function recognise(client: unknown): DuplicateClient {
  const has = (name: string): boolean => typeof (client as Record<string, unknown> | undefined)?.[name] === "function";
  if (typeof client === "object" && client !== null && has("on") && has("duplicate")) {
    if (has("callBuffer")) {
      return has("nodes") ? new IoRedisClusterClient(client as IoRedisCluster) : new IoRedisClient(client as IoRedis);
    }
    if (has("sendCommand") && has("pSubscribe")) {
      return has("nodeClient")
        ? new NodeRedisClusterClient(client as NodeRedisCluster)
        : new NodeRedisClient(client as NodeRedis);
    }
  }
  const message = "not a Redis client: give one of node-redis 4 to 6, or of ioredis 5 or 6";
  throw new RedisAdapterError("ERR_SOCKEYE_REDIS_CLIENT", message);
}

/** Who listens to a channel, and whether Redis has confirmed it. */
interface Subscription {
  readonly listeners: Set<MessageListener>;
  readonly confirmed: Promise<unknown>;
}

class SharedLink implements LibraryReceiver {
  readonly #subscriptions = { channel: new Map<string, Subscription>(), pattern: new Map(), sharded: new Map() };
  readonly #watchers = new Set<(event: LinkEvent) => void>();
  #holders = 0;
  #detach: (() => void) | undefined;

  constructor(readonly client: DuplicateClient) {}

  hold(): void {
    if (this.#holders++ === 0) this.#detach = this.client.attach(this);
  }

  release(): void {
    if (--this.#holders > 0) return;
    this.#detach?.();
    this.#detach = undefined;
  }

  watch(listener: (event: LinkEvent) => void): () => void {
    this.#watchers.add(listener);
    return () => this.#watchers.delete(listener);
  }

  changed(event: LinkEvent): void {
    for (const watcher of this.#watchers) watcher(event);
  }

  message(kind: SubscriptionKind, name: string, message: Buffer, channel: string): void {
    const subscription = this.#subscriptions[kind].get(name);
    if (subscription !== undefined) for (const listener of subscription.listeners) listener(message, channel, name);
  }

  async subscribe(kind: SubscriptionKind, channels: readonly string[], listener: MessageListener): Promise<void> {
    const subscriptions = this.#subscriptions[kind];
    const unknown = channels.filter((name) => !subscriptions.has(name));
    for (const part of parts(unknown)) {
      const confirmed = this.client.subscribe(kind, part);
      confirmed.catch(() => undefined);
      for (const name of part) subscriptions.set(name, { listeners: new Set(), confirmed });
    }
    const wanted = channels.map((name) => subscriptions.get(name)!);
    for (const { listeners } of wanted) listeners.add(listener);
    try {
      await Promise.all(wanted.map(({ confirmed }) => confirmed));
    } catch (error) {
      for (const name of channels) this.#drop(kind, name, listener);
      throw error;
    }
  }

  async unsubscribe(kind: SubscriptionKind, channels: readonly string[], listener: MessageListener): Promise<void> {
    const unheard = channels.filter((name) => this.#drop(kind, name, listener));
    await Promise.all(parts(unheard).map((part) => this.client.unsubscribe(kind, part)));
  }

  async resubscribe(kind: SubscriptionKind, channels: readonly string[], thorough: boolean): Promise<void> {
    const known = channels.filter((name) => this.#subscriptions[kind].has(name));
    await Promise.all(parts(known).map((part) => this.client.resubscribe(kind, part, thorough)));
  }

  /** Whether nobody listens to the channel any more, and somebody did. */
  #drop(kind: SubscriptionKind, name: string, listener: MessageListener): boolean {
    const subscription = this.#subscriptions[kind].get(name);
    if (!subscription?.listeners.delete(listener) || subscription.listeners.size > 0) return false;
    return this.#subscriptions[kind].delete(name);
  }
}

class HeldLink implements RedisLink {
  readonly #link: SharedLink;
  readonly #watches = new Set<() => void>();
  #released = false;

  constructor(link: SharedLink) {
    this.#link = link;
    link.hold();
  }

  get clustered(): boolean {
    return this.#link.client.clustered;
  }

  get ready(): boolean {
    return this.#link.client.ready;
  }

  get ended(): boolean {
    return this.#link.client.ended;
  }

  get carrier(): unknown {
    return this.#link.client.carrier;
  }

  send(route: string, command: Command): Promise<Reply> {
    return send(this.#link.client, route, command);
  }

  sendAll(route: string, commands: readonly Command[]): Promise<Reply>[] {
    return sendAll(this.#link.client, route, commands);
  }

  async sendToMasters(command: Command): Promise<Reply[]> {
    return (await this.#link.client.sendToMasters(command)).map(asReply);
  }

  subscribe(kind: SubscriptionKind, channels: readonly string[], listener: MessageListener): Promise<void> {
    return this.#link.subscribe(kind, channels, listener);
  }

  unsubscribe(kind: SubscriptionKind, channels: readonly string[], listener: MessageListener): Promise<void> {
    return this.#link.unsubscribe(kind, channels, listener);
  }

  resubscribe(kind: SubscriptionKind, channels: readonly string[], thorough: boolean): Promise<void> {
    return this.#link.resubscribe(kind, channels, thorough);
  }

  watch(listener: (event: LinkEvent) => void): () => void {
    const end = this.#link.watch(listener);
    this.#watches.add(end);
    return end;
  }

  get reconnect(): (() => Promise<void>) | undefined {
    const { client } = this.#link;
    return client.reconnect && (() => client.reconnect!());
  }

  tend(): void {
    this.#link.client.tend?.(performance.now());
  }

  async duplicate(): Promise<OwnedLink> {
    const own = new OwnLink(this.#link.client.duplicate());
    try {
      await own.connect();
      return own;
    } catch (error) {
      own.close();
      throw error;
    }
  }

  release(): void {
    if (this.#released) return;
    this.#released = true;
    for (const end of this.#watches) end();
    this.#link.release();
  }
}

class OwnLink implements OwnedLink {
  readonly #client: DuplicateClient;
  #closed = false;

  constructor(client: DuplicateClient) {
    this.#client = client;
    // For good: a connection that was ended may still report an error.
    client.attach({ message() {}, changed() {} });
  }

  get ready(): boolean {
    return this.#client.ready;
  }

  connect(): Promise<unknown> {
    return this.#client.connect();
  }

  send(route: string, command: Command): Promise<Reply> {
    return send(this.#client, route, command);
  }

  sendAll(route: string, commands: readonly Command[]): Promise<Reply>[] {
    return sendAll(this.#client, route, commands);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    try {
      this.#client.disconnect();
    } catch {
      // It had ended by itself.
    }
  }
}

function send(client: LibraryClient, route: string, command: Command): Promise<Reply> {
  return client.send(route, command).then(asReply);
}

function sendAll(client: LibraryClient, route: string, commands: readonly Command[]): Promise<Reply>[] {
  return client.sendAll(route, commands).map((sent) => sent.then(asReply));
}

function parts(channels: readonly string[]): string[][] {
  const found: string[][] = [];
  for (let from = 0; from < channels.length; from += CHANNELS_PER_COMMAND) {
    found.push(channels.slice(from, from + CHANNELS_PER_COMMAND));
  }
  return found;
}
