import { afterEach, describe, expect, it } from "vitest";
import { RedisServer } from "../../src/redis/redis-server.js";
import { agreed, eventually, type Member, startCluster } from "../../src/wire/mixed-cluster.js";
import { library, member, modes } from "../../src/wire/redis-members.js";

let redis: RedisServer;
let members: Member[] = [];

afterEach(async () => {
  await Promise.all(members.splice(0).map((one) => one.close()));
  await redis.stop();
});

describe.each(modes.filter(({ name }) => /^(pub\/sub|sharded pub\/sub, dynamic|streams)$/.test(name)))(
  "Redis is killed under a mixed cluster over $name",
  (mode) => {
    it("each serves its own clients meanwhile, health tells, and afterwards all hear each other again", async () => {
      redis = await RedisServer.start();
      const makes = ["official", "ours"] as const;
      members = await startCluster(makes.map((make) => member(make, mode, library("redis 6"), redis.port)));
      const clients = await Promise.all(members.map((one) => one.connect(["room"])));
      const [, ours] = members as [Member, Member];
      const adapter = ours.io.sockets.adapter as unknown as {
        health: string;
        on(event: "health", listener: (health: string) => void): void;
      };
      expect(adapter.health).toBe("ok");
      const health: string[] = [];
      adapter.on("health", (state) => health.push(state));

      await redis.kill();
      await eventually(() => adapter.health === "down");
      ours.io.to("room").emit("alone");
      expect(await ours.io.local.fetchSockets()).toHaveLength(1);
      await eventually(() => clients[1]!.heard.length === 1);

      await redis.restart();
      await eventually(() => adapter.health === "ok");
      await agreed(members, 2);
      // The incumbent's server takes its time: what is said before it hears again is lost to it.
      for (const [from, to] of [[0, 1] as const, [1, 0] as const]) {
        await eventually(() => {
          members[from]!.io.to("room").emit("again", from);
          return clients[to]!.heard.some(([name, who]) => name === "again" && who === from);
        });
      }
      expect(health[0]).toMatch(/down|degraded/);
      expect(health.at(-1)).toBe("ok");
      expect((await ours.io.fetchSockets()).map(({ id }) => id).sort()).toEqual(clients.map(({ id }) => id).sort());
    });
  },
);

it("over streams, what was said while the reading connection was away is read afterwards", async () => {
  redis = await RedisServer.start();
  const mode = modes.find(({ name }) => name === "streams")!;
  members = await startCluster([
    member("official", mode, library("redis 5"), redis.port),
    member("ours", mode, library("ioredis 6"), redis.port),
  ]);
  const { heard } = await members[1]!.connect();
  const admin = await library("redis 5").connect(redis.port);
  const client = admin.client as unknown as { sendCommand(command: string[]): Promise<string> };
  const numbers = Array.from({ length: 50 }, (_, n) => n);
  for (const n of numbers) {
    members[0]!.io.emit("event", n);
    // All connections that wait for entries, again and again.
    if (n % 10 === 0) await client.sendCommand(["CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"]).catch(() => "");
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  await eventually(() => heard.length >= 40);
  await admin.close();
  // The official publisher's own connection was killed as well, so it may have lost some; none came twice or out of order.
  const order = heard.map(([, n]) => n as number);
  expect(order).toEqual([...new Set(order)].sort((a, b) => a - b));
});
