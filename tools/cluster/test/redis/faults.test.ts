/** Faults of single connections and nodes, and what is left when an adapter is closed. */
import { SimulatedNamespace } from "@sockeye/adapter-base/conformance";
import { createAdapter, createShardedAdapter } from "@sockeye/redis-adapter";
import { createClient } from "redis-6";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { PubSubDriver } from "../../../../packages/redis-adapter/src/drivers/pub-sub-driver.js";
import { outageOptions } from "../../../../packages/redis-adapter/src/options.js";
import { libraries } from "../../src/redis/clients.js";
import { RedisProxy } from "../../src/redis/redis-proxy.js";
import { RedisServer } from "../../src/redis/redis-server.js";
import { type Mode, modes, Stage } from "../../src/redis/stage.js";

let server: RedisServer;
beforeAll(async () => {
  server = await RedisServer.start();
});
afterAll(() => server.stop());

const everyMode = Object.keys(modes) as Mode[];

async function admin<T>(use: (send: (...command: string[]) => Promise<unknown>) => Promise<T>): Promise<T> {
  const client = createClient({ url: server.url });
  await client.connect();
  try {
    return await use((...command) => client.sendCommand(command));
  } finally {
    client.destroy();
  }
}

describe.each(libraries)("$name", (library) => {
  it("mends subscriptions that Redis has cut off, and tells the gap", async () => {
    const stage = await Stage.open("pub/sub", library, server.port, 2);
    const [one, two] = stage.nodes as [(typeof stage.nodes)[0], (typeof stage.nodes)[0]];
    await admin((send) => send("CLIENT", "KILL", "TYPE", "pubsub"));
    await vi.waitFor(() => expect(two.health).toContain("degraded"), 5000);
    await vi.waitFor(() => expect([one.adapter.health, two.adapter.health]).toEqual(["ok", "ok"]), 5000);
    one.say();
    await vi.waitFor(() => expect(two.heardOf(0)).toEqual([1]), 5000);
    expect(two.codes).toContain("ERR_SOCKEYE_CLUSTER_GAP");
    await stage.close();
  });

  it("notices a connection that has gone deaf, and makes it anew", async () => {
    const proxy = await RedisProxy.open(server.port);
    const [pub, sub] = [await library.connect(server.port), await library.connect(proxy.port)];
    const times = { probeInterval: 300, probeTimeout: 300, commandTimeout: 500 };
    const driver = new PubSubDriver(pub.client, sub.client, {
      ...outageOptions(times),
      prefix: `deaf-${library.name}`,
      sharded: false,
      interest: true,
    });
    const [states, heard, gaps] = [[] as string[], vi.fn(), vi.fn()];
    const onState = (state: { publish: string; receive: string }) =>
      void states.push(`${state.publish}/${state.receive}`);
    await driver.start("00000000000000aa", { onEnvelope: heard, onGap: gaps, onState });
    await driver.subscribe({ kind: "cluster" });
    proxy.silence();
    await vi.waitFor(() => expect(states.at(-1)).toBe("up/down"), 5000);
    await vi.waitFor(() => expect(states.at(-1)).toBe("up/up"), 10_000);
    await driver.publish({ kind: "cluster" }, Uint8Array.of(1));
    await vi.waitFor(() => expect(heard).toHaveBeenCalledOnce(), 2000);
    expect(gaps).toHaveBeenCalled();
    await driver.close();
    await Promise.all([pub.close(), sub.close()]);
    await proxy.close();
  });

  it.each(everyMode)("leaves nothing of itself on clients and in Redis when it is closed: %s", async (mode) => {
    const proxy = await RedisProxy.open(server.port);
    const stage = await Stage.open(mode, library, proxy.port, 1);
    const [node] = stage.nodes as [(typeof stage.nodes)[0]];
    await node.adapter.close();
    const clients = node.clients as unknown as {
      client: { eventNames(): unknown[]; listenerCount(e: never): number };
    }[];
    const fresh = await library.connect(server.port);
    const listeners = ({ client }: (typeof clients)[0]) =>
      client.eventNames().reduce<number>((sum, name) => sum + client.listenerCount(name as never), 0);
    for (const client of clients) expect(listeners(client)).toBe(listeners(fresh as never));
    await vi.waitFor(() => expect(proxy.connections).toBe(clients.length), 2000);
    expect(await admin((send) => send("PUBSUB", "CHANNELS", `${stage.name}*`))).toEqual([]);
    expect(await admin((send) => send("PUBSUB", "SHARDCHANNELS", `${stage.name}*`))).toEqual([]);
    await fresh.close();
    await stage.close();
    await proxy.close();
  });
});

const library = libraries.at(-1)!;

describe.each(everyMode)("%s", (mode) => {
  it("answers with a part, and says so, when a node is killed; then it is not counted any more", async () => {
    const stage = await Stage.open(mode, library, server.port, 3);
    const [one, , three] = stage.nodes as [(typeof stage.nodes)[0], unknown, (typeof stage.nodes)[0]];
    // As a process that was killed: its connections end, and nobody says goodbye.
    for (const { client } of three.clients) (client as unknown as { disconnect(): void }).disconnect();
    await expect(one.fetch()).rejects.toMatchObject({
      code: "ERR_SOCKEYE_CLUSTER_TIMEOUT",
      responses: { length: 2 },
      missing: { length: 1 },
    });
    await vi.waitFor(async () => expect(await one.fetch()).toHaveLength(2), 5000);
    await stage.close();
  });

  it("keeps the order of what a node says to its own sockets, alone and with others", async () => {
    const stage = await Stage.open(mode, library, server.port, 2);
    const [one] = stage.nodes as [(typeof stage.nodes)[0]];
    for (let n = 0; n < 1000; n++) {
      if (n % 2 === 0) one.socket.emit("n", n);
      else one.adapter.broadcast({ type: 2, data: ["n", n] }, { rooms: new Set(), except: new Set(), flags: {} });
    }
    expect(one.socket.events.map(([, n]) => n)).toEqual(Array.from({ length: 1000 }, (_, n) => n));
    await stage.close();
  });

  it("hangs nowhere while Redis stands still, and goes on with it", async () => {
    const own = await RedisServer.start();
    const stage = await Stage.open(mode, library, own.port, 2);
    const [one, two] = stage.nodes as [(typeof stage.nodes)[0], (typeof stage.nodes)[0]];
    own.pause();
    one.say();
    await expect(one.fetch()).rejects.toMatchObject({ code: "ERR_SOCKEYE_CLUSTER_TIMEOUT" });
    const joined = one.socket.join("a room in a new partition");
    await joined;
    expect(one.heardOf(0)).toEqual([1]);
    own.resume();
    await vi.waitFor(() => expect([one.adapter.health, two.adapter.health]).toEqual(["ok", "ok"]), 15_000);
    two.say();
    await vi.waitFor(() => expect(one.heardOf(1)).toEqual([1]), 5000);
    await stage.close();
    await own.stop();
  });
});

it("starts without Redis, serves its own sockets, and joins the others when Redis is there", async () => {
  const own = await RedisServer.start();
  const clients = await Promise.all([0, 1, 2, 3].map(() => library.connect(own.port)));
  await own.kill();
  const namespaces = [new SimulatedNamespace(), new SimulatedNamespace()];
  for (const [i, namespace] of namespaces.entries()) {
    const [pub, sub] = clients.slice(2 * i, 2 * i + 2).map(({ client }) => client);
    const factory = createAdapter(pub!, sub!, { commandTimeout: 300, heartbeatInterval: 300 });
    namespace.adapter = factory(namespace);
    await namespace.adapter.init?.();
  }
  const [one, two] = namespaces as [SimulatedNamespace, SimulatedNamespace];
  const socket = await one.connect("a");
  one.adapter.broadcast({ type: 2, data: ["hello"] }, { rooms: new Set() });
  expect(socket.events).toEqual([["hello"]]);
  await own.restart();
  await vi.waitFor(async () => expect(await two.adapter.serverCount()).toBe(2), 5000);
  for (const { adapter } of namespaces) await adapter.close?.();
  await Promise.all(clients.map(({ close }) => close()));
  await own.stop();
});

describe("what cannot work is refused at the start", () => {
  it("a client that was never connected", async () => {
    const client = createClient({ url: server.url });
    const namespace = new SimulatedNamespace();
    namespace.adapter = createAdapter(client, client)(namespace);
    await expect(namespace.adapter.init?.()).rejects.toMatchObject({ code: "ERR_SOCKEYE_REDIS_CLIENT" });
    expect(client.eventNames()).toEqual([]);
  });

  it("a Redis that does not know a command, or does not allow it", async () => {
    await admin((send) =>
      send("ACL", "SETUSER", "mute", "on", "nopass", "allchannels", "allkeys", "+@all", "-ssubscribe"),
    );
    const url = `redis://mute:x@127.0.0.1:${server.port}`;
    const clients = [createClient({ url }), createClient({ url })] as const;
    await Promise.all(clients.map((client) => client.connect()));
    const namespace = new SimulatedNamespace();
    namespace.adapter = createShardedAdapter(...clients)(namespace);
    await expect(namespace.adapter.init?.()).rejects.toMatchObject({ code: "ERR_SOCKEYE_REDIS_REFUSED" });
    for (const client of clients) client.destroy();
  });

  it.each([
    [{ queuePolicy: "newest" }, "ERR_SOCKEYE_REDIS_OPTION"],
    [{ maxQueued: -1 }, "ERR_SOCKEYE_REDIS_OPTION"],
    [{ key: "" }, "ERR_SOCKEYE_REDIS_OPTION"],
    [{ wire: "other" }, "ERR_SOCKEYE_REDIS_OPTION"],
    [{ partitions: 0 }, "ERR_SOCKEYE_CLUSTER_OPTION"],
  ])("the options %j", (options, code) => {
    const client = createClient({ url: server.url });
    expect(() => createAdapter(client, client, options as never)).toThrow(expect.objectContaining({ code }));
  });
});
