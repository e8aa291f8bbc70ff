import { describe, expect, it } from "vitest";
import { resolveOptions } from "../src/options.js";
import { eventually, get, handshake, nextSession, openWebSocket, Peer, poll, post, withRig } from "./rig.js";

const HANDSHAKE = "EIO=4&transport=polling";

async function refusedUpgrade(peer: Peer): Promise<number> {
  await peer.until(() => peer.refused !== undefined);
  return peer.refused!;
}

describe("the defaults", () => {
  it("are these", () => {
    expect(resolveOptions()).toEqual({
      pingTimeout: 20_000,
      pingInterval: 25_000,
      unfinishedTimeout: 120_000,
      upgradeTimeout: 10_000,
      firstPollTimeout: 10_000,
      closeTimeout: 5_000,
      handshakeTimeout: 30_000,
      maxHttpBufferSize: 1_000_000,
      maxPacketsPerPayload: 65_536,
      maxFragments: 1024,
      maxOutboxBytes: 8_388_608,
      maxOutboxPackets: 65_536,
      maxSessions: Number.POSITIVE_INFINITY,
      maxSessionsPerAddress: Number.POSITIVE_INFINITY,
      maxSilentSessions: Number.POSITIVE_INFINITY,
      maxPendingHandshakes: 10_000,
      transports: ["polling", "websocket"],
      allowUpgrades: true,
      keepRequest: true,
      allowEIO3: false,
      perMessageDeflate: false,
      httpCompression: { threshold: 1024 },
      cookie: false,
      cors: false,
    });
  });
});

describe("limits on sessions", () => {
  for (const [option, name] of [
    ["maxSessions", "TOO_MANY_SESSIONS"],
    ["maxSessionsPerAddress", "TOO_MANY_SESSIONS_OF_ADDRESS"],
    ["maxSilentSessions", "TOO_MANY_SILENT_SESSIONS"],
  ] as const) {
    it(
      `${option} refuses with 503 (${name}), and lets in again when there is room`,
      withRig({ [option]: 2 }, async (rig) => {
        const { sid } = await handshake(rig);
        const { peer } = await openWebSocket(rig);
        const { status, body, headers } = await get(rig, HANDSHAKE);
        expect([status, JSON.parse(body).code]).toEqual([503, 3]);
        expect(headers["retry-after"]).toMatch(/^[1-5]$/);
        expect(await refusedUpgrade(new Peer(rig, "EIO=4&transport=websocket"))).toBe(503);
        expect(rig.errors.map(({ context }) => context.name)).toEqual([name, name]);
        expect((await post(rig, sid, "4x")).status).toBe(200);
        peer.ws.close();
        await eventually(() => rig.engine.clientsCount === 1);
        expect((await get(rig, HANDSHAKE)).status).toBe(200);
      }),
    );
  }

  it(
    "maxSilentSessions counts those who have not spoken",
    withRig({ maxSilentSessions: 1 }, async (rig) => {
      const { sid } = await handshake(rig);
      expect(rig.engine.inspect().silent).toBe(1);
      expect((await get(rig, HANDSHAKE)).status).toBe(503);
      await post(rig, sid, "4hello");
      expect(rig.engine.inspect().silent).toBe(0);
      expect((await get(rig, HANDSHAKE)).status).toBe(200);
    }),
  );

  it(
    "maxPendingHandshakes bounds what waits for the application",
    withRig(
      { maxPendingHandshakes: 1, allowRequest: (_request, done) => setTimeout(done, 50, null, true) },
      async (rig) => {
        const first = get(rig, HANDSHAKE);
        await eventually(() => rig.engine.inspect().pendingHandshakes === 1);
        expect((await get(rig, HANDSHAKE)).status).toBe(503);
        expect(rig.errors[0]?.context.name).toBe("TOO_MANY_HANDSHAKES");
        expect((await first).status).toBe(200);
      },
    ),
  );
});

describe("firstPollTimeout", () => {
  it(
    "ends a session that was opened and left, and no other",
    withRig({ firstPollTimeout: 800 }, async (rig) => {
      const session = nextSession(rig);
      await handshake(rig);
      const socket = await session;
      const { sid } = await handshake(rig);
      await post(rig, sid, "4x");
      const websocket = await openWebSocket(rig);
      expect(await new Promise((resolve) => socket.on("close", resolve))).toBe("ping timeout");
      await new Promise((resolve) => setTimeout(resolve, 400));
      expect(Object.keys(rig.engine.clients).sort()).toEqual([sid, websocket.sid].sort());
    }),
  );
});

describe("unfinishedTimeout", () => {
  it(
    "ends a connection that sends bytes but never a packet",
    withRig({ pingInterval: 20, pingTimeout: 40, unfinishedTimeout: 100 }, async (rig) => {
      const session = nextSession(rig);
      const { peer } = await openWebSocket(rig);
      const socket = await session;
      const closed = new Promise((resolve) => socket.on("close", resolve));
      const start = performance.now();
      const trickle = setInterval(() => peer.ws.send("4", { fin: false }), 8);
      expect(await closed).toBe("ping timeout");
      clearInterval(trickle);
      expect(performance.now() - start).toBeGreaterThan(100);
    }),
  );
});

describe("limits on what comes in", () => {
  it(
    "maxPacketsPerPayload ends the session",
    withRig({ maxPacketsPerPayload: 3 }, async (rig) => {
      const session = nextSession(rig);
      const { sid } = await handshake(rig);
      const socket = await session;
      const closed = new Promise<unknown[]>((resolve) => socket.on("close", (...end) => resolve(end)));
      expect((await post(rig, sid, "4a\x1e4b\x1e4c")).status).toBe(200);
      expect((await post(rig, sid, "4a\x1e4b\x1e4c\x1e4d")).status).toBe(400);
      const [reason, error] = await closed;
      expect([reason, (error as { code: string }).code]).toEqual([
        "parse error",
        "ERR_SOCKEYE_ENGINE_PARSER_TOO_MANY_PACKETS",
      ]);
    }),
  );

  it(
    "maxFragments ends the connection with 1008",
    withRig({ maxFragments: 8 }, async (rig) => {
      const { peer, sid } = await openWebSocket(rig);
      const got: unknown[] = [];
      rig.engine.clients[sid]!.on("data", (data) => got.push(data));
      for (let i = 0; i < 8; i++) peer.ws.send(i === 0 ? "4" : "x", { fin: i === 7 });
      await eventually(() => got.length === 1);
      expect(got).toEqual(["xxxxxxx"]);
      for (let i = 0; i < 9; i++) peer.ws.send("4", { fin: false });
      expect(await peer.closed()).toBe(1008);
      expect(rig.engine.clientsCount).toBe(0);
    }),
  );
});

describe("limits on what goes out", () => {
  it(
    "maxOutboxBytes ends a polling session whose client does not poll",
    withRig({ maxOutboxBytes: 10_000 }, async (rig) => {
      const session = nextSession(rig);
      await handshake(rig);
      const socket = await session;
      const closed = new Promise((resolve) => socket.on("close", resolve));
      let written = 0;
      while (socket.readyState === "open") {
        socket.send("x".repeat(1000));
        written++;
      }
      expect(await closed).toBe("slow consumer");
      expect(written).toBe(11);
      expect(rig.engine.inspect()).toMatchObject({ sessions: 0, deadlines: 0 });
    }),
  );

  it(
    "maxOutboxPackets does the same",
    withRig({ maxOutboxPackets: 50 }, async (rig) => {
      const session = nextSession(rig);
      await handshake(rig);
      const socket = await session;
      const closed = new Promise((resolve) => socket.on("close", resolve));
      for (let i = 0; i < 51; i++) socket.send("x");
      expect(await closed).toBe("slow consumer");
    }),
  );

  it(
    "a burst of one turn to a reader that reads is no slow consumer",
    withRig({ maxOutboxPackets: 100 }, async (rig) => {
      const session = nextSession(rig);
      const { peer } = await openWebSocket(rig);
      const socket = await session;
      for (let i = 0; i < 5000; i++) socket.send(`${i}`);
      await peer.until(() => peer.got.length === 5000);
      expect(peer.got[4999]).toBe("44999");
    }),
  );

  it(
    "a message larger than the budget is sent, and what follows it too",
    withRig({ maxOutboxBytes: 1_000_000 }, async (rig) => {
      const session = nextSession(rig);
      const { peer } = await openWebSocket(rig);
      const socket = await session;
      socket.send(Buffer.alloc(20_000_000));
      socket.send("after");
      await new Promise((resolve) => setImmediate(resolve));
      socket.send("and after");
      await peer.until(() => peer.got.length === 3);
      expect(peer.got.slice(1)).toEqual(["4after", "4and after"]);
    }),
  );

  it(
    "volatile messages are dropped and counted while a poll is awaited",
    withRig({}, async (rig) => {
      const session = nextSession(rig);
      const { sid } = await handshake(rig);
      const socket = await session;
      socket.send("dropped", { volatile: true });
      const waiting = poll(rig, sid);
      await eventually(() => socket.transport.writable);
      socket.send("kept", { volatile: true });
      socket.send("dropped", { volatile: true });
      expect((await waiting).body).toBe("4kept");
      expect(rig.engine.inspect().dropped).toBe(2);
    }),
  );
});
