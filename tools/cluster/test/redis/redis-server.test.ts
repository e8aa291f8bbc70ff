import { createClient } from "redis-6";
import { expect, it } from "vitest";
import { RedisServer } from "../../src/redis/redis-server.js";

it("a server of the test's own is there, is killed, and is there again", async () => {
  const server = await RedisServer.start();
  const pings = async () => {
    const client = createClient({ url: server.url, socket: { reconnectStrategy: false } });
    client.on("error", () => undefined);
    await client.connect();
    const reply = await client.ping();
    client.destroy();
    return reply;
  };
  expect(await pings()).toBe("PONG");
  await server.kill();
  await expect(pings()).rejects.toThrow("ECONNREFUSED");
  await server.restart();
  expect(await pings()).toBe("PONG");
  await server.stop();
});
