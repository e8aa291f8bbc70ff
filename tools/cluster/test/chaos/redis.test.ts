import { describe, it } from "vitest";
import { RedisServer } from "../../src/redis/redis-server.js";
import { survives } from "./survives.js";

describe.each(["redis pub/sub", "redis sharded pub/sub", "redis streams"])("three servers on %s", (adapter) => {
  it("deliver through cut connections, a killed server and a killed Redis", async () => {
    const broker = await RedisServer.start();
    try {
      await survives(adapter, broker);
    } finally {
      await broker.stop();
    }
  }, 120_000);
});
