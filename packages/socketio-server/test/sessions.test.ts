import { createInMemoryAdapter } from "@sockeye/adapter-base";
import type { MemoryEngine, MemoryPeer } from "@sockeye/testkit";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Server, type Socket } from "../src/index.js";
import { client as connectClient, connected, moment, once, startServer, until } from "./support/harness.js";
import { inMemory, joined, texts, turn } from "./support/memory.js";

interface Greeting {
  sid: string;
  pid: string;
  tag: string;
  offset: string;
  recovery?: string;
}

function greetingOf(peer: MemoryPeer): Greeting {
  const packet = peer.received.filter((data) => String(data).startsWith("0")).at(-1);
  return JSON.parse(String(packet).replace(/^0(\/[^,]*,)?/, ""));
}

function resume(engine: MemoryEngine, pid: string, offset?: string): Promise<MemoryPeer> {
  return joined(engine, `0${JSON.stringify({ pid, offset })}`);
}

/** Events as the wire carried them. */
const events = (peer: MemoryPeer) => texts(peer).map((text) => JSON.parse(text.slice(text.indexOf("["))) as unknown[]);

describe("connection state recovery", () => {
  it("is off by default: no pid, nothing appended", async () => {
    const { io, engine } = inMemory();
    const peer = await joined(engine);
    io.emit("x", 1);
    await turn();
    expect(Object.keys(greetingOf(peer))).toEqual(["sid"]);
    expect(events(peer)).toEqual([["x", 1]]);
  });

  it("resumes id, rooms and data, and sends what was missed in order before CONNECT", async () => {
    const { io, engine } = inMemory({ connectionStateRecovery: {} });
    const first = once<Socket>(io, "connection");
    const peer = await joined(engine);
    const before = await first;
    const { pid, sid, tag, offset } = greetingOf(peer);
    expect([sid, offset.startsWith(tag)]).toEqual([before.id, true]);
    before.join("room");
    before.data.name = "ann";
    before.emit("seen", 0);
    await turn();
    const seen = events(peer).at(-1)?.at(-1) as string;
    expect(seen.startsWith(tag)).toBe(true);
    peer.close();
    io.emit("all", 1);
    before.emit("direct", 2);
    io.to("room").emit("room", 3);
    io.to("elsewhere").emit("elsewhere", 4);
    io.to(sid).emit("private", 5);
    io.volatile.emit("volatile", 6);
    const second = once<Socket>(io, "connection");
    const again = await resume(engine, pid, seen);
    const after = await second;
    expect(events(again).map((event) => event.slice(0, 2))).toEqual([
      ["all", 1],
      ["direct", 2],
      ["room", 3],
      ["private", 5],
    ]);
    expect(String(again.received.at(-1))).toMatch(/^0/);
    expect(greetingOf(again)).toMatchObject({ sid, pid });
    expect([after.id, after.recovered, after.recovery]).toEqual([sid, true, { ok: true, missed: 4 }]);
    expect([[...after.rooms].sort(), after.data]).toEqual([[sid, "room"].sort(), { name: "ann" }]);
  });

  it("resumes a peer that has received no event", async () => {
    const { io, engine } = inMemory({ connectionStateRecovery: {} });
    const peer = await joined(engine);
    const { pid } = greetingOf(peer);
    peer.close();
    io.emit("missed", 1);
    const again = await resume(engine, pid);
    expect(events(again).map((event) => event[0])).toEqual(["missed"]);
    expect(greetingOf(again).pid).toBe(pid);
  });

  it("takes a session over whose old connection is still thought alive", async () => {
    const { io, engine } = inMemory({ connectionStateRecovery: {} });
    const arrivals: Socket[] = [];
    const log: unknown[] = [];
    io.on("connection", (socket) => {
      arrivals.push(socket);
      socket.on("disconnect", (reason) => log.push(reason));
    });
    const peer = await joined(engine);
    arrivals[0]?.join("room");
    const { pid } = greetingOf(peer);
    io.emit("lost on the way", 1);
    arrivals[0]?.emit("lost too", 2);
    const again = await resume(engine, pid);
    expect(events(again).map((event) => event[0])).toEqual(["lost on the way", "lost too"]);
    expect([log, peer.closed]).toEqual([["transport close"], true]);
    expect([...(arrivals[1]?.rooms ?? [])]).toContain("room");
    arrivals[0]?.emit("from the old socket");
    arrivals[1]?.emit("from the new socket");
    await turn();
    expect(events(again).at(-1)?.[0]).toBe("from the new socket");
    expect(io.sockets.sockets.size).toBe(1);
  });

  it("consumes a session once, also when two race for it", async () => {
    const { io, engine } = inMemory({ connectionStateRecovery: {} });
    const peer = await joined(engine);
    const { pid, sid } = greetingOf(peer);
    peer.close();
    const [one, two] = [engine.connect(), engine.connect()];
    one.send(`0${JSON.stringify({ pid })}`);
    two.send(`0${JSON.stringify({ pid })}`);
    await turn();
    expect([...io.sockets.sockets.keys()]).toEqual([sid]);
    expect([one.closed, two.closed]).toEqual([true, false]);
  });

  it("tells both ends why it failed", async () => {
    const { io, engine } = inMemory({ connectionStateRecovery: { maxDisconnectionDuration: 5 } });
    const arrivals: Socket[] = [];
    io.on("connection", (socket) => arrivals.push(socket));
    const unknown = await resume(engine, "nobody's", "~x");
    expect([greetingOf(unknown).recovery, arrivals[0]?.recovery]).toEqual([
      "unknown",
      { ok: false, reason: "unknown" },
    ]);
    expect(arrivals[0]?.recovered).toBe(false);
    const fresh = await joined(engine);
    expect([greetingOf(fresh).recovery, arrivals[1]?.recovery]).toEqual([undefined, { ok: false, reason: "new" }]);
    fresh.close();
    await moment(50);
    const late = await resume(engine, greetingOf(fresh).pid);
    expect(["expired", "unknown"]).toContain(greetingOf(late).recovery);
  });

  it("refuses an offset that is none of its own", async () => {
    const { engine } = inMemory({ connectionStateRecovery: {} });
    const odd = await joined(engine);
    odd.close();
    const invalid = await resume(engine, greetingOf(odd).pid, "not an offset");
    expect(greetingOf(invalid).recovery).toBe("invalid-offset");
    expect(greetingOf(invalid).pid).not.toBe(greetingOf(odd).pid);
  });

  it("forgets a session that either side has ended on purpose", async () => {
    for (const end of ["client", "server"]) {
      const { io, engine } = inMemory({ connectionStateRecovery: {} });
      const peer = await joined(engine);
      const { pid } = greetingOf(peer);
      if (end === "client") peer.send("1");
      else io.disconnectSockets(true);
      const again = await resume(engine, pid);
      expect(greetingOf(again).recovery).toBe("unknown");
    }
  });

  it("skips middlewares, unless told otherwise", async () => {
    for (const skipMiddlewares of [true, false]) {
      const { io, engine } = inMemory({ connectionStateRecovery: { skipMiddlewares } });
      const passes: boolean[] = [];
      io.use(async (socket) => {
        passes.push(socket.recovered);
        io.emit("during", passes.length);
        await turn();
      });
      const peer = await joined(engine);
      await turn();
      const { pid, sid } = greetingOf(peer);
      peer.close();
      io.emit("missed");
      const again = await resume(engine, pid);
      await turn();
      await turn();
      expect(greetingOf(again).sid).toBe(sid);
      expect(passes).toEqual(skipMiddlewares ? [false] : [false, true]);
      expect(events(again).map((event) => event[0])).toEqual(skipMiddlewares ? ["missed"] : ["missed", "during"]);
    }
  });

  it("a middleware may refuse the session, and the peer may come again", async () => {
    const { io, engine } = inMemory({ connectionStateRecovery: { skipMiddlewares: false } });
    let refuse = false;
    io.use((_socket, next) => next(refuse ? new Error("not now") : undefined));
    const peer = await joined(engine);
    const { pid, sid } = greetingOf(peer);
    peer.close();
    refuse = true;
    const refused = await resume(engine, pid);
    expect(refused.received).toEqual(['4{"message":"not now"}']);
    refuse = false;
    const again = await resume(engine, pid);
    expect(greetingOf(again).sid).toBe(sid);
    expect(io.inspect().namespaces["/"]).toMatchObject({ sockets: 1, connecting: 0 });
  });

  it("offsets are on the wire only", async () => {
    const { io, engine } = inMemory({ connectionStateRecovery: {} });
    const seen: unknown[] = [];
    io.on("connection", (socket) => socket.onAnyOutgoing((...args) => seen.push(args)));
    const peer = await joined(engine);
    io.emit("all", 1);
    for (const socket of io.sockets.sockets.values()) socket.emit("one", 2);
    await turn();
    expect(seen).toEqual([
      ["all", 1],
      ["one", 2],
    ]);
    expect(events(peer).map((event) => event.length)).toEqual([3, 3]);
  });

  it("volatile events carry the present offset, events with an acknowledgement none", async () => {
    const { io, engine } = inMemory({ connectionStateRecovery: {} });
    const arrival = once<Socket>(io, "connection");
    const peer = await joined(engine);
    const socket = await arrival;
    socket.emit("first", "text");
    io.volatile.emit("second", "text");
    socket.volatile.emit("third", "text");
    socket.emit("ask", "text", () => {});
    await turn();
    const [first, second, third] = events(peer);
    expect([second?.at(-1), third?.at(-1)]).toEqual([first?.at(-1), first?.at(-1)]);
    expect(texts(peer)[3]).toBe('20["ask","text"]');
  });

  it("is refused at start with an adapter that cannot", () => {
    const Plain = createInMemoryAdapter({ recovery: false });
    expect(() => new Server({ adapter: Plain, connectionStateRecovery: {} })).toThrow(
      expect.objectContaining({ code: "ERR_SOCKEYE_SERVER_RECOVERY_UNSUPPORTED" }),
    );
  });

  it("with a parser that cannot splice, packets are encoded once more", async () => {
    const parser = await import("socket.io-parser");
    const { io, engine } = inMemory({ connectionStateRecovery: {}, parser: parser as never });
    const peer = await joined(engine);
    io.emit("all", 1, Buffer.from("x"));
    await turn();
    const text = texts(peer)[0]!;
    expect(text.startsWith("51-")).toBe(true);
    expect(JSON.parse(text.slice(3))).toHaveLength(4);
  });

  it("serves the official client, quiet or not", async () => {
    const running = await startServer({ connectionStateRecovery: {} });
    const { client } = await connected(running, "/", { reconnection: true, reconnectionDelay: 10 });
    const received: unknown[] = [];
    client.onAny((event, ...args) => received.push(event, args[0]));
    client.io.engine.close();
    running.io.emit("missed", 1);
    await once(client, "connect");
    expect([client.recovered, received]).toEqual([true, ["missed", 1]]);
    running.io.volatile.emit("volatile", "a string");
    await until(() => received.includes("volatile"));
    client.io.engine.close();
    await once(client, "connect");
    expect(client.recovered).toBe(true);
  });

  it("loses, doubles and reorders nothing while the link is cut again and again", async () => {
    const running = await startServer({ connectionStateRecovery: {} });
    const { io } = running;
    const client = connectClient(running.url, {
      reconnection: true,
      reconnectionDelay: 1,
      reconnectionDelayMax: 5,
      transports: ["websocket"],
    });
    const received: number[] = [];
    client.on("n", (n: number) => received.push(n));
    await once(client, "connect");
    let sid = client.id as string;
    client.on("connect", () => {
      sid = client.id as string;
    });
    const total = 600;
    for (let n = 0; n < total; n++) {
      if (n % 3 === 0) io.emit("n", n);
      else if (n % 3 === 1) io.to(sid).emit("n", n);
      else {
        const socket = io.sockets.sockets.get(sid);
        if (socket === undefined) io.to(sid).emit("n", n);
        else socket.emit("n", n);
      }
      if (n % 40 === 7) client.io.engine.close();
      if (n % 5 === 0) await moment(1);
    }
    await until(() => received.at(-1) === total - 1, "the last event");
    expect(received).toEqual([...Array(total).keys()]);
  });

  /**
   * Invariant: whatever is emitted in whatever way, and wherever and however the link is cut, a client that resumes has got
   * every event once and in order.
   */
  it("keeps its promise wherever and however the link is cut", async () => {
    const step = fc.oneof(
      { weight: 12, arbitrary: fc.constantFrom("all", "room", "direct", "private") },
      { weight: 4, arbitrary: fc.constant("read") },
      { weight: 1, arbitrary: fc.constantFrom("cut, noticed", "cut, noticed late", "cut, never noticed") },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 20, maxLength: 150 }), async (steps) => {
        const { io, engine } = inMemory({ connectionStateRecovery: {} });
        let socket!: Socket;
        io.on("connection", (arrived) => {
          socket = arrived;
          if (!arrived.recovered) arrived.join("room");
        });
        let peer = await joined(engine);
        const { pid } = greetingOf(peer);
        const got: number[] = [];
        let offset: string | undefined;
        let readUpTo = 0;
        const read = (): void => {
          for (; readUpTo < peer.received.length; readUpTo++) {
            const text = String(peer.received[readUpTo]);
            if (!text.startsWith("2")) continue;
            const [, n, position] = JSON.parse(text.slice(1)) as [string, number, string];
            got.push(n);
            offset = position;
          }
        };
        const comeBack = async (): Promise<void> => {
          peer = await resume(engine, pid, offset);
          readUpTo = 0;
          read();
        };
        let n = 0;
        let dead: MemoryPeer | undefined;
        for (const what of steps) {
          if (what === "all") io.emit("n", n++);
          else if (what === "room") io.to("room").emit("n", n++);
          else if (what === "direct") socket.emit("n", n++);
          else if (what === "private") io.to(socket.id).emit("n", n++);
          await Promise.resolve();
          if (what === "read" && dead === undefined) read();
          if (dead !== undefined && what === "read") {
            dead.close();
            dead = undefined;
            await comeBack();
          }
          if (what === "cut, noticed late") dead = peer;
          else if (what.startsWith("cut") && dead === undefined) {
            if (what === "cut, noticed") peer.close();
            await comeBack();
          }
        }
        dead?.close();
        await comeBack();
        expect(got).toEqual([...Array(n).keys()]);
        expect(io.sockets.sockets.size).toBe(1);
      }),
      { numRuns: 60 },
    );
  });
});
