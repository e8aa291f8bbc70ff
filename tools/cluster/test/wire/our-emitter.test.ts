import { Emitter, type RedisEmitterOptions } from "@sockeye/redis-adapter/emitter";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { Connected } from "../../src/redis/clients.js";
import { RedisServer } from "../../src/redis/redis-server.js";
import { type Client, eventually, type Member, startCluster } from "../../src/wire/mixed-cluster.js";
import { library, type Make, member, modes } from "../../src/wire/redis-members.js";

let redis: RedisServer;
let connected: Connected[] = [];
let members: Member[] = [];
const emitters: { close(): Promise<void> }[] = [];

beforeAll(async () => {
  redis = await RedisServer.start();
  connected = [await library("redis 5").connect(redis.port), await library("ioredis 6").connect(redis.port)];
});

afterAll(async () => {
  await Promise.all(connected.map((one) => one.close()));
  await redis.stop();
});

afterEach(async () => {
  await Promise.all(emitters.splice(0).map((one) => one.close()));
  await Promise.all(members.splice(0).map((one) => one.close()));
});

interface Case {
  readonly mode: string;
  readonly wire: "native" | "socket.io";
  readonly makes: readonly Make[];
  readonly options: RedisEmitterOptions;
}

const cases: readonly Case[] = [
  { mode: "pub/sub", wire: "native", makes: ["ours", "ours on the official server"], options: {} },
  { mode: "sharded pub/sub, dynamic", wire: "native", makes: ["ours", "ours"], options: { mode: "sharded" } },
  { mode: "streams", wire: "native", makes: ["ours", "ours on the official server"], options: { mode: "streams" } },
  { mode: "pub/sub", wire: "socket.io", makes: ["official", "ours"], options: {} },
  { mode: "sharded pub/sub, dynamic", wire: "socket.io", makes: ["official", "ours"], options: { mode: "sharded" } },
  { mode: "streams", wire: "socket.io", makes: ["official", "ours"], options: { mode: "streams" } },
  {
    mode: "several streams and sharded pub/sub",
    wire: "socket.io",
    makes: ["official", "ours"],
    options: { mode: "streams", streamCount: 3 },
  },
];

async function start({ mode, wire, makes, options }: Case): Promise<{ emitter: Emitter; clients: Client[] }> {
  const kind = modes.find(({ name }) => name === mode)!;
  members = await startCluster(
    makes.map((make) => member(make, kind, library("redis 6"), redis.port, { wire })),
    "/chat",
  );
  const { client } = connected[mode.includes("sharded") ? 0 : 1]!;
  const emitter = new Emitter(client, { wire, ...options }, "/chat");
  emitters.push(emitter);
  const clients = await Promise.all(members.map((one, i) => one.connect(["all", `room ${i}`], "/chat")));
  return { emitter, clients };
}

describe.each(cases)("our emitter and $makes over $mode, wire $wire", (one) => {
  it("is understood", async () => {
    const { emitter, clients } = await start(one);
    const said: unknown[][] = [];
    members.forEach(({ io }, i) => {
      io.of("/chat").on("hello" as never, ((...args: unknown[]) => said.push([i, ...args])) as never);
    });
    const all = ["all", 1, { a: [null, true] }, Buffer.from([1, 2])] as const;
    emitter.emit(...all);
    emitter.to("room 1").compress(false).emit("one", "x");
    emitter.to(["room 0", "room 1"]).except("room 0").emit("union");
    emitter.to("nowhere").emit("nobody");
    emitter.of("/").emit("elsewhere");
    emitter.serverSideEmit("hello", 1, "two");
    emitter.emit("end");
    await emitter.flushed();
    await eventually(() => clients.every(({ heard }) => heard.at(-1)?.[0] === "end"));
    expect(clients[0]!.heard).toEqual([all, ["end"]]);
    expect(clients[1]!.heard).toEqual([all, ["one", "x"], ["union"], ["end"]]);
    await eventually(() => said.length === 2);
    expect(said.sort()).toEqual([
      [0, 1, "two"],
      [1, 1, "two"],
    ]);
    emitter.in("all").except("room 0").socketsJoin(["a", "b"]);
    emitter.in("a").socketsLeave("b");
    const sizes = (room: string) => members.map(({ io }) => io.of("/chat").adapter.rooms.get(room)?.size ?? 0).join();
    await eventually(() => sizes("a") === "0,1" && sizes("b") === "0,0");
    emitter.to("a").volatile.emit("volatile");
    await eventually(() => clients[1]!.heard.at(-1)?.[0] === "volatile");
    emitter.in("room 1").disconnectSockets(true);
    await eventually(() => !clients[1]!.socket.connected);
    expect(clients[0]!.socket.connected).toBe(true);
  });

  it(one.wire === "native" ? "is answered" : "says that nobody can answer", async () => {
    const { emitter, clients } = await start(one);
    clients.forEach(({ socket }, i) => {
      socket.on("ask", (question: Buffer, answer: (reply: unknown) => void) => answer([i, question]));
    });
    if (one.wire === "socket.io") {
      const unanswerable = expect.objectContaining({ code: "ERR_SOCKEYE_EMITTER_UNANSWERABLE" });
      await expect(emitter.timeout(1000).emitWithAck("ask", 1)).rejects.toEqual(unanswerable);
      return;
    }
    const question = Uint8Array.of(9);
    const answers = (await emitter.timeout(5000).emitWithAck("ask", question)) as [number, Uint8Array][];
    expect(answers.map(([i, bytes]) => [i, ...bytes]).sort()).toEqual([
      [0, 9],
      [1, 9],
    ]);
    for (const { io } of members) {
      io.of("/chat").on("count" as never, ((n: number, answer: (n: number) => void) => answer(n + 1)) as never);
    }
    expect(await emitter.serverSideEmitWithAck("count", 1)).toEqual([2, 2]);
    expect((await emitter.to("room 1").fetchSockets()).map(({ id }) => id)).toEqual([clients[1]!.id]);
  });
});

it("refuses options that make no sense", () => {
  const { client } = connected[0]!;
  const refused = (code: string) => expect.objectContaining({ code });
  expect(() => new Emitter(client, { mode: "x" as never })).toThrowError(refused("ERR_SOCKEYE_REDIS_OPTION"));
  expect(() => new Emitter(client, { wire: "x" as never })).toThrowError(refused("ERR_SOCKEYE_REDIS_OPTION"));
});
