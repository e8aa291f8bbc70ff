import type { AddressInfo } from "node:net";
import { createAdapter, createShardedAdapter } from "@socket.io/redis-adapter";
import { Emitter } from "@socket.io/redis-emitter";
import { createAdapter as createStreamsAdapter } from "@socket.io/redis-streams-adapter";
import { Server } from "@sockeye/socketio-server";
import { Redis } from "ioredis";
import { createClient } from "redis";
import { io as connectTo } from "socket.io-client";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Ends } from "../../src/rig.js";
import { collect, next, repeatUntil } from "../../src/signals.js";
import { type ClusterPlan, clusterSuite } from "./cluster-suite.js";
import { Node } from "./nodes.js";

const url = process.env.REDIS_URL;
if (!url) throw new TypeError("REDIS_URL is needed: the address of a Redis 7 that may be written to");

/** Connections that a plan opens, to be closed after its nodes. */
function connections() {
  const open: { close(): Promise<unknown> | unknown }[] = [];
  return {
    async nodeRedis() {
      const client = createClient({ url });
      client.on("error", () => {});
      await client.connect();
      open.push({ close: () => client.close() });
      return client;
    },
    ioredis() {
      const client = new Redis(url as string);
      open.push({ close: () => client.disconnect() });
      return client;
    },
    release: async () => {
      await Promise.all(open.map((one) => one.close()));
    },
  };
}

let plans = 0;

type Backend = Pick<ClusterPlan, "options" | "release">;

/** A key of its own for each plan, so that runs do not hear each other. */
const key = () => `sockeye-interop-${process.pid}-${++plans}`;

function pubSub(library: "redis" | "ioredis"): Backend {
  const [open, prefix] = [connections(), key()];
  return {
    release: open.release,
    async options() {
      const [pub, sub] =
        library === "redis" ? [await open.nodeRedis(), await open.nodeRedis()] : [open.ioredis(), open.ioredis()];
      return { adapter: createAdapter(pub, sub, { key: prefix }) };
    },
  };
}

function sharded(): Backend {
  const [open, prefix] = [connections(), key()];
  return {
    release: open.release,
    async options() {
      return {
        adapter: createShardedAdapter(await open.nodeRedis(), await open.nodeRedis(), { channelPrefix: prefix }),
      };
    },
  };
}

function streams(extra: object = {}): Backend {
  const [open, prefix] = [connections(), key()];
  return {
    release: open.release,
    async options() {
      const client = await open.nodeRedis();
      return {
        adapter: createStreamsAdapter(client, { streamName: prefix, channelPrefix: prefix, blockTimeInMs: 100 }),
        ...extra,
      };
    },
  };
}

const BOTH_OURS = ["sockeye", "sockeye"] as const;
const MIXED = ["sockeye", "official"] as const;

clusterSuite({ name: "@socket.io/redis-adapter on redis, two of our servers", makers: BOTH_OURS, ...pubSub("redis") });
clusterSuite({
  name: "@socket.io/redis-adapter on ioredis, two of our servers",
  makers: BOTH_OURS,
  ...pubSub("ioredis"),
});
clusterSuite({ name: "@socket.io/redis-adapter, our server and the incumbent's", makers: MIXED, ...pubSub("redis") });
clusterSuite({ name: "sharded @socket.io/redis-adapter, two of our servers", makers: BOTH_OURS, ...sharded() });
clusterSuite({ name: "@socket.io/redis-streams-adapter, two of our servers", makers: BOTH_OURS, ...streams() });
clusterSuite({ name: "@socket.io/redis-streams-adapter, our server and the incumbent's", makers: MIXED, ...streams() });

describe("connection state recovery on @socket.io/redis-streams-adapter with our server", () => {
  const { options, release } = streams({ connectionStateRecovery: {} });
  let node: Node;

  beforeAll(async () => {
    node = await Node.open("sockeye", await options());
  });

  afterAll(async () => {
    await node.close();
    await release?.();
  });

  it("gives id, rooms and missed events back", async () => {
    const { client, server } = await node.connect();
    await server.join("r");
    const first = next(client, "news");
    node.io.emit("news", "before");
    await first;
    const left = next(server, "disconnect");
    node.breakConnections();
    await left;
    const missed = collect(client, "news", 2);
    const back = next(client, "connect");
    node.io.emit("news", "one");
    node.io.to("r").emit("news", "two");
    await back;
    expect(client.recovered).toBe(true);
    expect(client.id).toBe(server.id);
    expect((await missed).map(([text]) => text)).toEqual(["one", "two"]);
  });
});

describe("the API page's sample of server.adapter([value])", () => {
  it("sets the redis adapter before the clients are connected, and two such servers are one", async () => {
    const open: (() => Promise<unknown>)[] = [];
    const start = async () => {
      const io = new Server();
      const pubClient = createClient({ url });
      const subClient = pubClient.duplicate();
      io.adapter(createAdapter(pubClient, subClient));
      await Promise.all([pubClient.connect(), subClient.connect()]);
      io.listen(0);
      open.push(async () => {
        await io.close();
        await Promise.all([pubClient.close(), subClient.close()]);
      });
      return io;
    };
    try {
      const [first, second] = [await start(), await start()];
      const { port } = second.httpServer!.address() as AddressInfo;
      const socket = connectTo(`http://127.0.0.1:${port}`);
      open.unshift(async () => socket.disconnect());
      await next(socket, "connect");
      const heard = next(socket, "hello");
      // Until the subscription stands: the sample does not wait for it.
      await repeatUntil(() => first.emit("hello", "from the other server"), heard);
      expect(await heard).toEqual(["from the other server"]);
    } finally {
      for (const close of open) await close();
    }
  });
});

describe("@socket.io/redis-emitter into our server", () => {
  const [open, prefix] = [connections(), key()];
  let node: Node;
  let ends: Ends;
  let emitter: Emitter;

  beforeAll(async () => {
    const adapter = createAdapter(await open.nodeRedis(), await open.nodeRedis(), { key: prefix });
    node = await Node.open("sockeye", { adapter });
    ends = await node.connect();
    await ends.server.join("r");
    emitter = new Emitter(await open.nodeRedis(), { key: prefix });
  });

  afterAll(async () => {
    await node.close();
    await open.release();
  });

  it("emits to everybody, to rooms, without exceptions, and with binary", async () => {
    const heard = collect(ends.client, "news", 3);
    emitter.emit("news", "all");
    emitter.to("nobody").emit("news", "not for us");
    emitter.except("r").emit("news", "not for us either");
    emitter.to("r").emit("news", "room", Buffer.from([7]));
    emitter.of("/").emit("news", "last");
    const [all, room, last] = await heard;
    expect([all, last]).toEqual([["all"], ["last"]]);
    expect([...new Uint8Array(room![1] as ArrayBuffer)]).toEqual([7]);
  });

  it("joins, leaves, disconnects, and reaches the server itself", async () => {
    emitter.in("r").socketsJoin("late");
    await expect.poll(() => ends.server.rooms.has("late")).toBe(true);
    emitter.socketsLeave("late");
    await expect.poll(() => ends.server.rooms.has("late")).toBe(false);
    const heard = new Promise((resolve) => node.io.on("side", (...args) => resolve(args)));
    emitter.serverSideEmit("side", 1, "two");
    expect(await heard).toEqual([1, "two"]);
    const gone = next(ends.client, "disconnect");
    emitter.in("late").disconnectSockets();
    emitter.in("r").disconnectSockets(true);
    expect((await gone)[0]).toBe("io server disconnect");
  });
});
