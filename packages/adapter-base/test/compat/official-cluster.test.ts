import { createServer, type Server as HttpServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Server } from "socket.io";
import { type Socket as ClientSocket, io as connect } from "socket.io-client";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createClusterAdapter } from "../../src/cluster/cluster-adapter.js";
import { eventually, MemoryBus } from "../../src/conformance/index.js";

// Two of the incumbent's servers, joined by our cluster adapter.
const servers: { io: Server; http: HttpServer }[] = [];
const clients: ClientSocket[] = [];

beforeEach(async () => {
  const bus = new MemoryBus();
  for (let i = 0; i < 2; i++) {
    const http = createServer();
    const adapter = createClusterAdapter({ driver: bus.driver(), requestTimeout: 1000 });
    const io = new Server(http, { adapter: adapter as never });
    await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
    servers.push({ io, http });
  }
  await vi.waitFor(async () => {
    for (const { io } of servers) expect(await io.of("/").adapter.serverCount()).toBe(2);
  });
});

afterEach(async () => {
  for (const client of clients.splice(0)) client.disconnect();
  for (const { io } of servers.splice(0)) await io.close();
});

async function join(server: number, ...rooms: string[]): Promise<{ client: ClientSocket; heard: unknown[][] }> {
  const { io, http } = servers[server]!;
  const client = connect(`http://127.0.0.1:${(http.address() as AddressInfo).port}`, {
    transports: ["websocket"],
    forceNew: true,
  });
  clients.push(client);
  const heard: unknown[][] = [];
  client.onAny((...args) => heard.push(args));
  const socket = await new Promise<{ join(rooms: string[]): unknown }>((resolve) => io.once("connection", resolve));
  await socket.join(rooms);
  return { client, heard };
}

describe("ClusterAdapter on the incumbent's server", () => {
  it("broadcasts across servers, with binary and exceptions", async () => {
    const [a, b, c] = [await join(0, "x"), await join(1, "x"), await join(1, "x", "y")];
    servers[0]!.io
      .to("x")
      .except("y")
      .emit("event", 1, Buffer.from([1, 2]));
    servers[0]!.io.emit("end");
    for (const { heard } of [a, b]) {
      await eventually(() => expect(heard).toEqual([["event", 1, Buffer.from([1, 2])], ["end"]]));
    }
    await eventually(() => expect(c.heard).toEqual([["end"]]));
  });

  it("collects acknowledgements across servers", async () => {
    for (const server of [0, 1, 1]) (await join(server)).client.on("ask", (answer) => answer(server));
    const answers = await servers[0]!.io.timeout(1000).emitWithAck("ask");
    expect(answers.sort()).toEqual([0, 1, 1]);
  });

  it("fetches, moves and disconnects sockets of the other server", async () => {
    const [, b] = [await join(0), await join(1, "x")];
    const { io } = servers[0]!;
    expect(await io.fetchSockets()).toHaveLength(2);
    io.in("x").socketsJoin("y");
    await vi.waitFor(async () => expect(await io.in("y").fetchSockets()).toHaveLength(1));
    const [remote] = await io.in("y").fetchSockets();
    remote!.emit("hello");
    remote!.disconnect();
    await eventually(() => expect([b.heard, b.client.connected]).toEqual([[["hello"]], false]));
  });

  it("emits between servers, with answers", async () => {
    servers[1]!.io.on("question", (n: number, answer: (n: number) => void) => answer(n + 1));
    expect(await servers[0]!.io.serverSideEmitWithAck("question", 1)).toEqual([2]);
  });

  it("works in namespaces that come later", async () => {
    for (const { io } of servers) io.of("/late");
    await vi.waitFor(async () => {
      for (const { io } of servers) expect(await io.of("/late").adapter.serverCount()).toBe(2);
    });
  });
});
