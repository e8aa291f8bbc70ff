import { createServer, type Server as HttpServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Server, type ServerOptions, type Socket } from "socket.io";
import { type Socket as ClientSocket, io as connect } from "socket.io-client";
import { afterEach, describe, expect, it } from "vitest";
import type { AdapterTarget } from "../../src/contract.js";
import { createInMemoryAdapter, InMemoryAdapter } from "../../src/in-memory-adapter.js";

// The incumbent's server is a black box here, and our adapter the part under test.
let http: HttpServer;
let io: Server;
const clients: ClientSocket[] = [];

async function start(options: Partial<ServerOptions>): Promise<void> {
  http = createServer();
  io = new Server(http, options);
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
}

/** A connected client, and its socket on the server. */
async function join(...rooms: string[]): Promise<{ client: ClientSocket; socket: Socket; heard: unknown[][] }> {
  const connected = new Promise<Socket>((resolve) => io.once("connection", resolve));
  const client = connect(`http://127.0.0.1:${(http.address() as AddressInfo).port}`, {
    transports: ["websocket"],
    forceNew: true,
    reconnectionDelay: 5,
  });
  clients.push(client);
  const heard: unknown[][] = [];
  client.onAny((...args) => heard.push(args));
  const socket = await connected;
  await socket.join(rooms);
  return { client, socket, heard };
}

/** What was written before has arrived. */
async function settled({ client, socket }: { client: ClientSocket; socket: Socket }): Promise<void> {
  await new Promise<void>((resolve) => {
    client.once("settled", () => resolve());
    socket.timeout(1000).emit("settled", () => {});
  });
}

afterEach(async () => {
  for (const client of clients.splice(0)) client.disconnect();
  await io.close();
});

describe("InMemoryAdapter on the incumbent's server", () => {
  it("broadcasts to rooms, with exceptions and with binary", async () => {
    await start({ adapter: InMemoryAdapter as never });
    const [a, b, c] = [await join("x"), await join("x"), await join()];
    io.to("x").emit("room", 1);
    a.socket.to("x").emit("others", Buffer.from([1, 2]));
    io.except("x").emit("outside");
    for (const one of [a, b, c]) await settled(one);
    expect(a.heard.slice(0, -1)).toEqual([["room", 1]]);
    expect(b.heard.slice(0, -1)).toEqual([
      ["room", 1],
      ["others", Buffer.from([1, 2])],
    ]);
    expect(c.heard.slice(0, -1)).toEqual([["outside"]]);
  });

  it("tells outgoing listeners of a broadcast once", async () => {
    await start({ adapter: InMemoryAdapter as never });
    const a = await join("x");
    const outgoing: unknown[][] = [];
    a.socket.onAnyOutgoing((...args) => outgoing.push(args));
    io.to("x").emit("room", 1);
    expect(outgoing).toEqual([["room", 1]]);
  });

  it("collects acknowledgements", async () => {
    await start({ adapter: InMemoryAdapter as never });
    const [a, b] = [await join("x"), await join("x")];
    a.client.on("ask", (answer) => answer("a"));
    b.client.on("ask", (answer) => answer("b"));
    const answers = await io.to("x").timeout(1000).emitWithAck("ask");
    expect(answers.sort()).toEqual(["a", "b"]);
    expect(await io.to("nowhere").timeout(1000).emitWithAck("ask")).toEqual([]);
  });

  it("fetches, moves and disconnects sockets", async () => {
    await start({ adapter: InMemoryAdapter as never });
    const [a, b] = [await join("x"), await join()];
    expect((await io.in("x").fetchSockets())[0]).toBe(a.socket);
    io.in("x").socketsJoin("y");
    expect(a.socket.rooms).toEqual(new Set([a.socket.id, "x", "y"]));
    io.socketsLeave("y");
    expect([...(await io.in("y").fetchSockets())]).toEqual([]);
    const gone = new Promise((resolve) => a.client.once("disconnect", resolve));
    io.in("x").disconnectSockets();
    expect(await gone).toBe("io server disconnect");
    expect(io.of("/").adapter.rooms).toEqual(new Map([[b.socket.id, new Set([b.socket.id])]]));
  });

  it("works in other namespaces and with a factory", async () => {
    await start({ adapter: createInMemoryAdapter() as never });
    const adapter = io.of("/other").adapter as unknown as InMemoryAdapter;
    expect(adapter).toBeInstanceOf(InMemoryAdapter);
    expect((adapter.nsp as AdapterTarget).name).toBe("/other");
  });

  it("recovers a connection", async () => {
    await start({ connectionStateRecovery: {}, adapter: createInMemoryAdapter() as never });
    const a = await join("x");
    a.socket.data.name = "ada";
    a.socket.emit("first");
    io.to("x").emit("second", 2);
    await settled(a);
    const back = new Promise<Socket>((resolve) => io.once("connection", resolve));
    const left = new Promise((resolve) => a.socket.once("disconnect", resolve));
    a.client.io.engine.close();
    await left;
    io.to("x").emit("missed", 3);
    const socket = await back;
    expect(socket.recovered).toBe(true);
    expect([socket.id, socket.data, socket.rooms]).toEqual([a.socket.id, { name: "ada" }, new Set([socket.id, "x"])]);
    await settled({ client: a.client, socket });
    const names = a.heard.map(([event]) => event);
    expect(names).toEqual(["first", "second", "settled", "missed", "settled"]);
  });

  it("does not recover what it does not know", async () => {
    await start({ connectionStateRecovery: {}, adapter: InMemoryAdapter as never });
    const adapter = io.of("/").adapter;
    expect(await adapter.restoreSession("nobody", "nothing")).toBeFalsy();
  });
});
