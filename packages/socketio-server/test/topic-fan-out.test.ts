import type { EngineData, EngineSocket, EngineTopics, PreparedMessage } from "@sockeye/engine-server";
import { MemoryEngine, type MemoryPeer, type MemorySocket } from "@sockeye/testkit";
import { describe, expect, it } from "vitest";
import { Server, type ServerOptions, type Socket } from "../src/index.js";
import { keep } from "./support/harness.js";
import { joined, texts, turn } from "./support/memory.js";

/** The in-memory engine with prepared messages and topics; sockets in `slow` cannot take part. */
class TopicEngine extends MemoryEngine {
  readonly slow = new Set<EngineSocket>();
  readonly subscribers = new Map<string, Set<EngineSocket>>();
  published = 0;

  constructor() {
    super();
    this.prependListener("connection", (socket: MemorySocket) => {
      const writePrepared = (message: PreparedMessage): void => {
        for (const chunk of message as unknown as EngineData[]) socket.write(chunk);
      };
      Object.assign(socket, { writePrepared });
    });
  }

  prepare(messages: readonly EngineData[]): PreparedMessage {
    return messages as unknown as PreparedMessage;
  }

  readonly topics: EngineTopics = {
    subscribe: (socket, topic) => {
      if (this.slow.has(socket)) return false;
      if (!this.subscribers.has(topic)) this.subscribers.set(topic, new Set());
      this.subscribers.get(topic)?.add(socket);
      return true;
    },
    unsubscribe: (socket, topic) => {
      const subscribers = this.subscribers.get(topic);
      subscribers?.delete(socket);
      if (subscribers?.size === 0) this.subscribers.delete(topic);
    },
    publish: (topic, prepared, options) => {
      this.published++;
      for (const socket of this.subscribers.get(topic) ?? []) {
        if (socket !== options?.except) socket.writePrepared?.(prepared);
      }
    },
  };
}

function setUp(options: Partial<ServerOptions> = {}) {
  const io = keep(new Server(options));
  const engine = new TopicEngine();
  io.bind(engine);
  return { io, engine };
}

/** Enough others to make a crowd of whatever they join. */
async function crowd(io: Server, engine: TopicEngine, ...rooms: string[]): Promise<void> {
  const known = new Set(io.sockets.sockets.keys());
  for (let n = 0; n < 8; n++) await joined(engine);
  for (const [id, socket] of io.sockets.sockets) if (!known.has(id)) socket.join(rooms);
}

const socketsOf = (io: Server) => [...io.sockets.sockets.values()] as [Socket, Socket, Socket];
const names = (peer: MemoryPeer) => texts(peer).map((text) => /\["([^"]+)"/.exec(text)?.[1]);

describe("an engine with topics", () => {
  it("publishes to everybody, to a room, and to a room without the sender", async () => {
    const { io, engine } = setUp();
    const peers = [await joined(engine), await joined(engine), await joined(engine)];
    const [a, b] = socketsOf(io);
    await crowd(io, engine, "room");
    a.join("room");
    b.join("room");
    io.emit("all");
    io.to("room").emit("room");
    a.to("room").emit("room without a");
    a.broadcast.emit("all without a");
    io.except(b.id).emit("all without b");
    expect(engine.published).toBe(5);
    await turn();
    expect(peers.map(names)).toEqual([
      ["all", "room", "all without b"],
      ["all", "room", "room without a", "all without a"],
      ["all", "all without a", "all without b"],
    ]);
  });

  it("goes from socket to socket where a publish does not fit", async () => {
    const { io, engine } = setUp();
    const peers = [await joined(engine), await joined(engine)];
    const [a, b] = socketsOf(io);
    await crowd(io, engine);
    a.join(["x", "y"]);
    b.join("y");
    io.to("x").emit("few");
    io.to(["x", "y"]).emit("two rooms");
    io.except("x").emit("without a room");
    io.to(a.id).emit("one");
    io.volatile.emit("volatile");
    const watch = (): void => {};
    a.onAnyOutgoing(watch);
    io.emit("watched");
    expect(engine.published).toBe(0);
    a.offAnyOutgoing(watch);
    io.emit("no longer watched");
    expect(engine.published).toBe(1);
    await turn();
    expect(peers.map(names)).toEqual([
      ["few", "two rooms", "one", "volatile", "watched", "no longer watched"],
      ["two rooms", "without a room", "volatile", "watched", "no longer watched"],
    ]);
  });

  it("writes to those who cannot take part, until they can", async () => {
    const { io, engine } = setUp();
    engine.prependListener("connection", (socket: MemorySocket) => void engine.slow.add(socket));
    const peer = await joined(engine);
    const [a] = socketsOf(io);
    a.join("room");
    await crowd(io, engine, "room");
    io.emit("one");
    io.to("room").emit("two");
    a.broadcast.emit("never");
    expect([engine.published, engine.subscribers.size]).toEqual([3, 0]);
    engine.slow.clear();
    (a.conn as unknown as MemorySocket).emit("upgrade");
    expect(engine.subscribers.size).toBe(2);
    io.emit("three");
    io.to("room").emit("four");
    await turn();
    expect(names(peer)).toEqual(["one", "two", "three", "four"]);
  });

  it("subscribes who joins, and unsubscribes who leaves a room, the namespace or altogether", async () => {
    const { io, engine } = setUp();
    await crowd(io, engine, "room");
    expect(engine.subscribers.size, "nothing was broadcast yet").toBe(0);
    io.emit("all");
    io.to("room").emit("room");
    const sizes = () => [...engine.subscribers].map(([topic, sockets]) => [topic, sockets.size]);
    expect(sizes()).toEqual([
      ["/", 8],
      ["/\u001froom", 8],
    ]);
    const peer = await joined(engine);
    const late = socketsOf(io).at(-1)!;
    late.join("room");
    expect(sizes().map(([, size]) => size)).toEqual([9, 9]);
    late.leave("room");
    expect(sizes().map(([, size]) => size)).toEqual([9, 8]);
    peer.close();
    expect(sizes().map(([, size]) => size)).toEqual([8, 8]);
    io.socketsLeave("room");
    io.disconnectSockets();
    expect(engine.subscribers.size).toBe(0);
    const again = await joined(engine);
    await crowd(io, engine, "room");
    io.to("room").emit("room");
    io.emit("all");
    await turn();
    expect(names(again)).toEqual(["all"]);
  });

  it("carries offsets when sessions can be resumed", async () => {
    const { io, engine } = setUp({ connectionStateRecovery: {} });
    const peer = await joined(engine);
    await crowd(io, engine);
    io.emit("all", 1);
    await turn();
    expect(engine.published).toBe(1);
    expect(JSON.parse(texts(peer)[0]!.slice(1))).toEqual(["all", 1, expect.stringMatching(/^~/)]);
  });

  it("rooms that were joined in a middleware are served", async () => {
    const { io, engine } = setUp();
    io.use((socket, next) => {
      socket.join("early");
      next();
    });
    const peer = await joined(engine);
    const second = await joined(engine);
    await crowd(io, engine);
    io.to("early").emit("early");
    expect(engine.published).toBe(1);
    await turn();
    expect([names(peer), names(second)]).toEqual([["early"], ["early"]]);
  });

  it("a new adapter starts with no subscriptions", async () => {
    const { io, engine } = setUp();
    const peer = await joined(engine);
    await crowd(io, engine);
    io.emit("before");
    expect(engine.subscribers.size).toBe(1);
    io.adapter(io.adapter());
    expect(engine.subscribers.size).toBe(0);
    const second = await joined(engine);
    io.emit("x");
    await turn();
    expect([names(peer), names(second)]).toEqual([["before"], ["x"]]);
  });
});
