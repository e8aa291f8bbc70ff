import { describe, expect, it } from "vitest";
import { chaosRun } from "../../src/chaos/chaos-run.js";
import { RedisServer } from "../../src/redis/redis-server.js";

const CLIENTS = Number(process.env.CHAOS_CLIENTS ?? 300);

describe.each(["redis pub/sub", "redis sharded pub/sub"])("three servers on %s", (adapter) => {
  it("deliver through cut connections, a killed server and a killed Redis", async () => {
    const broker = await RedisServer.start();
    try {
      const outcome = await chaosRun({ adapter, broker, clients: CLIENTS, pace: 150 });
      expect(outcome).toMatchObject({ lost: 0, doubled: 0, reordered: 0, surplus: 0, died: [] });
      expect(outcome.recovered).toBe(outcome.reconnections);
      expect(outcome.healedAfterNode).toBeLessThan(5_000);
      expect(outcome.healedAfterBroker).toBeLessThan(5_000);
      expect(outcome.growth).toBeLessThan(32 * 1024 * 1024);
    } finally {
      await broker.stop();
    }
  }, 120_000);
});
