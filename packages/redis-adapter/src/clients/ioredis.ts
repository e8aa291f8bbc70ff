import type { Command, SubscriptionKind } from "./contract.js";
import { type DuplicateClient, type Emitter, isKeyless, type LibraryReceiver, listen } from "./library.js";
import { slotOf } from "./slot.js";

interface Pipeline {
  callBuffer(name: string, ...args: (string | Buffer)[]): Pipeline;
  exec(): Promise<readonly (readonly [error: Error | null, reply: unknown])[] | null>;
}

interface Common extends Emitter {
  readonly status: string;
  connect(): Promise<unknown>;
  disconnect(reconnect?: boolean): void;
  callBuffer(name: string, ...args: (string | Buffer)[]): Promise<unknown>;
  pipeline(): Pipeline;
  subscribe(...channels: string[]): Promise<unknown>;
  unsubscribe(...channels: string[]): Promise<unknown>;
  psubscribe(...patterns: string[]): Promise<unknown>;
  punsubscribe(...patterns: string[]): Promise<unknown>;
  ssubscribe(...channels: string[]): Promise<unknown>;
  sunsubscribe(...channels: string[]): Promise<unknown>;
}

/** `new Redis()` of ioredis 5 or 6. */
export interface IoRedis extends Common {
  readonly options: { readonly host?: string; readonly port?: number; readonly keyPrefix?: string };
  duplicate(options?: object): IoRedis;
}

/** `new Redis.Cluster()` of ioredis 5 or 6. */
export interface IoRedisCluster extends Common {
  readonly options: { readonly keyPrefix?: string; readonly shardedSubscribers?: boolean };
  readonly slots: readonly (readonly string[] | undefined)[];
  nodes(role: "master"): IoRedis[];
  /** Not documented: where it is missing, a subscriber that the library replaced is not noticed. */
  readonly subscriber?: { getInstance?(): unknown };
  duplicate(startupNodes?: never[], options?: object): IoRedisCluster;
}

const SUBSCRIBE = { channel: "subscribe", pattern: "psubscribe", sharded: "ssubscribe" } as const;
const UNSUBSCRIBE = { channel: "unsubscribe", pattern: "punsubscribe", sharded: "sunsubscribe" } as const;

/** A connection whose commands fail with it: whoever has it tries again. */
const UNFORGIVING = {
  autoResendUnfulfilledCommands: false,
  commandTimeout: undefined,
  enableAutoPipelining: false,
  lazyConnect: true,
  maxRetriesPerRequest: 0,
  socketTimeout: undefined,
};

abstract class IoRedisBase<Client extends Common & { readonly options: { readonly keyPrefix?: string } }> {
  protected readonly client: Client;

  constructor(client: Client) {
    this.client = client;
  }

  /** A client that waits connects with its first command. */
  get ready(): boolean {
    return this.client.status === "ready" || this.client.status === "wait";
  }

  get ended(): boolean {
    return this.client.status === "end";
  }

  subscribe(kind: SubscriptionKind, channels: readonly string[]): Promise<unknown> {
    return this.client[SUBSCRIBE[kind]](...channels);
  }

  unsubscribe(kind: SubscriptionKind, channels: readonly string[]): Promise<unknown> {
    return this.client[UNSUBSCRIBE[kind]](...channels);
  }

  /** The library sends every call, and Redis confirms what it knows already. */
  resubscribe(kind: SubscriptionKind, channels: readonly string[]): Promise<unknown> {
    return this.subscribe(kind, channels);
  }

  connect(): Promise<unknown> {
    return this.client.connect();
  }

  disconnect(): void {
    this.client.disconnect();
  }

  async reconnect(): Promise<void> {
    this.client.disconnect(true);
  }

  attach(receiver: LibraryReceiver): () => void {
    const lost = () => receiver.changed("lost");
    const prefix = this.client.options.keyPrefix?.length ?? 0;
    return listen(this.client, {
      messageBuffer: (channel: Buffer, message: Buffer) => {
        const name = channel.toString();
        receiver.message("channel", name, message, name);
      },
      pmessageBuffer: (pattern: Buffer | string, channel: Buffer, message: Buffer) =>
        receiver.message("pattern", pattern.toString(), message, channel.toString()),
      // The library puts its prefix before sharded channels, as before keys, and does not take it away.
      smessageBuffer: (channel: Buffer, message: Buffer) => {
        const name = channel.toString().slice(prefix);
        receiver.message("sharded", name, message, name);
      },
      ready: () => receiver.changed("ready"),
      close: lost,
      end: lost,
      reconnecting: lost,
      "-node": lost,
      "-subscriber": lost,
      subscribersReady: () => receiver.changed("ready"),
      error: () => undefined,
    });
  }
}

export class IoRedisClient extends IoRedisBase<IoRedis> implements DuplicateClient {
  readonly clustered = false;
  readonly canShard = true;

  send(_route: string, [name, ...args]: Command): Promise<unknown> {
    return this.client.callBuffer(String(name), ...args);
  }

  sendAll(_route: string, commands: readonly Command[]): Promise<unknown>[] {
    return pipelined(this.client, commands);
  }

  async sendToMasters(command: Command): Promise<unknown[]> {
    return [await this.send("", command)];
  }

  duplicate(): IoRedisClient {
    return new IoRedisClient(this.client.duplicate(UNFORGIVING));
  }
}

export class IoRedisClusterClient extends IoRedisBase<IoRedisCluster> implements DuplicateClient {
  readonly clustered = true;

  get carrier(): unknown {
    return this.client.subscriber?.getInstance?.();
  }

  /** Without this option, the library subscribes to sharded channels on a node of its choice, which refuses. */
  get canShard(): boolean {
    return this.client.options.shardedSubscribers === true;
  }

  send(route: string, command: Command): Promise<unknown> {
    const [name, ...args] = command;
    const sender = isKeyless(command) ? (this.#nodeOf(route) ?? this.client) : this.client;
    return sender.callBuffer(String(name), ...args);
  }

  sendAll(route: string, commands: readonly Command[]): Promise<unknown>[] {
    const keyless = commands.every(isKeyless);
    return pipelined(keyless ? (this.#nodeOf(route) ?? this.client) : this.client, commands);
  }

  async sendToMasters([name, ...args]: Command): Promise<unknown[]> {
    return Promise.all(this.client.nodes("master").map((node) => node.callBuffer(String(name), ...args)));
  }

  duplicate(): IoRedisClusterClient {
    return new IoRedisClusterClient(this.client.duplicate([], { lazyConnect: true, redisOptions: UNFORGIVING }));
  }

  #nodeOf(route: string): IoRedis | undefined {
    const address = this.client.slots[slotOf(route)]?.[0];
    const masters = this.client.nodes("master");
    return masters.find(({ options }) => `${options.host}:${options.port}` === address) ?? masters[0];
  }
}

function pipelined(client: Common, commands: readonly Command[]): Promise<unknown>[] {
  const pipeline = client.pipeline();
  for (const [name, ...args] of commands) pipeline.callBuffer(String(name), ...args);
  const replies = pipeline.exec();
  return commands.map(async (_, index) => {
    const [error, reply] = (await replies)![index]!;
    if (error !== null) throw error;
    return reply;
  });
}
