import { InMemoryAdapter } from "@sockeye/adapter-base";
import { describe, expect, it } from "vitest";
import type { Socket } from "../src/index.js";
import { once, until } from "./support/harness.js";
import { inMemory, joined, texts, turn } from "./support/memory.js";

const refused = (error: Error & { data?: unknown }) => error;

describe("joining a namespace", () => {
  it("answers with the socket's id, and nothing else while recovery is off", async () => {
    const { io, engine } = inMemory();
    const arrival = once<Socket>(io, "connection");
    const peer = await joined(engine);
    expect(peer.received).toEqual([`0${JSON.stringify({ sid: (await arrival).id })}`]);
    expect((await arrival).id).toMatch(/^[A-Za-z0-9_-]{20}$/);
  });

  it("several CONNECTs in one breath give one socket", async () => {
    const { io, engine } = inMemory();
    const arrivals: Socket[] = [];
    io.on("connection", (socket) => arrivals.push(socket));
    io.use((_socket, next) => setTimeout(next, 5));
    const peer = engine.connect();
    for (let i = 0; i < 3; i++) peer.send("0");
    await until(() => arrivals.length > 0);
    await turn();
    expect(arrivals).toHaveLength(1);
    expect(peer.received).toHaveLength(1);
    expect(io.sockets.sockets.size).toBe(1);
  });

  it("runs middlewares in order, before the socket is connected", async () => {
    const { io, engine } = inMemory();
    const log: unknown[] = [];
    io.use((socket, next) => {
      log.push("first", socket.connected, io.sockets.sockets.has(socket.id), socket.rooms.size);
      next();
    });
    io.use(async (socket) => {
      await turn();
      socket.data.user = "ann";
      log.push("second");
    });
    io.use((socket, next) => {
      log.push(socket.data.user);
      next();
    });
    io.on("connect", (socket) => log.push("connect", socket.connected, [...socket.rooms].length));
    io.on("connection", () => log.push("connection"));
    await joined(engine);
    await until(() => log.includes("connection"));
    expect(log).toEqual(["first", false, false, 0, "second", "ann", "connect", true, 1, "connection"]);
  });

  it("is refused with the error's message and data; later middlewares do not run, rooms are left", async () => {
    const { io, engine } = inMemory();
    let later = 0;
    io.use((socket, next) => {
      socket.join("room");
      next(refused(Object.assign(new Error("not authorized"), { data: { retry: true } })));
    });
    io.use((_socket, next) => {
      later++;
      next();
    });
    const peer = await joined(engine);
    expect(peer.received).toEqual(['4{"message":"not authorized","data":{"retry":true}}']);
    expect([later, io.sockets.adapter.rooms.size, io.sockets.adapter.sids.size]).toEqual([0, 0, 0]);
    expect(io.inspect().namespaces["/"]?.connecting).toBe(0);
    expect(peer.closed).toBe(false);
  });

  it("is refused by a middleware that throws or rejects, and the hook hears of it", async () => {
    for (const middleware of [
      () => {
        throw new Error("thrown");
      },
      async () => {
        throw new Error("thrown");
      },
      async (_socket: Socket, _next: () => void) => Promise.reject(new Error("thrown")),
    ]) {
      const { io, engine, reported } = inMemory();
      io.use(middleware);
      const peer = await joined(engine);
      expect(peer.received).toEqual(['4{"message":"thrown"}']);
      expect(reported.map(({ context }) => context.event)).toEqual(["middleware"]);
    }
  });

  it("a second next() is ignored", async () => {
    const { io, engine } = inMemory();
    let arrivals = 0;
    io.use((_socket, next) => {
      next();
      next();
      next(new Error("too late"));
    });
    io.on("connection", () => arrivals++);
    const peer = await joined(engine);
    expect([arrivals, peer.received.length]).toEqual([1, 1]);
  });

  it("a middleware that never answers meets its deadline", async () => {
    const { io, engine } = inMemory({ middlewareTimeout: 20 });
    io.use((_socket, _next) => {});
    const peer = await joined(engine);
    await until(() => peer.received.length > 0);
    expect(peer.received).toEqual(['4{"message":"a middleware did not answer within 20 ms"}']);
    expect(io.inspect().namespaces["/"]?.connecting).toBe(0);
  });

  it("a function that may still call next() is not taken for one that has answered", async () => {
    const { io, engine } = inMemory();
    let arrivals = 0;
    io.use((...args: unknown[]) => void args);
    io.on("connection", () => arrivals++);
    await joined(engine);
    expect(arrivals).toBe(0);
  });

  it("leaves no trace when the connection ends in a middleware", async () => {
    const { io, engine } = inMemory();
    let release = (): void => {};
    let candidate: Socket | undefined;
    const events: string[] = [];
    io.use((socket, next) => {
      candidate = socket;
      socket.join("room");
      socket.on("disconnect", () => events.push("disconnect"));
      release = next;
    });
    io.on("connection", () => events.push("connection"));
    const peer = await joined(engine);
    peer.close();
    release();
    await turn();
    candidate?.join("afterwards");
    expect(events).toEqual([]);
    expect([io.sockets.adapter.rooms.size, io.inspect().connections]).toEqual([0, 0]);
    expect(io.inspect().namespaces["/"]?.connecting).toBe(0);
  });

  it("other namespaces have their own middlewares", async () => {
    const { io, engine } = inMemory();
    io.use((_socket, next) => next(new Error("closed")));
    io.of("/open");
    const peer = await joined(engine, "0/open,");
    expect(String(peer.received[0])).toMatch(/^0\/open,/);
  });

  it("limits namespaces and pending joins of one connection", async () => {
    const { io, engine } = inMemory({ limits: { namespacesPerConnection: 2, pendingConnects: 1 } });
    for (const name of ["/a", "/b", "/c"]) io.of(name);
    const peer = engine.connect();
    peer.send("0/a,");
    peer.send("0/b,");
    expect(String(peer.received)).toBe("");
    await turn();
    expect(peer.received.map((data) => String(data).slice(0, 4))).toEqual(["4/b,", "0/a,"]);
    expect(String(peer.received[0])).toContain("ERR_SOCKEYE_SERVER_TOO_MANY_CONNECTS");
    peer.send("0/b,");
    await turn();
    peer.send("0/c,");
    await turn();
    expect(String(peer.received.at(-1))).toContain("ERR_SOCKEYE_SERVER_TOO_MANY_NAMESPACES");
    expect(peer.closed).toBe(false);
  });

  it("waits for an adapter that is still starting, and refuses when it cannot", async () => {
    let ready = (): void => {};
    class Slow extends InMemoryAdapter {
      override init(): Promise<void> {
        return new Promise((resolve) => {
          ready = resolve;
        });
      }
    }
    const slow = inMemory({ adapter: Slow });
    const peer = await joined(slow.engine);
    expect(peer.received).toEqual([]);
    ready();
    await turn();
    expect(peer.received).toHaveLength(1);

    class Broken extends InMemoryAdapter {
      override async init(): Promise<void> {
        throw new Error("no broker");
      }
    }
    const broken = inMemory({ adapter: Broken });
    const unlucky = await joined(broken.engine);
    expect(unlucky.received).toEqual(['4{"message":"no broker"}']);
    expect(broken.reported.map(({ error }) => error.message)).toEqual(["no broker"]);
  });
});

describe("clients of protocol 3", () => {
  it("are in the main namespace at once, and get bare errors", async () => {
    const { io, engine } = inMemory();
    const arrival = once<Socket>(io, "connection");
    const peer = engine.connect({ protocol: 3 });
    const socket = await arrival;
    await turn();
    expect(peer.received).toEqual(["0"]);
    expect(socket.id).toBe(socket.conn.id);
    io.of("/admin").use((_socket, next) => next(refused(Object.assign(new Error("no"), { data: "go away" }))));
    peer.send("0/admin?token=abc,");
    await turn();
    expect(peer.received.at(-1)).toBe('4/admin,"go away"');
  });

  it("name a namespace together with a query, which is their auth", async () => {
    const { io, engine } = inMemory();
    const arrival = once<Socket>(io.of("/chat"), "connection");
    const peer = engine.connect({ protocol: 3 });
    peer.send("0/chat?token=abc,");
    const socket = await arrival;
    await turn();
    expect(socket.handshake.auth).toEqual({ token: "abc" });
    expect(socket.id).toBe(`/chat#${socket.conn.id}`);
    expect(peer.received).toContain("0/chat,");
    peer.send('2/chat,["x"]');
    await turn();
    expect(texts(peer)).toEqual([]);
    expect(peer.closed).toBe(false);
  });
});
