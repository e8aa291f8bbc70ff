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

interface Node {
  readonly client?: { readonly isReady: boolean } | Promise<unknown>;
}

/** `createCluster()` of node-redis 4, 5 or 6. */
export interface NodeRedisCluster extends Emitter, PubSub, Lifecycle {
  readonly masters: readonly Node[];
  readonly slots: readonly ({ readonly master: Node } | undefined)[];
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
    if (this.client.destroy !== undefined) this.client.destroy();
    else this.client.disconnect?.().catch(() => undefined);
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
    if (this.client.isOpen) this.disconnect();
    await this.client.connect();
  }

  duplicate(): NodeRedisClient {
    return new NodeRedisClient(this.client.duplicate());
  }

  attach(receiver: LibraryReceiver): () => void {
    const lost = () => receiver.changed("lost");
    return this.attachTo(receiver, {
      ready: () => receiver.changed("ready"),
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

  get ready(): boolean {
    return this.client.isOpen && this.client.masters.length > 0;
  }

  async send(route: string, command: Command): Promise<unknown> {
    if (!isKeyless(command)) return this.client.sendCommand(route, false, command, BINARY);
    return (await this.#nodeOf(route)).sendCommand(command, BINARY);
  }

  sendAll(route: string, commands: readonly Command[]): Promise<unknown>[] {
    return commands.map((command) => this.send(route, command));
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

  async #nodeOf(route: string): Promise<NodeRedis> {
    const { masters, slots } = this.client;
    return this.client.nodeClient(slots[slotOf(route)]?.master ?? masters[0]!);
  }
}
