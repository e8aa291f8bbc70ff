import type { Command, SubscriptionKind } from "./contract.js";
import { type DuplicateClient, type Emitter, isKeyless, type LibraryReceiver, listen } from "./library.js";
import { slotOf } from "./slot.js";

/** Bulk strings as Buffers, for version 4 and from 5 on; version 6 would end commands after 5 seconds, blocking ones too. */
const BINARY = { returnBuffers: true, typeMapping: { 36: Buffer }, timeout: undefined };

type Listener = (message: Buffer, channel: Buffer | string) => void;
type Subscribe = (channels: string[], listener: Listener, bufferMode: true) => Promise<unknown>;

interface PubSub {
  subscribe: Subscribe;
  unsubscribe: Subscribe;
  pSubscribe: Subscribe;
  pUnsubscribe: Subscribe;
  sSubscribe: Subscribe;
  sUnsubscribe: Subscribe;
}

interface Lifecycle {
  readonly isOpen: boolean;
  connect(): Promise<unknown>;
  /** Up to version 4. */
  disconnect?(): Promise<unknown>;
  /** From version 5 on. */
  destroy?(): void;
}

/** `createClient()` of node-redis 4, 5 or 6. */
export interface NodeRedis extends Emitter, PubSub, Lifecycle {
  readonly isReady: boolean;
  sendCommand(command: Command, options?: object): Promise<unknown>;
  duplicate(options?: object): NodeRedis;
}

/** A node's clients, as far as they were needed. */
interface Node {
  readonly client?: Lifecycle & { readonly isReady: boolean };
  readonly connectPromise?: Promise<unknown>;
  readonly pubSub?: Node;
}

/**
 * How long a client may have a connection and not be ready, in milliseconds. Version 5 writes commands to a socket that broke
 * in the same turn, then takes the first replies on the next connection for theirs, and waits for ever for its handshake.
 */
const STUCK_AFTER = 2000;
/** The same where nobody tells whether there is a connection. */
const NODE_STUCK_AFTER = 5000;

/** `createCluster()` of node-redis 4, 5 or 6. */
export interface NodeRedisCluster extends Emitter, PubSub, Lifecycle {
  readonly masters: readonly Node[];
  readonly slots: readonly ({ readonly master: Node } | undefined)[];
  readonly pubSubNode?: Node;
  nodeClient(node: Node): NodeRedis | Promise<NodeRedis>;
  sendCommand(firstKey: string | undefined, isReadonly: boolean, command: Command, options?: object): Promise<unknown>;
  duplicate(options?: object): NodeRedisCluster;
}

abstract class NodeRedisBase<Client extends Emitter & PubSub & Lifecycle> {
  protected readonly client: Client;
  #receiver: LibraryReceiver | undefined;
  // To unsubscribe, the library has to be shown the listener that it was given.
  readonly #channels: Listener = this.#listenerOf("channel");
  readonly #sharded: Listener = this.#listenerOf("sharded");
  readonly #patterns = new Map<string, Listener>();

  constructor(client: Client) {
    this.client = client;
  }

  get ended(): boolean {
    return !this.client.isOpen;
  }

  /** Since version 4.6. */
  get canShard(): boolean {
    return typeof this.client.sSubscribe === "function";
  }

  async subscribe(kind: SubscriptionKind, names: readonly string[]): Promise<void> {
    if (kind === "channel") await this.client.subscribe([...names], this.#channels, true);
    else if (kind === "sharded") await this.client.sSubscribe([...names], this.#sharded, true);
    else await Promise.all(names.map((name) => this.client.pSubscribe([name], this.#patternListener(name), true)));
  }

  async unsubscribe(kind: SubscriptionKind, names: readonly string[]): Promise<void> {
    if (kind === "channel") await this.client.unsubscribe([...names], this.#channels, true);
    else if (kind === "sharded") await this.client.sUnsubscribe([...names], this.#sharded, true);
    else await Promise.all(names.map((name) => this.client.pUnsubscribe([name], this.#forgetPattern(name), true)));
  }

  /** The library says `ready` when it has subscribed again, and does not subscribe to what it has a listener for. */
  async resubscribe(kind: SubscriptionKind, names: readonly string[], thorough: boolean): Promise<void> {
    if (!thorough) return;
    await this.unsubscribe(kind, names);
    await this.subscribe(kind, names);
  }

  connect(): Promise<unknown> {
    return this.client.connect();
  }

  disconnect(): void {
    disconnect(this.client);
  }

  protected attachTo(receiver: LibraryReceiver, events: Parameters<typeof listen>[1]): () => void {
    this.#receiver = receiver;
    return listen(this.client, events);
  }

  #listenerOf(kind: SubscriptionKind): Listener {
    return (message, channel) => {
      const name = channel.toString();
      this.#receiver?.message(kind, name, message, name);
    };
  }

  /** It is not told which pattern a message matched. */
  #patternListener(pattern: string): Listener {
    let listener = this.#patterns.get(pattern);
    if (listener === undefined) {
      listener = (message, channel) => this.#receiver?.message("pattern", pattern, message, channel.toString());
      this.#patterns.set(pattern, listener);
    }
    return listener;
  }

  #forgetPattern(pattern: string): Listener {
    const listener = this.#patternListener(pattern);
    this.#patterns.delete(pattern);
    return listener;
  }
}

export class NodeRedisClient extends NodeRedisBase<NodeRedis> implements DuplicateClient {
  readonly clustered = false;
  /** When the connection was made whose handshake is not over. */
  #connected: number | undefined;

  get ready(): boolean {
    return this.client.isReady;
  }

  send(_route: string, command: Command): Promise<unknown> {
    return this.client.sendCommand(command, BINARY);
  }

  /** The library writes what it is given in one turn together. */
  sendAll(route: string, commands: readonly Command[]): Promise<unknown>[] {
    return commands.map((command) => this.send(route, command));
  }

  async sendToMasters(command: Command): Promise<unknown[]> {
    return [await this.send("", command)];
  }

  async reconnect(): Promise<void> {
    await restart(this.client);
  }

  tend(now: number): void {
    if (this.#connected === undefined || now - this.#connected < STUCK_AFTER) return;
    this.#connected = undefined;
    if (this.client.isOpen && !this.client.isReady) this.reconnect().catch(() => undefined);
  }

  duplicate(): NodeRedisClient {
    return new NodeRedisClient(this.client.duplicate());
  }

  attach(receiver: LibraryReceiver): () => void {
    const lost = () => {
      this.#connected = undefined;
      receiver.changed("lost");
    };
    return this.attachTo(receiver, {
      connect: () => {
        this.#connected = performance.now();
      },
      ready: () => {
        this.#connected = undefined;
        receiver.changed("ready");
      },
      reconnecting: lost,
      end: lost,
      error: () => {
        if (!this.client.isReady) lost();
      },
    });
  }
}

export class NodeRedisClusterClient extends NodeRedisBase<NodeRedisCluster> implements DuplicateClient {
  readonly clustered = true;
  /** Since when a node's client is not ready. */
  #unready = new WeakMap<object, number>();

  get ready(): boolean {
    return this.client.isOpen && this.client.masters.length > 0;
  }

  tend(now: number): void {
    const { masters, pubSubNode } = this.client;
    for (const node of [...masters, ...masters.map(({ pubSub }) => pubSub), pubSubNode]) {
      if (node?.client !== undefined && node.connectPromise === undefined) this.#tendNode(node.client, now);
    }
  }

  send(route: string, command: Command): Promise<unknown> {
    return this.#sendOver(this.#nodeOf(route), route, command);
  }

  /** To one node, which keeps their order; where it is no longer the right one, the library finds out. */
  sendAll(route: string, commands: readonly Command[]): Promise<unknown>[] {
    const node = this.#nodeOf(route);
    return commands.map((command) => this.#sendOver(node, route, command));
  }

  async sendToMasters(command: Command): Promise<unknown[]> {
    const sent = this.client.masters.map(async (node) =>
      (await this.client.nodeClient(node)).sendCommand(command, BINARY),
    );
    return Promise.all(sent);
  }

  duplicate(): NodeRedisClusterClient {
    return new NodeRedisClusterClient(this.client.duplicate({ minimizeConnections: true }));
  }

  attach(receiver: LibraryReceiver): () => void {
    const lost = () => receiver.changed("lost");
    return this.attachTo(receiver, {
      error: lost,
      disconnect: lost,
      "node-error": lost,
      "node-reconnecting": lost,
      "node-disconnect": lost,
      "sharded-channel-moved": lost,
      "node-ready": () => receiver.changed("ready"),
    });
  }

  #tendNode(client: NonNullable<Node["client"]>, now: number): void {
    const since = this.#unready.get(client);
    if (client.isReady) this.#unready.delete(client);
    else if (since === undefined) this.#unready.set(client, now);
    else if (now - since > NODE_STUCK_AFTER) {
      this.#unready.delete(client);
      if (client.isOpen) restart(client).catch(() => undefined);
    }
  }

  async #sendOver(node: Promise<NodeRedis>, route: string, command: Command): Promise<unknown> {
    try {
      return await (await node).sendCommand(command, BINARY);
    } catch (error) {
      if (isKeyless(command) || !isRedirection(error)) throw error;
      return this.client.sendCommand(route, false, command, BINARY);
    }
  }

  async #nodeOf(route: string): Promise<NodeRedis> {
    const { masters, slots } = this.client;
    return this.client.nodeClient(slots[slotOf(route)]?.master ?? masters[0]!);
  }
}

/** Subscriptions survive it. */
async function restart(client: Lifecycle): Promise<void> {
  // Version 4 has more to end than its connection, and must not begin anew before that.
  if (client.isOpen) await (client.destroy === undefined ? client.disconnect?.() : client.destroy());
  await client.connect();
}

function disconnect(client: Lifecycle): void {
  if (client.destroy !== undefined) client.destroy();
  else client.disconnect?.().catch(() => undefined);
}

function isRedirection(error: unknown): boolean {
  return error instanceof Error && /^(MOVED|ASK) /.test(error.message);
}
