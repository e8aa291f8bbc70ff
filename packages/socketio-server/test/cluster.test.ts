import { createClusterAdapter } from "@sockeye/adapter-base";
import { MemoryBus } from "@sockeye/adapter-base/conformance";
import { describe, expect, it } from "vitest";
import { RemoteSocket, type ServerOptions, type Socket } from "../src/index.js";
import { connected, once, onceAll, startServer, until } from "./support/harness.js";

/** Two servers on one bus, with a client each. */
async function cluster(options: Partial<ServerOptions> = {}) {
  const bus = new MemoryBus();
  const node = () => startServer({ ...options, adapter: createClusterAdapter({ driver: bus.driver() }) });
  const [a, b] = [await node(), await node()];
  for (const { io } of [a, b]) {
    await until(() => io.inspect().namespaces["/"] !== undefined);
  }
  await Promise.all(
    [a, b].map(async ({ io }) => {
      for (let i = 0; i < 200 && (await io.sockets.adapter.serverCount()) < 2; i++)
        await new Promise((resolve) => setTimeout(resolve, 10));
    }),
  );
  return { a: { ...a, ...(await connected(a)) }, b: { ...b, ...(await connected(b)) } };
}

describe("two servers", () => {
  it("broadcast to each other's clients, once each, with what listens to outgoing events", async () => {
    const { a, b } = await cluster();
    const outgoing: unknown[][] = [];
    b.socket.onAnyOutgoing((...args: unknown[]) => outgoing.push(args));
    const heard = [onceAll(a.client, "hello"), onceAll(b.client, "hello")];
    a.io.emit("hello", 1, Buffer.from([2]));
    expect(await Promise.all(heard)).toEqual([
      [1, Buffer.from([2])],
      [1, Buffer.from([2])],
    ]);
    expect(outgoing).toEqual([["hello", 1, Buffer.from([2])]]);
    await b.socket.join("room");
    const inRoom = once(b.client, "room");
    a.io.to("room").emit("room", "x");
    a.client.on("local", () => outgoing.push(["a"]));
    b.io.local.emit("local");
    expect(await inRoom).toBe("x");
    expect(outgoing.at(-1)).not.toEqual(["a"]);
  });

  it("gather acknowledgements from everywhere, and early when a far client leaves", async () => {
    const { a, b } = await cluster();
    a.client.on("ask", (answer) => answer("a"));
    b.client.once("ask", (answer) => answer("b"));
    expect((await a.io.timeout(10_000).emitWithAck("ask")).sort()).toEqual(["a", "b"]);
    const outcome = a.io.timeout(60_000).emitWithAck("ask");
    await once(b.client, "ask");
    b.client.disconnect();
    await expect(outcome).rejects.toMatchObject({ responses: ["a"] });
  });

  it("see and move each other's sockets", async () => {
    const { a, b } = await cluster();
    b.socket.data.name = "bob";
    const sockets = await a.io.fetchSockets();
    expect(sockets.map(({ id }) => id).sort()).toEqual([a.socket.id, b.socket.id].sort());
    expect(sockets.find(({ id }) => id === a.socket.id)).toBe(a.socket);
    const remote = sockets.find(({ id }) => id === b.socket.id);
    expect(remote).toBeInstanceOf(RemoteSocket);
    expect([remote?.data, remote?.rooms]).toEqual([{ name: "bob" }, new Set([b.socket.id])]);
    b.client.on("who", (answer) => answer("bob"));
    expect(await remote?.timeout(10_000).emitWithAck("who")).toBe("bob");
    remote?.join("room");
    await until(() => b.socket.rooms.has("room"));
    a.io.in("room").socketsJoin("other");
    await until(() => b.socket.rooms.has("other"));
    expect(await a.io.allSockets()).toEqual(new Set([a.socket.id, b.socket.id]));
    expect(await a.io.local.fetchSockets()).toEqual([a.socket]);
    const left = once(b.socket, "disconnect");
    a.io.in("room").disconnectSockets(true);
    expect(await left).toBe("server namespace disconnect");
  });

  it("send each other events, and answers", async () => {
    const { a, b } = await cluster();
    const heard = once(b.io, "hello");
    a.io.on("hello", () => expect.unreachable("not to oneself"));
    a.io.serverSideEmit("hello", "world");
    expect(await heard).toBe("world");
    b.io.on("ping", (answer: (text: string) => void) => answer("pong"));
    expect(await a.io.serverSideEmitWithAck("ping")).toEqual(["pong"]);
    const [error, responses] = await new Promise<unknown[]>((resolve) => {
      a.io.serverSideEmit("ping", (...args: unknown[]) => resolve(args));
    });
    expect([error, responses]).toEqual([null, ["pong"]]);
  });

  it("keep the order of socket.emit and io.emit for sockets of the emitting server", async () => {
    const { a } = await cluster();
    const received: number[] = [];
    a.client.on("n", (n: number) => received.push(n));
    for (let n = 0; n < 100; n++) (n % 2 ? a.io : (a.socket as Socket)).emit("n", n);
    await until(() => received.length === 100);
    expect(received).toEqual([...Array(100).keys()]);
  });
});
