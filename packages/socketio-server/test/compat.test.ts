import { ADAPTER_HOST } from "@sockeye/adapter-base";
import { describe, expect, it } from "vitest";
import type { Socket } from "../src/index.js";
import { once } from "./support/harness.js";
import { inMemory, joined, texts, turn } from "./support/memory.js";

// biome-ignore lint/suspicious/noExplicitAny: legacy names have no types
type Legacy = any;

async function pair() {
  const { io, engine } = inMemory();
  const arrival = once<Socket>(io, "connection");
  const peer = await joined(engine);
  return { io: io as Legacy, engine, peer, socket: (await arrival) as Legacy };
}

describe("legacy names", () => {
  it("of the server", async () => {
    const { io, engine } = await pair();
    expect([io._nsps.get("/"), io.eio, typeof io.encoder.encode, typeof io.opts]).toEqual([
      io.sockets,
      engine,
      "function",
      "object",
    ]);
  });

  it("of a namespace", async () => {
    const { io, peer } = await pair();
    const { sockets } = io;
    sockets._ids = 41;
    expect([sockets._ids++, sockets._ids, sockets._fns, sockets.server]).toEqual([41, 42, [], io]);
    io.emit("ask", () => {});
    const heard = once(io, "hello");
    sockets._onServerSideEmit(["hello", "world"]);
    expect(await heard).toBe("world");
    expect(texts(peer)).toEqual(['242["ask"]']);
    expect(sockets.adapter.nsp).toBe(sockets);
    expect(sockets[ADAPTER_HOST].name).toBe("/");
  });

  it("of a socket", async () => {
    const { peer, socket } = await pair();
    const answers: unknown[] = [];
    socket.acks.set(7, (value: unknown) => answers.push(value));
    peer.send('37["yes"]');
    expect([answers, socket.acks.size]).toEqual([["yes"], 0]);
    const outgoing: unknown[] = [];
    socket.onAnyOutgoing((...args: unknown[]) => outgoing.push(args));
    socket.notifyOutgoingListeners({ data: ["x", 1] });
    expect(outgoing).toEqual([["x", 1]]);
    socket.packet({ type: 2, data: ["raw"] });
    socket.packet(['2["encoded"]'], { preEncoded: true, compress: true });
    socket.join("room");
    socket.leaveAll();
    expect(socket.rooms.size).toBe(0);
    const left = once(socket, "disconnect");
    socket._onclose("transport error");
    expect(await left).toBe("transport error");
    await turn();
    expect(texts(peer)).toEqual(['2["raw"]', '2["encoded"]']);
  });

  it("onevent of a socket: what is put in its place hears every event, and may hand it on", async () => {
    const { io, peer, socket } = await pair();
    const heard: unknown[] = [];
    const { onevent } = socket;
    socket.on("ask", (...args: unknown[]) => {
      heard.push(["ask", ...args.slice(0, -1)]);
      (args.at(-1) as (answer: string) => void)("fine");
    });
    socket.on("*", (...args: unknown[]) => heard.push(["*", ...args]));
    socket.onevent = function (this: unknown, packet: { data: unknown[]; id?: number }) {
      onevent.call(this, { ...packet, id: undefined, data: ["*", ...packet.data] });
      onevent.call(this, packet);
    };
    peer.send('27["ask",1]');
    await turn();
    expect(heard).toEqual([
      ["*", "ask", 1],
      ["ask", 1],
    ]);
    socket.onevent = ({ id }: { id: number }) => socket.ack(id)("by hand");
    peer.send('28["ask",2]');
    await turn();
    expect(texts(peer)).toEqual(['37["fine"]', '38["by hand"]']);
    const report = new Promise<Error>((resolve) => io.onError(resolve));
    socket.onevent = () => {
      throw new Error("of the application");
    };
    peer.send('2["x"]');
    expect([(await report).message, socket.connected]).toEqual(["of the application", true]);
  });

  it("of a client", async () => {
    const { peer, socket } = await pair();
    expect(socket.client.id).toBe(socket.conn.id);
    socket.client.writeToEngine(['2["a"]'], { preEncoded: true });
    socket.client.writeToEngine('2["b"]');
    const heard = once(socket, "in");
    socket.client.ondata('2["in",1]');
    expect(await heard).toBe(1);
    socket.client._disconnect();
    await turn();
    expect(texts(peer)).toEqual(['2["a"]', '2["b"]', "1"]);
    expect(peer.closed).toBe(true);
  });

  it("do not show up in enumerations", async () => {
    const { io, socket } = await pair();
    expect(
      [Object.keys(io), Object.keys(socket)]
        .flat()
        .filter(
          (name) => name.startsWith("_") && name !== "_events" && name !== "_eventsCount" && name !== "_maxListeners",
        ),
    ).toEqual([]);
  });
});

describe("adapters of the incumbent's shape", () => {
  /** What such an adapter does, in a few lines: own rooms, own delivery through legacy names, own recovery. */
  class Foreign {
    rooms = new Map<string, Set<string>>();
    sids = new Map<string, Set<string>>();
    log: { data: unknown[]; rooms: Set<string> }[] = [];
    sessions = new Map<string, Legacy>();
    constructor(readonly nsp: Legacy) {}
    addAll(id: string, rooms: Set<string>): void {
      if (!this.sids.has(id)) this.sids.set(id, new Set());
      for (const room of rooms) this.sids.get(id)?.add(room);
    }
    del(id: string, room: string): void {
      this.sids.get(id)?.delete(room);
    }
    delAll(id: string): void {
      this.sids.delete(id);
    }
    socketRooms(id: string): Set<string> | undefined {
      return this.sids.get(id);
    }
    async serverCount(): Promise<number> {
      return 1;
    }
    broadcast(packet: Legacy, opts: Legacy): void {
      packet.nsp = this.nsp.name;
      const data = [...packet.data];
      this.log.push({ data: [...data, `offset-${this.log.length}`], rooms: opts.rooms });
      const encoded = this.nsp.server.encoder.encode({ ...packet, data: this.log.at(-1)?.data });
      for (const [id, rooms] of this.sids) {
        if (opts.rooms.size > 0 && ![...opts.rooms].some((room) => rooms.has(room as string))) continue;
        const socket = this.nsp.sockets.get(id);
        socket?.notifyOutgoingListeners({ data });
        socket?.client.writeToEngine(encoded, { preEncoded: true });
      }
    }
    persistSession(session: Legacy): void {
      this.sessions.set(session.pid, session);
    }
    async restoreSession(pid: string, offset: string): Promise<Legacy> {
      const session = this.sessions.get(pid);
      this.sessions.delete(pid);
      const at = this.log.findIndex(({ data }) => data.at(-1) === offset);
      if (session === undefined || at === -1) throw new Error("session or offset not found");
      return { ...session, missedPackets: this.log.slice(at + 1).map(({ data }) => data) };
    }
    on(): this {
      return this;
    }
  }
  class WithRecovery extends Foreign {
    override async restoreSession(pid: string, offset: string): Promise<Legacy> {
      return super.restoreSession(pid, offset);
    }
  }

  it("deliver through legacy names", async () => {
    const { io, engine } = inMemory({ adapter: Foreign as Legacy });
    const peer = await joined(engine);
    io.emit("x", 1);
    await turn();
    expect(texts(peer)).toEqual(['2["x",1,"offset-0"]']);
  });

  it("recover sessions by their own means", async () => {
    const { io, engine } = inMemory({ adapter: WithRecovery as Legacy, connectionStateRecovery: {} });
    const first = once<Socket>(io, "connection");
    const peer = await joined(engine);
    const before = await first;
    before.join("room");
    before.data.name = "ann";
    before.emit("direct", 1);
    await turn();
    expect(texts(peer)).toEqual(['2["direct",1,"offset-0"]']);
    const { pid } = JSON.parse(String(peer.received[0]).slice(1));
    peer.close();
    io.to("room").emit("missed", 2);
    const second = once<Socket>(io, "connection");
    const again = await joined(engine, `0${JSON.stringify({ pid, offset: "offset-0" })}`);
    const after = await second;
    expect(texts(again)).toEqual(['2["missed",2,"offset-1"]']);
    expect([after.id, after.recovered, after.data]).toEqual([before.id, true, { name: "ann" }]);
    const stranger = await joined(engine, `0${JSON.stringify({ pid: "nobody's", offset: "offset-0" })}`);
    expect(JSON.parse(String(stranger.received[0]).slice(1)).recovery).toBe("unknown");
  });

  it("without recovery of their own are refused when it is on", () => {
    expect(() => inMemory({ adapter: Foreign as Legacy, connectionStateRecovery: {} })).toThrow(
      expect.objectContaining({ code: "ERR_SOCKEYE_SERVER_RECOVERY_UNSUPPORTED" }),
    );
  });
});
