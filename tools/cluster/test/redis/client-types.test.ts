/** What applications have in their hands is accepted as it is: checked by the compiler, nothing connects. */
import { createAdapter, createShardedAdapter } from "@sockeye/redis-adapter";
import Redis5, { Cluster as Cluster5 } from "ioredis-5";
import Redis6, { Cluster as Cluster6 } from "ioredis-6";
import * as redis4 from "redis-4";
import * as redis5 from "redis-5";
import * as redis6 from "redis-6";
import { describe, expect, it } from "vitest";

const lazy = { lazyConnect: true } as const;
const rootNodes = { rootNodes: [{ url: "redis://127.0.0.1:1" }] };

describe("the clients of every library and version", () => {
  it("are taken for adapters, without a cast", () => {
    const factories = [
      createAdapter(redis4.createClient(), redis4.createClient()),
      createAdapter(redis5.createClient(), redis5.createClient()),
      createAdapter(redis6.createClient(), redis6.createClient({ RESP: 2 })),
      createAdapter(new Redis5(lazy), new Redis5(lazy)),
      createAdapter(new Redis6(lazy), new Redis6({ ...lazy, protocol: 3, replyMapping: "resp3" })),
      createShardedAdapter(redis4.createCluster(rootNodes), redis4.createCluster(rootNodes)),
      createShardedAdapter(redis5.createCluster(rootNodes), redis5.createCluster(rootNodes)),
      createShardedAdapter(redis6.createCluster(rootNodes), redis6.createCluster(rootNodes)),
      createShardedAdapter(
        new Cluster5([], { ...lazy, shardedSubscribers: true }),
        new Cluster5([], { ...lazy, shardedSubscribers: true }),
      ),
      createShardedAdapter(
        new Cluster6([], { ...lazy, shardedSubscribers: true }),
        new Cluster6([], { ...lazy, shardedSubscribers: true }),
      ),
      // Different libraries for the two directions, and one with modules.
      createAdapter(redis4.createClient(), new Redis5(lazy)),
    ];
    expect(factories.every((factory) => typeof factory === "function")).toBe(true);
  });

  it("are refused, with a code, where they cannot do what is asked", () => {
    const cluster = new Cluster6([], lazy);
    expect(() => createShardedAdapter(cluster, cluster)).toThrow(
      expect.objectContaining({
        code: "ERR_SOCKEYE_REDIS_CLIENT",
        message: expect.stringContaining("shardedSubscribers"),
      }),
    );
    // @ts-expect-error: no client
    expect(() => createAdapter({}, {})).toThrow(expect.objectContaining({ code: "ERR_SOCKEYE_REDIS_CLIENT" }));
  });
});
