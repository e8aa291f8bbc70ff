import type { Parser } from "@sockeye/socketio-parser";
import * as officialMsgpack from "socket.io-msgpack-parser";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type IoOptions, io, Manager, type Socket } from "../src/index.js";
import { io as msgpackIo } from "../src/msgpack/index.js";
import { io as webSocketIo } from "../src/websocket/index.js";
import { type Host, once, startServer } from "./official-server.js";

describe.each([
  ["polling", { transports: ["polling"] }],
  ["websocket", { transports: ["websocket"] }],
  ["upgrade", {}],
  ["the WebSocket-only entry", {}],
] satisfies [string, IoOptions][])("socket against the incumbent's server, %s", (name, transport) => {
  const connect = name.includes("entry") ? (webSocketIo as unknown as typeof io) : io;
  let host: Host;
  const sockets: Socket[] = [];
  const open = (path = "", options: IoOptions = {}) => {
    const socket = connect(host.url + path, { forceNew: true, reconnectionDelay: 20, ...transport, ...options });
    sockets.push(socket);
    return socket;
  };

  beforeEach(async () => {
    host = await startServer();
    host.io.on("connection", (socket) => {
      socket.on("echo", (...args) => {
        const ack = args.pop();
        ack(...args);
      });
      socket.on("back", (...args) => socket.emit("back", ...args));
    });
  });
  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.disconnect();
    await host.close();
  });

  it("connects, and tells its id", async () => {
    const socket = open();
    expect(socket.connected).toBe(false);
    const [server] = (await Promise.all([once(host.io, "connection"), once(socket, "connect")]))[0] as [{ id: string }];
    expect(socket.connected).toBe(true);
    expect(socket.id).toBe(server.id);
    socket.disconnect();
    expect(socket.id).toBe(undefined);
  });

  it("exchanges text, nested and binary arguments", async () => {
    const socket = open();
    const args = [1, "two", { three: [3, { four: Buffer.from([4, 0, 255]) }] }, Buffer.alloc(0), "❤ 😀", null];
    socket.emit("back", ...args);
    expect(await once(socket, "back")).toEqual(args);
  });

  it("acknowledges both ways", async () => {
    const socket = open();
    expect(await socket.emitWithAck("echo", { a: Buffer.from("x") })).toEqual({ a: Buffer.from("x") });
    expect(await socket.timeout(1000).emitWithAck("echo", 7)).toBe(7);
    socket.on("question", (n: number, answer: (n: number) => void) => answer(n * 2));
    const [server] = host.io.of("/").sockets.values();
    expect(await server!.emitWithAck("question", 21)).toBe(42);
  });

  it("gives up an acknowledgement in time", async () => {
    const socket = open();
    const error = await new Promise<unknown>((resolve) => socket.timeout(30).emit("silence", resolve));
    expect(error).toMatchObject({ message: "operation has timed out", code: "ERR_SOCKEYE_CLIENT_ACK_TIMEOUT" });
  });

  it("is refused by a middleware, for good", async () => {
    host.io.of("/admin").use((_socket, next) => next(Object.assign(new Error("go away"), { data: { why: 1 } })));
    const socket = open("/admin");
    const [error] = await once(socket, "connect_error");
    expect(error).toMatchObject({ message: "go away", data: { why: 1 }, code: "ERR_SOCKEYE_CLIENT_REFUSED" });
    expect(socket.active).toBe(false);
  });

  it("sends credentials from an object and from a function", async () => {
    host.io.of("/auth").on("connection", (socket) => socket.emit("auth", socket.handshake.auth));
    const first = open("/auth", { auth: { token: "a" } });
    expect(await once(first, "auth")).toEqual([{ token: "a" }]);
    const second = open("/auth", { auth: (answer) => answer({ token: "b" }) });
    expect(await once(second, "auth")).toEqual([{ token: "b" }]);
  });

  it("says why it was disconnected", async () => {
    const socket = open();
    await once(socket, "connect");
    const [server] = host.io.of("/").sockets.values();
    const gone = once(server!, "disconnect");
    const told = once(socket, "disconnect");
    socket.disconnect();
    expect(await told).toEqual(["io client disconnect", undefined]);
    expect((await gone)[0]).toBe("client namespace disconnect");
    socket.connect();
    await once(socket, "connect");
    host.io.disconnectSockets();
    expect((await once(socket, "disconnect"))[0]).toBe("io server disconnect");
    expect(socket.active).toBe(false);
  });

  it("comes back after a loss", async () => {
    const socket = open();
    await once(socket, "connect");
    const attempts: number[] = [];
    socket.io.on("reconnect_attempt", (n) => attempts.push(n));
    const back = once(socket.io, "reconnect");
    const lost = once(socket, "disconnect");
    for (const socket of host.io.of("/").sockets.values()) socket.conn.close();
    expect(["transport close", "transport error"]).toContain((await lost)[0]);
    expect(socket.active).toBe(true);
    socket.emit("back", "kept");
    expect(await once(socket, "back")).toEqual(["kept"]);
    expect(await back).toEqual([attempts.length]);
  });

  it("keeps the order of a thousand messages", async () => {
    const socket = open();
    const got: number[] = [];
    socket.on("back", (n: number) => got.push(n));
    for (let n = 0; n < 1000; n++) socket.emit("back", n);
    await expect.poll(() => got.length, { timeout: 10_000 }).toBe(1000);
    expect(got).toEqual(got.map((_, n) => n));
  });

  it("carries half a megabyte", async () => {
    const socket = open();
    const text = "ß".repeat(250_000);
    expect(await socket.emitWithAck("echo", text)).toBe(text);
    const bytes = Buffer.alloc(500_000, 7);
    expect(Buffer.compare((await socket.emitWithAck("echo", bytes)) as Buffer, bytes)).toBe(0);
  });
});

describe.each([
  ["default", io, Manager],
  ["WebSocket-only", webSocketIo as unknown as typeof io, webSocketIo.Manager],
])("socket of a shared Manager, %s entry", (_name, io, Manager) => {
  it("carries several namespaces over one connection", async () => {
    const host = await startServer();
    host.io.of("/a").on("connection", (socket) => socket.emit("hello", "a"));
    host.io.of("/b").on("connection", (socket) => socket.emit("hello", "b"));
    const a = io(`${host.url}/a`);
    const b = io(`${host.url}/b`);
    expect(a.io).toBe(b.io);
    expect(a.io).toBeInstanceOf(Manager);
    expect(await Promise.all([once(a, "hello"), once(b, "hello")])).toEqual([["a"], ["b"]]);
    a.disconnect();
    expect(b.connected).toBe(true);
    b.disconnect();
    await host.close();
  });
});

describe.each([
  ["default", io],
  ["WebSocket-only", webSocketIo as unknown as typeof io],
])("recovery of the incumbent's server, %s entry", (_name, io) => {
  it("resumes, whatever trailing strings volatile events had", async () => {
    const host = await startServer({ connectionStateRecovery: {} });
    const socket = io(host.url, { forceNew: true, reconnectionDelay: 100, transports: ["websocket"] });
    const got: unknown[] = [];
    socket.on("event", (n) => got.push(n));
    socket.on("text", (...args) => got.push(args.length));
    await once(socket, "connect");
    const { id } = socket;
    host.io.emit("event", 1);
    await expect.poll(() => got, { timeout: 10_000 }).toEqual([1]);
    const [server] = host.io.of("/").sockets.values();
    server!.volatile.emit("text", "a string at the end");
    server!.volatile.emit("text");
    await expect.poll(() => got.length, { timeout: 10_000 }).toBeGreaterThan(1);
    server!.conn.close();
    await once(socket, "disconnect");
    host.io.emit("event", 2);
    await once(socket, "connect");
    expect([socket.recovered, socket.id]).toEqual([true, id]);
    expect(got.filter((n) => n === 2)).toEqual([2]);
    socket.disconnect();
    await host.close();
  });
});

describe("MessagePack", () => {
  it.each(["polling", "websocket"])("is spoken by its entry point over %s", async (transport) => {
    const host = await startServer({ parser: officialMsgpack });
    host.io.on("connection", (socket) => socket.on("echo", (value, answer) => answer(value)));
    const socket = msgpackIo(host.url, { forceNew: true, transports: [transport] });
    const value = { text: "ß", list: [1, 2.5, null], bytes: Buffer.from([1, 2, 3]) };
    expect(await socket.emitWithAck("echo", value)).toEqual(value);
    socket.disconnect();
    await host.close();
  });

  it("is spoken by a foreign parser, given as an option", async () => {
    const host = await startServer({ parser: officialMsgpack });
    host.io.on("connection", (socket) => socket.on("echo", (value, answer) => answer(value)));
    const socket = io(host.url, { forceNew: true, parser: officialMsgpack as unknown as Parser });
    expect(await socket.emitWithAck("echo", { a: [1] })).toEqual({ a: [1] });
    socket.disconnect();
    await host.close();
  });
});
