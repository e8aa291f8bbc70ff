import { Emitter } from "@socket.io/redis-emitter";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { Connected } from "../../src/redis/clients.js";
import { RedisServer } from "../../src/redis/redis-server.js";
import { type Client, eventually, type Member, startCluster } from "../../src/wire/mixed-cluster.js";
import { library, member, modes } from "../../src/wire/redis-members.js";

let redis: RedisServer;
let members: Member[] = [];
let connected: Connected;

beforeAll(async () => {
  redis = await RedisServer.start();
  connected = await library("redis 5").connect(redis.port);
});

afterAll(async () => {
  await connected.close();
  await redis.stop();
});

afterEach(async () => {
  await Promise.all(members.splice(0).map((one) => one.close()));
});

const mode = (name: string) => modes.find((one) => one.name === name)!;

/** Two servers of ours, with a client each. */
async function two(modeName: string, options: object): Promise<Client[]> {
  const make = () => member("ours", mode(modeName), library("redis 6"), redis.port, options);
  members = await startCluster([make(), make()], "/chat");
  return Promise.all(members.map((one, i) => one.connect(["all", `room ${i}`], "/chat")));
}

describe.each([
  { name: "pub/sub", wire: "native" },
  { name: "sharded pub/sub, dynamic", wire: "native" },
  { name: "pub/sub", wire: "socket.io" },
])("the official emitter and servers of ours over $name, wire $wire", ({ name, wire }) => {
  it("is understood", async () => {
    const clients = await two(name, { wire });
    const said: unknown[][] = [];
    members.forEach(({ io }, i) => {
      io.of("/chat").on("hello" as never, ((...args: unknown[]) => said.push([i, ...args])) as never);
    });
    const emitter = new Emitter(connected.client).of("/chat");
    emitter.emit("all", 1, { a: [null, true] }, Buffer.from([1, 2]));
    emitter.to("room 1").compress(false).emit("one", "x");
    emitter.to(["room 0", "room 1"]).except("room 0").emit("union");
    emitter.to("nowhere").emit("nobody");
    new Emitter(connected.client).emit("elsewhere");
    emitter.in("all").socketsJoin(["a", "b"]);
    emitter.in("a").socketsLeave("b");
    emitter.to("a").emit("moved");
    emitter.to("b").emit("left");
    emitter.serverSideEmit("hello", 1, "two");
    emitter.emit("end");
    const all = ["all", 1, { a: [null, true] }, Buffer.from([1, 2])];
    await eventually(() => clients.every(({ heard }) => heard.at(-1)?.[0] === "end"));
    // Requests and broadcasts are two ways, so "moved" may come too early on this wire as on any.
    const without = (list: unknown[][]) => list.filter(([name]) => name !== "moved" && name !== "left");
    expect(without(clients[0]!.heard)).toEqual([all, ["end"]]);
    expect(without(clients[1]!.heard)).toEqual([all, ["one", "x"], ["union"], ["end"]]);
    await eventually(() => said.length === 2);
    expect(said.sort()).toEqual([
      [0, 1, "two"],
      [1, 1, "two"],
    ]);
    for (const { io } of members) {
      await eventually(() => io.of("/chat").adapter.rooms.get("a")?.size === 1);
      await eventually(() => io.of("/chat").adapter.rooms.get("b") === undefined);
    }
    emitter.to("room 0").volatile.emit("volatile");
    await eventually(() => clients[0]!.heard.at(-1)?.[0] === "volatile");
    emitter.in("room 1").disconnectSockets(true);
    await eventually(() => !clients[1]!.socket.connected);
    expect(clients[0]!.socket.connected).toBe(true);
  });
});

it("with emitters: false, a native cluster does not hear it", async () => {
  const clients = await two("pub/sub", { wire: "native", emitters: false });
  new Emitter(connected.client).of("/chat").emit("unheard");
  members[0]!.io.of("/chat").emit("end");
  await eventually(() => clients.every(({ heard }) => heard.length > 0));
  for (const { heard } of clients) expect(heard).toEqual([["end"]]);
});

it("a native cluster does not hear the incumbent's servers, which are another cluster", async () => {
  const clients = await two("pub/sub", { wire: "native" });
  const [official] = await startCluster([member("official", mode("pub/sub"), library("redis 5"), redis.port)], "/chat");
  members.push(official!);
  official!.io.of("/chat").emit("foreign");
  official!.io.of("/chat").socketsJoin("foreign");
  new Emitter(connected.client).of("/chat").emit("end");
  await eventually(() => clients.every(({ heard }) => heard.length > 0));
  for (const { heard } of clients) expect(heard).toEqual([["end"]]);
});

// The incumbent's streams emitter is not in the registry; this is what it adds to the stream.
it.each(["native", "socket.io"])(
  "over streams, wire %s, what its streams emitter writes is understood",
  async (wire) => {
    const clients = await two("streams", { wire });
    const client = connected.client as unknown as { sendCommand(command: string[]): Promise<string> };
    const add = (type: number, data: object, nsp = "/chat") =>
      client.sendCommand(
        ["XADD", "socket.io", "*", "uid", "emitter", "nsp", nsp, "type", `${type}`, "data"].concat(
          JSON.stringify(data),
        ),
      );
    const opts = { rooms: ["room 1"], except: [], flags: {} };
    await add(4, { opts, rooms: ["a"] });
    await add(3, { opts: { ...opts, rooms: ["a"] }, packet: { type: 2, data: ["event", 1], nsp: "/chat" } });
    await add(3, { opts: { ...opts, rooms: [] }, packet: { type: 2, data: ["elsewhere"], nsp: "/" } }, "/");
    await client.sendCommand(["XADD", "socket.io", "*", "somebody", "else's"]);
    await add(3, { opts: { ...opts, rooms: [] }, packet: { type: 2, data: ["end"], nsp: "/chat" } });
    await eventually(() => clients.every(({ heard }) => heard.at(-1)?.[0] === "end"));
    expect(clients.map(({ heard }) => heard)).toEqual([[["end"]], [["event", 1], ["end"]]]);
  },
);
