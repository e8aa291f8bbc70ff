import { describe, it } from "vitest";
import type { Broker } from "../../src/chaos/chaos-run.js";
import { RedisCluster } from "../../src/redis/redis-cluster.js";
import type { RedisServer } from "../../src/redis/redis-server.js";
import { survives } from "./survives.js";

/** Loses the node on which the log is. It has no replica, and comes back empty. */
class LosingOneNode implements Broker {
  #lost: RedisServer | undefined;

  constructor(private readonly cluster: RedisCluster) {}

  get url(): string {
    return this.cluster.nodes.map(({ url }) => url).join(" ");
  }

  async kill(): Promise<void> {
    this.#lost = await this.cluster.nodeWith("*~meta#*");
    await this.#lost.kill();
  }

  async restart(): Promise<void> {
    await this.#lost?.restart();
    await this.cluster.settled();
  }
}

describe.each(["redis pub/sub", "redis sharded pub/sub", "redis streams"])(
  "three servers on %s on a cluster",
  (adapter) => {
    it("deliver through cut connections, a killed server and a killed node of the Redis Cluster", async () => {
      const cluster = await RedisCluster.start();
      try {
        await survives(`${adapter} on a cluster`, new LosingOneNode(cluster));
      } finally {
        await cluster.stop();
      }
    }, 120_000);
  },
);
