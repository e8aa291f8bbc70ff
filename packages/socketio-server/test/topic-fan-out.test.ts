import type { EngineData, EngineSocket, EngineTopics, PreparedMessage } from "@sockeye/engine-server";
import { MemoryEngine, type MemoryPeer, type MemorySocket } from "@sockeye/testkit";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Server, type ServerOptions, type Socket } from "../src/index.js";
import { keep } from "./support/harness.js";
import { joined, texts, turn } from "./support/memory.js";

/** The in-memory engine with prepared messages and topics; sockets in `slow` cannot take part. */
class TopicEngine extends MemoryEngine {
  readonly slow = new Set<EngineSocket>();
  readonly subscribers = new Map<string, Set<EngineSocket>>();
  /** Prepared messages that a socket was given. */
  readonly given = new Map<EngineSocket, number>();
  published = 0;
  /** Of them to those outside of a room. */
  publishedOutside = 0;

  constructor() {
    super();
    this.prependListener("connection", (socket: MemorySocket) => {
      const writePrepared = (message: PreparedMessage): void => {
        this.given.set(socket, (this.given.get(socket) ?? 0) + 1);
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
    publish: (topic, messages, options) => {
      const prepared = this.prepare(messages);
      this.published++;
      if (topic.startsWith("1-")) this.publishedOutside++;
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
      ["1+/room", 8],
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

  it("does not reach a socket that was taken out of all rooms, as other engines do not", async () => {
    const { io, engine } = setUp();
    const peers = [await joined(engine), await joined(engine)];
    const [a, b] = socketsOf(io);
    await crowd(io, engine);
    io.emit("before");
    io.of("/").adapter.delAll(a.id);
    io.emit("without a");
    b.broadcast.emit("to neither");
    a.join("room");
    io.emit("again");
    await turn();
    expect(peers.map(names)).toEqual([
      ["before", "again"],
      ["before", "without a", "again"],
    ]);
  });

  it("publishes to those outside a room when it is left out again and again", async () => {
    const { io, engine } = setUp();
    const peers = [await joined(engine), await joined(engine), await joined(engine)];
    const [a, b, c] = socketsOf(io);
    await crowd(io, engine);
    a.join("room");
    io.except("room").emit("one");
    expect(engine.published, "once is not again").toBe(0);
    io.except("room").emit("two");
    b.broadcast.except("room").emit("three");
    a.broadcast.except("room").emit("four");
    b.join("room");
    a.leave("room");
    io.except("room").emit("five");
    expect(engine.published).toBe(4);
    io.except(["room", "room of nobody"]).emit("six");
    expect(engine.published).toBe(5);
    c.join("another room");
    io.except(["room", "another room"]).emit("seven");
    io.to("room").except("room").emit("to nobody");
    expect(engine.published).toBe(5);
    await turn();
    expect(peers.map(names)).toEqual([
      ["five", "six", "seven"],
      ["one", "two", "four"],
      ["one", "two", "three", "four", "five", "six"],
    ]);
  });

  it("knows who is outside of a room as sockets come, go and leave it, and when it is no more", async () => {
    const { io, engine } = setUp();
    await joined(engine);
    await crowd(io, engine);
    const [a, b] = socketsOf(io);
    a.join("room");
    b.join("room");
    for (let n = 0; n < 2; n++) io.except("room").emit("x");
    const outside = () => engine.subscribers.get("1-/room")?.size;
    expect(outside()).toBe(7);
    const peer = await joined(engine);
    expect(outside()).toBe(8);
    peer.close();
    expect(outside()).toBe(7);
    a.disconnect();
    expect(outside()).toBe(7);
    b.leave("room");
    expect(outside(), "the room is no more").toBe(undefined);
    b.join("room");
    io.except("room").emit("x");
    expect(outside()).toBe(undefined);
    io.except("room").emit("x");
    expect(outside()).toBe(7);
    io.adapter(io.adapter());
    expect(engine.subscribers.size).toBe(0);
  });

  it("has topics for the outsides of a few rooms only", async () => {
    const { io, engine } = setUp();
    await crowd(io, engine);
    const [a] = socketsOf(io);
    for (const room of ["1", "2", "3", "4", "5"]) {
      a.join(room);
      for (let n = 0; n < 2; n++) io.except(room).emit("x");
    }
    expect([...engine.subscribers.keys()].filter((topic) => topic.startsWith("1-"))).toHaveLength(4);
    a.leave("1");
    for (let n = 0; n < 2; n++) io.except("5").emit("x");
    expect(engine.subscribers.has("1-/5")).toBe(true);
  });

  it("gives no two crowds one topic, whatever rooms and namespaces are called", async () => {
    const { io, engine } = setUp();
    const other = io.of("/\u001froom");
    const peer = await joined(engine, "0/\u001froom,");
    for (let n = 0; n < 7; n++) await joined(engine, "0/\u001froom,");
    await crowd(io, engine, "room");
    other.emit("all of the other");
    io.to("room").emit("a room");
    await turn();
    expect(names(peer)).toEqual(["all of the other"]);
  });

  // Invariant: a publish reaches whom a walk reaches, after any history.
  it("reaches those who are meant", async () => {
    const room = fc.constantFrom("a", "b");
    const step = fc.record({
      what: fc.constantFrom("join", "leave", "except", "except", "to", "all", "come", "go"),
      room,
    });
    const targets = {
      all: (io: Server) => [io, () => true] as const,
      to: (io: Server, room: string) => [io.to(room), ({ rooms }: Socket) => rooms.has(room)] as const,
      except: (io: Server, room: string) => [io.except(room), ({ rooms }: Socket) => !rooms.has(room)] as const,
    };
    const play = async (
      { what, room }: { what: string; room: string },
      who: number,
      io: Server,
      engine: TopicEngine,
    ) => {
      const all = socketsOf(io);
      const socket = all[who % all.length];
      if (what === "come") await joined(engine);
      else if (what === "join") socket?.join(room);
      else if (what === "leave") socket?.leave(room);
      else if (what === "go") socket?.disconnect(true);
      else {
        const [target, isMeant] = targets[what as keyof typeof targets](io, room);
        engine.given.clear();
        target.emit("x");
        const given = all.map(({ conn }) => engine.given.get(conn as never) ?? 0);
        expect(given).toEqual(all.map((one) => (isMeant(one) ? 1 : 0)));
      }
    };
    let published = 0;
    let outside = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(step, fc.nat(20)), { minLength: 20, maxLength: 60, size: "max" }),
        async (history) => {
          const { io, engine } = setUp();
          await crowd(io, engine);
          for (const [one, who] of history) await play(one, who, io, engine);
          published += engine.published;
          outside += engine.publishedOutside;
        },
      ),
      { numRuns: 25 },
    );
    expect(published).toBeGreaterThan(20);
    expect(outside).toBeGreaterThan(5);
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
