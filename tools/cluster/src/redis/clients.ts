import { once } from "node:events";
import type { NodeRedisLike, RedisClient } from "@sockeye/redis-adapter";
import IoRedis5 from "ioredis-5";
import IoRedis6 from "ioredis-6";
import * as redis4 from "redis-4";
import * as redis5 from "redis-5";
import * as redis6 from "redis-6";

/** A connected client of some library, as an application would have it. */
export interface Connected {
  readonly client: RedisClient;
  close(): Promise<void>;
}

/** One library in one major version. No client of theirs has an `error` listener of its own. */
export interface Library {
  readonly name: string;
  connect(port: number): Promise<Connected>;
  connectToCluster(ports: readonly number[]): Promise<Connected>;
}

/** What the versions have in common; their own types have nothing that one could call. */
interface NodeRedisModule {
  createClient(options: { url: string }): NodeRedisClient;
  createCluster(options: { rootNodes: { url: string }[] }): NodeRedisClient;
}

interface NodeRedisClient extends NodeRedisLike {
  connect(): Promise<unknown>;
  disconnect(): Promise<unknown> | undefined;
}

function nodeRedis(name: string, module: NodeRedisModule): Library {
  const connected = async (client: NodeRedisClient): Promise<Connected> => {
    await client.connect();
    return {
      client,
      close: async () => {
        if (client.isOpen) await client.disconnect();
      },
    };
  };
  return {
    name,
    connect: (port) => connected(module.createClient({ url: urlOf(port) })),
    connectToCluster: (ports) =>
      connected(module.createCluster({ rootNodes: ports.map((port) => ({ url: urlOf(port) })) })),
  };
}

function urlOf(port: number): string {
  return `redis://127.0.0.1:${port}`;
}

function ioredis(name: string, Redis: typeof IoRedis5 | typeof IoRedis6): Library {
  const Client = Redis as typeof IoRedis6;
  const connected = async (client: InstanceType<typeof Client> | InstanceType<typeof Client.Cluster>) => {
    await once(client, "ready");
    return { client, close: async () => client.disconnect() };
  };
  return {
    name,
    connect: (port) => connected(new Client(port, "127.0.0.1")),
    connectToCluster: (ports) =>
      connected(
        new Client.Cluster(
          ports.map((port) => ({ host: "127.0.0.1", port })),
          { shardedSubscribers: true },
        ),
      ),
  };
}

export const libraries: readonly Library[] = [
  nodeRedis("redis 4", redis4 as NodeRedisModule),
  nodeRedis("redis 5", redis5 as NodeRedisModule),
  nodeRedis("redis 6", redis6 as NodeRedisModule),
  ioredis("ioredis 5", IoRedis5),
  ioredis("ioredis 6", IoRedis6),
];
