import { MemoryEngine } from "@sockeye/testkit";
import { afterEach, describe, expect, it, vi } from "vitest";
import { Server, type Socket } from "../src/index.js";
import { keep, once } from "./support/harness.js";
import { inMemory, joined, texts, turn } from "./support/memory.js";

afterEach(() => {
  vi.restoreAllMocks();
});

describe("handlers are owned", () => {
  it("one that throws or rejects ends neither the process nor the connection", async () => {
    const { io, engine, reported } = inMemory();
    io.on("connection", (socket) => {
      socket.on("sync", () => {
        throw new Error("sync");
      });
      socket.on("async", async () => {
        throw new Error("async");
      });
      socket.on("odd", () => {
        throw "not an error";
      });
      socket.on("fine", () => socket.emit("fine"));
    });
    const peer = await joined(engine);
    for (const event of ["sync", "async", "odd", "fine"]) peer.send(`2["${event}"]`);
    await turn();
    const [socket] = [...io.sockets.sockets.values()];
    expect(texts(peer)).toEqual(['2["fine"]']);
    expect(reported.map(({ error, context }) => [error.message, context.event, context.socket]).sort()).toEqual([
      ["a handler threw not an error", "odd", socket],
      ["async", "async", socket],
      ["sync", "sync", socket],
    ]);
    expect(reported.find(({ context }) => context.event === "odd")?.error.cause).toBe("not an error");
  });

  it("so are listeners of every life-cycle event, and catch-all listeners", async () => {
    const { io, engine, reported } = inMemory();
    const fail = (): never => {
      throw new Error("boom");
    };
    let second = 0;
    io.on("connection", (socket) => {
      socket.onAny(fail);
      socket.onAny(() => second++);
      socket.onAnyOutgoing(fail);
      socket.on("disconnecting", fail);
      socket.on("disconnect", fail);
      fail();
    });
    io.on("new_namespace", fail);
    io.of("/new");
    const peer = await joined(engine);
    const other = await joined(engine);
    peer.send('2["x"]');
    await turn();
    io.emit("to all");
    await turn();
    expect([texts(peer), texts(other), second]).toEqual([['2["to all"]'], ['2["to all"]'], 1]);
    peer.close();
    expect(reported.map(({ context }) => String(context.event))).toEqual([
      "new_namespace",
      "connection",
      "connection",
      "x",
      "to all",
      "to all",
      "disconnecting",
      "disconnect",
    ]);
    expect(io.sockets.sockets.size).toBe(1);
  });

  it("without a hook the error is printed with its stack", async () => {
    const print = vi.spyOn(console, "error").mockImplementation(() => {});
    const io = keep(new Server());
    const engine = new MemoryEngine();
    io.bind(engine);
    const failure = new Error("printed");
    io.on("connection", () => {
      throw failure;
    });
    await joined(engine);
    expect(print).toHaveBeenCalledWith(expect.stringContaining("connection"), failure);
    const told: unknown[] = [];
    expect(io.onError((error) => told.push(error))).toBe(io);
    await joined(engine);
    expect(told).toEqual([failure]);
    expect(print).toHaveBeenCalledTimes(1);
  });

  it("a hook that throws is survived", async () => {
    const print = vi.spyOn(console, "error").mockImplementation(() => {});
    const { io, engine } = inMemory();
    io.onError(() => {
      throw new Error("hook");
    });
    io.on("connection", () => {
      throw new Error("handler");
    });
    const peer = await joined(engine);
    expect(peer.closed).toBe(false);
    expect(print).toHaveBeenCalledTimes(1);
  });

  it("a packet middleware that throws or rejects drops the event, and tells the hook and the socket", async () => {
    const { io, engine, reported } = inMemory();
    const arrival = once<Socket>(io, "connection");
    const peer = await joined(engine);
    const socket = await arrival;
    const errors: string[] = [];
    let handled = 0;
    socket.on("error", (error) => errors.push(error.message));
    socket.on("x", () => handled++);
    socket.use(async ([event]) => {
      if (event === "x") throw new Error("rejected");
    });
    peer.send('2["x"]');
    await turn();
    expect([handled, errors, reported[0]?.context.event]).toEqual([0, ["rejected"], "packet middleware"]);
  });

  it("a matcher of namespaces that throws refuses", async () => {
    const { io, engine, reported } = inMemory();
    io.of(() => {
      throw new Error("matcher");
    });
    const peer = await joined(engine, "0/x,");
    expect(reported.map(({ context }) => context.event)).toEqual(["namespace matcher"]);
    expect(peer.received).toEqual(['4/x,{"message":"Invalid namespace"}']);
  });

  it("an error whose data cannot be written down still refuses", async () => {
    const { io, engine, reported } = inMemory();
    const ring: unknown[] = [];
    ring.push(ring);
    io.use((_socket, next) => next(Object.assign(new Error("no"), { data: ring })));
    const peer = await joined(engine);
    expect(peer.received).toEqual(['4{"message":"no"}']);
    expect(reported).toHaveLength(1);
  });
});
