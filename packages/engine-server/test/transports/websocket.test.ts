import type { Socket as TcpSocket } from "node:net";
import { describe, expect, it } from "vitest";
import { WebSocket, WebSocketServer } from "ws";
import { ServerWebSocket } from "../../src/index.js";
import { eventually, nextSession, openWebSocket, Peer, startRig, withRig } from "../rig.js";

describe("a direct WebSocket session", () => {
  it(
    "begins with the open packet",
    withRig({ initialPacket: "hi" }, async (rig) => {
      const peer = new Peer(rig, "EIO=4&transport=websocket");
      const open = JSON.parse(((await peer.message()) as string).slice(1));
      expect(open.upgrades).toEqual([]);
      expect(await peer.message()).toBe("4hi");
    }),
  );

  it(
    "carries text, binary and empty messages of every size class both ways",
    withRig({}, async (rig) => {
      rig.engine.on("connection", (socket) => socket.on("data", (data) => socket.send(data)));
      const { peer } = await openWebSocket(rig);
      for (const size of [0, 1, 124, 125, 126, 127, 65_533, 65_534, 65_535, 65_536, 70_000, 900_000]) {
        peer.ws.send(`4${"é".repeat(Math.floor(size / 2))}`);
        expect(await peer.message()).toBe(`4${"é".repeat(Math.floor(size / 2))}`);
        peer.ws.send(Buffer.alloc(size, 7));
        expect(Buffer.compare((await peer.message()) as Buffer, Buffer.alloc(size, 7))).toBe(0);
      }
    }),
  );

  it(
    "keeps the order of a mixed burst in one turn",
    withRig({}, async (rig) => {
      const session = nextSession(rig);
      const { peer } = await openWebSocket(rig);
      const socket = await session;
      const sent: Array<string | Buffer> = [];
      for (let i = 0; i < 300; i++) {
        const size = [3, 200, 20_000, 70_000][i % 4]!;
        const data = i % 3 === 0 ? Buffer.alloc(size, i) : `${i}:`.padEnd(size, "x");
        sent.push(data);
        socket.send(data);
      }
      await peer.until(() => peer.got.length === sent.length);
      for (const [index, data] of sent.entries()) {
        if (typeof data === "string") expect(peer.got[index]).toBe(`4${data}`);
        else expect(Buffer.compare(peer.got[index] as Buffer, data)).toBe(0);
      }
    }),
  );

  it(
    "sends views and buffers as exactly their bytes",
    withRig({}, async (rig) => {
      const session = nextSession(rig);
      const { peer } = await openWebSocket(rig);
      const socket = await session;
      const bytes = new Uint8Array([1, 2, 3, 4, 5, 6, 7, 8]);
      socket.send(bytes.buffer);
      socket.send(new DataView(bytes.buffer, 2, 3));
      socket.send(new Uint16Array(bytes.buffer, 2, 2));
      socket.send(new ArrayBuffer(0));
      await peer.until(() => peer.got.length === 4);
      expect(peer.got).toEqual([
        Buffer.from(bytes),
        Buffer.from([3, 4, 5]),
        Buffer.from([3, 4, 5, 6]),
        Buffer.alloc(0),
      ]);
    }),
  );

  it(
    "sends binary as base64 to a client that asks for text",
    withRig({}, async (rig) => {
      const session = nextSession(rig);
      const { peer } = await openWebSocket(rig, "EIO=4&transport=websocket&b64=1");
      (await session).send(Buffer.from([1, 2]));
      expect(await peer.message()).toBe("bAQI=");
      peer.ws.send("bAQI=");
      const socket = Object.values(rig.engine.clients)[0]!;
      expect(await new Promise((resolve) => socket.on("data", resolve))).toEqual(Buffer.from([1, 2]));
    }),
  );

  it(
    "ends at once when the client says `1`",
    withRig({}, async (rig) => {
      const session = nextSession(rig);
      const { peer } = await openWebSocket(rig);
      const socket = await session;
      const closed = new Promise((resolve) => socket.on("close", resolve));
      peer.ws.send("1");
      expect(await closed).toBe("transport close");
      await peer.closed();
    }),
  );

  for (const [name, frame, reason] of [
    ["an unknown packet", "abc", "parse error"],
    ["an empty frame", "", "parse error"],
    ["a ping", "2", "transport error"],
  ] as const) {
    it(
      `ends with ${reason} on ${name}`,
      withRig({}, async (rig) => {
        const session = nextSession(rig);
        const { peer } = await openWebSocket(rig);
        const socket = await session;
        const closed = new Promise((resolve) => socket.on("close", resolve));
        peer.ws.send(frame);
        expect(await closed).toBe(reason);
        await peer.closed();
      }),
    );
  }

  it(
    "ends with transport close when the client leaves, in good order or not",
    withRig({}, async (rig) => {
      for (const leave of ["close", "terminate"] as const) {
        const session = nextSession(rig);
        const { peer } = await openWebSocket(rig);
        const socket = await session;
        const closed = new Promise((resolve) => socket.on("close", resolve));
        peer.ws[leave]();
        expect(await closed).toBe("transport close");
      }
      expect(rig.engine.clientsCount).toBe(0);
    }),
  );

  it(
    "writes what is queued before it closes",
    withRig({}, async (rig) => {
      const session = nextSession(rig);
      const { peer } = await openWebSocket(rig);
      const socket = await session;
      for (let i = 0; i < 5; i++) socket.send(`${i}`.repeat(100_000));
      const closed = new Promise((resolve) => socket.on("close", resolve));
      socket.close();
      socket.send("too late");
      await peer.closed();
      expect(peer.got).toHaveLength(5);
      expect(await closed).toBe("forced close");
    }),
  );

  it(
    "is over at once when the server closes it, whether the client answers or not",
    withRig({}, async (rig) => {
      const session = nextSession(rig);
      const { peer } = await openWebSocket(rig);
      const socket = await session;
      peer.ws.pause();
      const closed = new Promise((resolve) => socket.on("close", resolve));
      const start = performance.now();
      socket.close();
      expect(await closed).toBe("forced close");
      // Far from closeTimeout.
      expect(performance.now() - start).toBeLessThan(4000);
      expect(rig.engine.inspect()).toMatchObject({ sessions: 0, deadlines: 0 });
      peer.ws.terminate();
    }),
  );

  it(
    "waits with closing for a reader that is slow, while it makes progress",
    withRig({ closeTimeout: 150 }, async (rig) => {
      const session = nextSession(rig);
      const { peer } = await openWebSocket(rig);
      const socket = await session;
      peer.ws.pause();
      for (let i = 0; i < 60; i++) socket.send(Buffer.alloc(100_000));
      await new Promise((resolve) => setImmediate(resolve));
      socket.close();
      expect(socket.readyState).toBe("closing");
      peer.ws.resume();
      await peer.closed();
      expect(peer.got).toHaveLength(60);
    }),
  );

  it(
    "does not wait for ever for a reader that has stopped",
    withRig({ closeTimeout: 60 }, async (rig) => {
      const session = nextSession(rig);
      const { peer } = await openWebSocket(rig);
      const socket = await session;
      peer.ws.pause();
      for (let i = 0; i < 75; i++) socket.send(Buffer.alloc(100_000));
      const closed = new Promise((resolve) => socket.on("close", resolve));
      await new Promise((resolve) => setImmediate(resolve));
      socket.close();
      expect(await closed).toBe("forced close");
      expect(rig.engine.inspect()).toMatchObject({ sessions: 0, deadlines: 0 });
      peer.ws.terminate();
    }),
  );

  it(
    "refuses messages over maxHttpBufferSize with 1009",
    withRig({ maxHttpBufferSize: 100 }, async (rig) => {
      const session = nextSession(rig);
      const { peer } = await openWebSocket(rig);
      const socket = await session;
      const closed = new Promise((resolve) =>
        socket.on("close", (reason, error) => resolve([reason, (error as { code: string }).code])),
      );
      peer.ws.send("x".repeat(101));
      expect(await peer.closed()).toBe(1009);
      expect(await closed).toEqual(["transport error", "ERR_SOCKEYE_ENGINE_WEBSOCKET"]);
    }),
  );

  it(
    "compresses what may be compressed, and keeps the order",
    withRig({ perMessageDeflate: true }, async (rig) => {
      const session = nextSession(rig);
      const peer = new Peer(rig, "EIO=4&transport=websocket", { perMessageDeflate: true });
      const socket = await session;
      await peer.message();
      expect(peer.ws.extensions).toContain("permessage-deflate");
      const sent = Array.from({ length: 60 }, (_, i) => (i % 2 ? `${i}` : `${i}:${"x".repeat(5000)}`));
      for (const data of sent.slice(0, 30)) socket.send(data);
      await new Promise((resolve) => setImmediate(resolve));
      for (const data of sent.slice(30)) socket.send(data, { compress: false });
      await peer.until(() => peer.got.length === sent.length);
      expect(peer.got).toEqual(sent.map((data) => `4${data}`));
    }),
  );

  it(
    "is read and written by ourselves, or by ws for clients that compress where they may",
    withRig({ perMessageDeflate: true }, async (rig) => {
      const sockets: unknown[] = [];
      rig.engine.on("connection", ({ transport }) => sockets.push((transport as { socket?: unknown }).socket));
      await openWebSocket(rig);
      await new Peer(rig, "EIO=4&transport=websocket", { perMessageDeflate: true }).message();
      expect(sockets[0]).toBeInstanceOf(ServerWebSocket);
      expect(sockets[1]).toBeInstanceOf(WebSocket);
    }),
  );

  it(
    "does not compress where it is not told to, whatever the client offers",
    withRig({}, async (rig) => {
      const session = nextSession(rig);
      const peer = await new Peer(rig, "EIO=4&transport=websocket", { perMessageDeflate: true }).opened();
      expect(peer.ws.extensions).toBe("");
      expect(((await session).transport as { socket?: unknown }).socket).toBeInstanceOf(ServerWebSocket);
    }),
  );

  it(
    "agrees on the first subprotocol that the client offers",
    withRig({}, async (rig) => {
      const session = nextSession(rig);
      const peer = await new Peer(rig, "EIO=4&transport=websocket", { protocols: ["v2", "v1"] }).opened();
      expect(peer.ws.protocol).toBe("v2");
      expect((await session).transport).toMatchObject({ socket: { protocol: "v2" } });
    }),
  );

  it(
    "tells its session what the peer did wrong",
    withRig({}, async (rig) => {
      const session = nextSession(rig);
      const { peer } = await openWebSocket(rig);
      const socket = await session;
      const closed = new Promise<unknown[]>((resolve) => socket.on("close", (...end) => resolve(end)));
      (peer.ws as unknown as { _socket: TcpSocket })._socket.write(Uint8Array.of(0x83, 0x80, 0, 0, 0, 0));
      expect(await peer.closed()).toBe(1002);
      const [reason, error] = await closed;
      expect(reason).toBe("transport error");
      expect(error).toMatchObject({
        code: "ERR_SOCKEYE_ENGINE_WEBSOCKET",
        cause: { code: "ERR_SOCKEYE_FRAME_OPCODE", closeCode: 1002 },
      });
    }),
  );

  it(
    "can be looked at under the hood, beside the session",
    withRig({}, async (rig) => {
      const session = nextSession(rig);
      const { peer } = await openWebSocket(rig);
      const { socket: ws } = (await session).transport as unknown as { socket: ServerWebSocket };
      const pinged = new Promise((resolve) => ws.on("ping", resolve));
      peer.ws.ping("are you there?");
      expect(await pinged).toEqual(Buffer.from("are you there?"));
      ws.send("beside");
      expect(await peer.message()).toBe("beside");
      expect(ws.readyState).toBe(1);
    }),
  );

  for (const wsEngine of [undefined, WebSocketServer as never]) {
    it(
      `goes on when congestion that it did not make has gone${wsEngine === undefined ? "" : " (ws)"}`,
      withRig(wsEngine === undefined ? {} : { wsEngine }, async (rig) => {
        const session = nextSession(rig);
        const { peer } = await openWebSocket(rig);
        const socket = await session;
        peer.ws.pause();
        const under = (socket.transport as unknown as { socket: { send(data: Buffer): void } }).socket;
        for (let i = 0; i < 60; i++) under.send(Buffer.alloc(200_000));
        socket.send("after all that");
        await new Promise((resolve) => setImmediate(resolve));
        peer.ws.resume();
        await peer.until(() => peer.got.includes("4after all that"));
      }),
    );
  }

  it("works with another WebSocket server class", async () => {
    class Counting extends WebSocketServer {}
    const rig = await startRig({ wsEngine: Counting as never });
    try {
      expect(rig.engine.ws).toBeInstanceOf(Counting);
      rig.engine.on("connection", (socket) => socket.on("data", (data) => socket.send(data)));
      const { peer } = await openWebSocket(rig);
      for (let i = 0; i < 50; i++) peer.ws.send(i % 2 ? `4${i}` : Buffer.from([i]));
      await peer.until(() => peer.got.length === 50);
      expect(peer.got.slice(0, 3)).toEqual([Buffer.from([0]), "41", Buffer.from([2])]);
    } finally {
      await rig.stop();
    }
  });
});

describe("prepared messages", () => {
  it(
    "reach clients of every kind, their parts adjacent",
    withRig({}, async (rig) => {
      const plain = await openWebSocket(rig);
      const base64 = await openWebSocket(rig, "EIO=4&transport=websocket&b64=1");
      const prepared = rig.engine.prepare(["text ü", Buffer.from([1, 2]), Buffer.from([3])]);
      for (const socket of Object.values(rig.engine.clients)) {
        socket.send("before");
        socket.writePrepared(prepared);
        socket.send("after");
      }
      await plain.peer.until(() => plain.peer.got.length === 5);
      await base64.peer.until(() => base64.peer.got.length === 5);
      expect(plain.peer.got).toEqual(["4before", "4text ü", Buffer.from([1, 2]), Buffer.from([3]), "4after"]);
      expect(base64.peer.got).toEqual(["4before", "4text ü", "bAQI=", "bAw==", "4after"]);
    }),
  );
});

describe("back-pressure", () => {
  it(
    "shows, drains and resolves",
    withRig({}, async (rig) => {
      const session = nextSession(rig);
      const { peer } = await openWebSocket(rig);
      const socket = await session;
      let drains = 0;
      socket.on("drain", () => drains++);
      expect(socket.bufferedAmount).toBe(0);
      socket.send("x".repeat(1000));
      expect(socket.bufferedAmount).toBe(1001);
      await socket.drained();
      expect(socket.bufferedAmount).toBe(0);
      expect(drains).toBe(1);
      await peer.message();
    }),
  );

  it(
    "rejects waiters when the connection ends first",
    withRig({}, async (rig) => {
      const session = nextSession(rig);
      await openWebSocket(rig);
      const socket = await session;
      socket.send("x");
      const drained = socket.drained();
      socket.close(true);
      await expect(drained).rejects.toMatchObject({ code: "ERR_SOCKEYE_ENGINE_CLOSED" });
      await expect(socket.drained()).rejects.toMatchObject({ code: "ERR_SOCKEYE_ENGINE_CLOSED" });
    }),
  );

  it(
    "closes a reader that has stopped, within the budget",
    withRig({ maxOutboxBytes: 500_000 }, async (rig) => {
      const session = nextSession(rig);
      const { peer } = await openWebSocket(rig);
      const socket = await session;
      peer.ws.pause();
      const closed = new Promise<unknown[]>((resolve) => socket.on("close", (...end) => resolve(end)));
      let most = 0;
      for (let i = 0; i < 20_000 && socket.readyState === "open"; i++) {
        socket.send("x".repeat(10_000));
        most = Math.max(most, socket.bufferedAmount);
        if (i % 100 === 0) await new Promise((resolve) => setImmediate(resolve));
      }
      const [reason, error] = await closed;
      expect(reason).toBe("slow consumer");
      expect(error).toMatchObject({ code: "ERR_SOCKEYE_ENGINE_SLOW_CONSUMER" });
      expect(most).toBeLessThanOrEqual(500_000 + 10_001);
      expect(rig.engine.clientsCount).toBe(0);
      peer.ws.terminate();
    }),
  );

  it(
    "drops volatile messages when something is queued or in flight",
    withRig({}, async (rig) => {
      const session = nextSession(rig);
      const { peer } = await openWebSocket(rig);
      const socket = await session;
      expect(socket.transport.writable).toBe(true);
      socket.send("first", { volatile: true });
      expect(socket.transport.writable).toBe(false);
      socket.send("second", { volatile: true });
      socket.writePrepared(rig.engine.prepare(["third"], { volatile: true }));
      socket.send("fourth");
      await eventually(() => peer.got.length === 2);
      expect(peer.got).toEqual(["4first", "4fourth"]);
      expect(rig.engine.inspect().dropped).toBe(2);
      await eventually(() => socket.transport.writable);
    }),
  );

  it(
    "keeps the binary parts of a volatile message with it",
    withRig({}, async (rig) => {
      const session = nextSession(rig);
      const { peer } = await openWebSocket(rig);
      const socket = await session;
      socket.send("head", { volatile: true });
      socket.send(Buffer.from([1]), { volatile: true });
      socket.send(Buffer.from([2]), { volatile: true });
      socket.send("other", { volatile: true });
      socket.send("last");
      await eventually(() => peer.got.length === 4);
      expect(peer.got).toEqual(["4head", Buffer.from([1]), Buffer.from([2]), "4last"]);
    }),
  );
});
