import { ADAPTER_HOST, InMemoryAdapter } from "@sockeye/adapter-base";
import { describe, expect, it } from "vitest";
import type { Namespace, Socket } from "../src/index.js";
import { until } from "./support/harness.js";
import { inMemory, joined, texts, turn } from "./support/memory.js";

describe("a namespace", () => {
  it("is made once, with or without the leading slash", () => {
    const { io } = inMemory();
    const created: string[] = [];
    io.on("new_namespace", (namespace) => created.push(namespace.name));
    const chat = io.of("/chat");
    expect(io.of("chat")).toBe(chat);
    expect(io.of("/")).toBe(io.sockets);
    expect([chat.name, io.sockets.name, created]).toEqual(["/chat", "/", ["/chat"]]);
    expect(chat.server).toBe(io);
  });

  it("keeps its sockets and broadcasts to itself", async () => {
    const { io, engine } = inMemory();
    io.of("/chat");
    const main = await joined(engine);
    const chat = await joined(engine, "0/chat,");
    expect(io.of("/chat").sockets.size).toBe(1);
    io.of("/chat").emit("to chat");
    io.emit("to main");
    await turn();
    expect([texts(main), texts(chat)]).toEqual([['2["to main"]'], ['2/chat,["to chat"]']]);
  });

  it("listener of `of` hears of connections", async () => {
    const { io, engine } = inMemory();
    const heard: Socket[] = [];
    io.of("/chat", (socket) => heard.push(socket));
    await joined(engine, "0/chat,");
    expect(heard).toHaveLength(1);
  });

  it("emits connect, then connection", async () => {
    const { io, engine } = inMemory();
    const log: string[] = [];
    io.on("connection", () => log.push("connection")).on("connect", () => log.push("connect"));
    await joined(engine);
    expect(log).toEqual(["connect", "connection"]);
  });

  it("operates on many sockets", async () => {
    const { io, engine } = inMemory();
    const peers = [await joined(engine), await joined(engine), await joined(engine)];
    const [a, b, c] = [...io.sockets.sockets.values()] as [Socket, Socket, Socket];
    a.join("one");
    b.join("two");
    io.socketsJoin("all");
    io.in("one").socketsJoin(["x", "y"]);
    io.in(b.id).socketsJoin("mine");
    io.in(["one", "two"]).socketsLeave("all");
    expect([[...a.rooms], [...b.rooms], [...c.rooms]]).toEqual([
      [a.id, "one", "x", "y"],
      [b.id, "two", "mine"],
      [c.id, "all"],
    ]);
    expect(await io.in("one").fetchSockets()).toEqual([a]);
    expect((await io.fetchSockets()).map(({ id }) => id)).toEqual([a.id, b.id, c.id]);
    expect(await io.allSockets()).toEqual(new Set([a.id, b.id, c.id]));
    expect(await io.except("all").allSockets()).toEqual(new Set([a.id, b.id]));
    io.socketsLeave("all");
    expect([...c.rooms]).toEqual([c.id]);
    io.in("one").disconnectSockets();
    io.local.in("two").disconnectSockets(true);
    await turn();
    expect(peers.map((peer) => peer.closed)).toEqual([false, true, false]);
    expect(texts(peers[0]!)).toEqual(["1"]);
    expect(io.sockets.sockets.size).toBe(1);
  });

  it("reaches nobody twice, and operators are immutable", async () => {
    const { io, engine } = inMemory();
    const peer = await joined(engine);
    const other = await joined(engine);
    const [a] = [...io.sockets.sockets.values()] as [Socket];
    a.join(["one", "two", "three"]);
    const one = io.to("one");
    const both = one.to(["two", "three"]);
    const none = both.except("one");
    one.emit("1");
    both.emit("2");
    none.emit("3");
    io.except(["one", "nobody"]).emit("4");
    io.compress(false).emit("5");
    io.send("6");
    io.write("7");
    await turn();
    expect(texts(peer)).toEqual(['2["1"]', '2["2"]', '2["5"]', '2["message","6"]', '2["message","7"]']);
    expect(texts(other)).toEqual(['2["4"]', '2["5"]', '2["message","6"]', '2["message","7"]']);
  });

  it("serverSideEmit refuses reserved names and reaches nobody on a server that stands alone", async () => {
    const { io } = inMemory();
    for (const name of ["connect", "connection", "new_namespace"]) {
      expect(() => io.serverSideEmit(name)).toThrow(`"${name}" is a reserved event name`);
      await expect(io.of("/x").serverSideEmitWithAck(name)).rejects.toThrow(/reserved/);
    }
    let heard = 0;
    io.on("hello", () => heard++);
    expect(io.serverSideEmit("hello", "world")).toBe(true);
    expect(await io.serverSideEmitWithAck("hello")).toEqual([]);
    expect(heard).toBe(0);
  });

  it("hears of events from other servers, and answers them", async () => {
    const { io } = inMemory();
    io.on("ping", (answer: (text: string) => void) => answer("pong"));
    const answer = await new Promise((resolve) => io.sockets[ADAPTER_HOST].onServerSideEmit(["ping", resolve]));
    expect(answer).toBe("pong");
  });

  it("takes what came before it in order, socket.emit and io.emit alike", async () => {
    const { io, engine } = inMemory();
    const peer = await joined(engine);
    const [socket] = [...io.sockets.sockets.values()] as [Socket];
    for (let n = 0; n < 10; n++) {
      if (n % 2) io.emit("n", n);
      else socket.emit("n", n);
    }
    await turn();
    expect(texts(peer)).toEqual([...Array(10).keys()].map((n) => `2["n",${n}]`));
  });

  it("gets its adapter anew when the server's changes", async () => {
    class Mine extends InMemoryAdapter {}
    const { io, engine } = inMemory();
    const chat = io.of("/chat");
    expect(io.adapter()).toBe(InMemoryAdapter);
    expect(io.adapter(Mine)).toBe(io);
    expect([io.sockets.adapter, chat.adapter, io.of("/later").adapter].every((a) => a instanceof Mine)).toBe(true);
    io.adapter((namespace) => new Mine(namespace));
    expect(chat.adapter).toBeInstanceOf(Mine);
    const peer = await joined(engine);
    io.emit("still works");
    await turn();
    expect(texts(peer)).toEqual(['2["still works"]']);
  });

  it("tells the adapter's room events", async () => {
    const { io, engine } = inMemory();
    const log: unknown[] = [];
    for (const event of ["create-room", "join-room", "leave-room", "delete-room"]) {
      io.of("/").adapter.on(event, ((room: string) => room === "room" && log.push(event)) as never);
    }
    await joined(engine);
    const [socket] = [...io.sockets.sockets.values()] as [Socket];
    socket.join("room");
    socket.leave("room");
    expect(log).toEqual(["create-room", "join-room", "leave-room", "delete-room"]);
  });

  it("reports an adapter in trouble", () => {
    const { io, reported } = inMemory();
    (io.sockets.adapter as unknown as { emit(event: string, error: Error): void }).emit("error", new Error("broker"));
    expect(reported.map(({ error, context }) => [error.message, context.event])).toEqual([["broker", "adapter"]]);
  });
});

describe("a parent namespace", () => {
  it("creates children for clients, for a pattern or a function", async () => {
    const { io, engine } = inMemory();
    const created: string[] = [];
    io.on("new_namespace", (namespace) => created.push(namespace.name));
    io.of(/^\/dynamic-\d+$/);
    io.of((name, auth, next) => next(null, name === "/fn" && auth.token === "abc"));
    io.of((_name, _auth, next) => next(new Error("never"), true));
    const answers = [];
    for (const connect of ["0/dynamic-101,", "0/dynamic-x,", '0/fn,{"token":"abc"}', "0/other,", "0/dynamic-101,"]) {
      const peer = await joined(engine, connect);
      answers.push(String(peer.received[0]).slice(0, 6));
    }
    expect(answers).toEqual(["0/dyna", "4/dyna", "0/fn,{", "4/othe", "0/dyna"]);
    expect(created).toEqual(["/dynamic-101", "/fn"]);
    expect(io.inspect().dynamicNamespaces).toBe(2);
  });

  it("a function that never answers meets its deadline", async () => {
    const { io, engine } = inMemory({ middlewareTimeout: 10 });
    let late: (error: null, success: boolean) => void = () => {};
    io.of((_name, _auth, next) => {
      late = next;
    });
    const peer = await joined(engine, "0/x,");
    await until(() => peer.received.length > 0, "the answer");
    expect(String(peer.received[0])).toContain("ERR_SOCKEYE_SERVER_MIDDLEWARE_TIMEOUT");
    late(null, true);
    await turn();
    expect(peer.received).toHaveLength(1);
  });

  it("the first parent that matches wins", async () => {
    const { io, engine } = inMemory();
    const log: string[] = [];
    io.of(/^\/a/).on("connection", () => log.push("first"));
    io.of(/^\/ab/).on("connection", () => log.push("second"));
    await joined(engine, "0/ab,");
    expect(log).toEqual(["first"]);
  });

  it("patterns with g or y do not remember where they stopped", async () => {
    const { io, engine } = inMemory();
    io.of(/^\/g-\d$/g);
    for (const n of [1, 2, 3, 4]) {
      const peer = await joined(engine, `0/g-${n},`);
      expect(String(peer.received[0])).toMatch(/^0/);
    }
  });

  it("of(name) creates a child, and keeps the listener it came with", async () => {
    const { io, engine } = inMemory();
    const log: string[] = [];
    const parent = io.of(/^\/room-\d$/, () => log.push("parent"));
    const child = io.of("/room-1", () => log.push("child"));
    expect(io.of("/room-1")).toBe(child);
    expect((parent as unknown as { children: Set<Namespace> }).children.has(child)).toBe(true);
    await joined(engine, "0/room-1,");
    expect(log).toEqual(["parent", "child"]);
  });

  it("concurrent first clients create one namespace", async () => {
    const { io, engine } = inMemory();
    let created = 0;
    io.on("new_namespace", () => created++);
    io.of((_name, _auth, next) => setTimeout(() => next(null, true), 5));
    const peers = await Promise.all([joined(engine, "0/x,"), joined(engine, "0/x,")]);
    await until(() => peers.every((peer) => peer.received.length > 0), "the answers");
    expect(created).toBe(1);
    expect(peers.map((peer) => peer.received.length)).toEqual([1, 1]);
    expect(io.of("/x").sockets.size).toBe(2);
  });

  it("middlewares and listeners serve every child, whenever they are added", async () => {
    const { io, engine } = inMemory();
    const log: unknown[] = [];
    const parent = io.of(/^\/p-\d$/);
    await joined(engine, "0/p-1,");
    parent.use((socket, next) => {
      log.push("middleware");
      next(socket.nsp.name === "/p-3" ? new Error("full") : undefined);
    });
    parent.on("connection", (socket) => log.push(socket.nsp.name));
    await joined(engine, "0/p-1,");
    await joined(engine, "0/p-2,");
    const refused = await joined(engine, "0/p-3,");
    expect(log).toEqual(["middleware", "/p-1", "middleware", "/p-2", "middleware"]);
    expect(refused.received).toEqual(['4/p-3,{"message":"full"}']);
  });

  it("broadcasts to the sockets of its children, rooms and acknowledgements included", async () => {
    const { io, engine } = inMemory();
    const parent = io.of(/^\/p-\d$/);
    const a = await joined(engine, "0/p-1,");
    const b = await joined(engine, "0/p-2,");
    for (const socket of io.of("/p-2").sockets.values()) socket.join("room");
    parent.emit("all");
    parent.to("room").emit("room");
    parent.except("room").emit("not room");
    await turn();
    expect([texts(a), texts(b)]).toEqual([
      ['2/p-1,["all"]', '2/p-1,["not room"]'],
      ['2/p-2,["all"]', '2/p-2,["room"]'],
    ]);
    for (const how of [parent, parent.local]) {
      const asked = texts(a).length;
      const answers = how.timeout(10_000).emitWithAck("ask");
      await turn();
      const ids = [a, b].map((peer) => /,(\d+)\[/.exec(texts(peer).at(-1)!)?.[1]);
      a.send(`3/p-1,${ids[0]}["a"]`);
      b.send(`3/p-2,${ids[1]}["b"]`);
      expect((await answers).sort()).toEqual(["a", "b"]);
      expect(texts(a).length).toBe(asked + 1);
    }
    parent.socketsJoin("joined");
    expect(io.of("/p-1").adapter.rooms.has("joined")).toBe(true);
    parent.socketsLeave("joined");
    expect(io.of("/p-1").adapter.rooms.has("joined")).toBe(false);
    await expect(parent.fetchSockets()).rejects.toThrow("fetchSockets() is not supported on parent namespaces");
    parent.disconnectSockets();
    expect(io.of("/p-1").sockets.size + io.of("/p-2").sockets.size).toBe(0);
  });

  it("children stay when they are empty, unless cleanup is on", async () => {
    const stay = inMemory();
    stay.io.of(/^\/c-\d$/);
    const kept = await joined(stay.engine, "0/c-1,");
    kept.close();
    expect(stay.io.namespaces.has("/c-1")).toBe(true);

    const { io, engine } = inMemory({ cleanupEmptyChildNamespaces: true });
    io.of(/^\/c-\d$/).use((socket, next) => next(socket.handshake.auth.bad ? new Error("no") : undefined));
    io.of("/static");
    const first = await joined(engine, "0/c-1,");
    const second = await joined(engine, "0/c-1,");
    await joined(engine, "0/static,").then((peer) => peer.close());
    const child = io.of("/c-1");
    first.close();
    await joined(engine, '0/c-2,{"bad":true}');
    await until(() => !io.namespaces.has("/c-2"), "the end of the refused child");
    expect(io.namespaces.has("/c-1")).toBe(true);
    second.close();
    await until(() => !io.namespaces.has("/c-1"), "the end of the empty child");
    expect([...io.namespaces.keys()]).toEqual(["/", "/static"]);
    expect(io.inspect().dynamicNamespaces).toBe(0);
    const back = await joined(engine, "0/c-1,");
    expect(String(back.received[0])).toMatch(/^0/);
    expect(io.of("/c-1")).not.toBe(child);
  });

  it("an empty child may linger for those who come back", async () => {
    const { io, engine } = inMemory({ cleanupEmptyChildNamespaces: true, emptyChildNamespaceLinger: 100 });
    io.of(/^\/c$/);
    const peer = await joined(engine, "0/c,");
    const child = io.of("/c");
    peer.close();
    expect(io.inspect().deadlines).toBe(1);
    const back = await joined(engine, "0/c,");
    await until(() => io.inspect().deadlines === 0, "the end of the wait");
    expect(io.of("/c")).toBe(child);
    back.close();
    await until(() => !io.namespaces.has("/c"), "the end of the child");
  });

  it("clients create a limited number of them", async () => {
    const { io, engine } = inMemory({ limits: { dynamicNamespaces: 2 } });
    io.of(/^\/c-\d$/);
    const answers = [];
    for (const n of [1, 2, 3]) answers.push(String((await joined(engine, `0/c-${n},`)).received[0]));
    expect(answers[1]).toMatch(/^0/);
    expect(answers[2]).toContain("ERR_SOCKEYE_SERVER_TOO_MANY_DYNAMIC_NAMESPACES");
  });

  it("recovery offsets of one child do not reach another", async () => {
    const { io, engine } = inMemory({ connectionStateRecovery: {} });
    const parent = io.of(/^\/p-\d$/);
    const a = await joined(engine, "0/p-1,");
    const b = await joined(engine, "0/p-2,");
    parent.emit("all", 1);
    await turn();
    for (const peer of [a, b]) expect(JSON.parse(texts(peer)[0]!.slice(6))).toHaveLength(3);
  });
});
