import { describe, expect, it } from "vitest";
import { eventually, get, handshake, nextSession, openWebSocket, Peer, poll, post, type Rig, withRig } from "./rig.js";

const ws = (sid: string) => `EIO=4&transport=websocket&sid=${sid}`;

async function pollingSession(rig: Rig) {
  const session = nextSession(rig);
  const { sid } = await handshake(rig);
  return { sid, socket: await session };
}

describe("an upgrade", () => {
  it(
    "lets the open poll return at once, and moves the session",
    withRig({}, async (rig) => {
      const { sid, socket } = await pollingSession(rig);
      const events: string[] = [];
      socket.on("upgrading", (transport) => events.push(`upgrading ${transport.name}`));
      socket.on("upgrade", (transport) => events.push(`upgrade ${transport.name}`));
      const waiting = poll(rig, sid);
      const peer = await new Peer(rig, ws(sid)).opened();
      await eventually(() => rig.engine.inspect().openResponses === 1);
      peer.ws.send("2probe");
      expect(await peer.message()).toBe("3probe");
      // Not some time later: the poll was let go in the very turn in which the probe was answered.
      expect(rig.engine.inspect().openResponses).toBe(0);
      expect((await waiting).body).toBe("6");
      expect(socket.upgrading).toBe(true);
      peer.ws.send("5");
      await eventually(() => socket.upgraded);
      expect(events).toEqual(["upgrading websocket", "upgrade websocket"]);
      expect(socket.upgrading).toBe(false);
      expect(socket.transport.name).toBe("websocket");
      expect(rig.engine.inspect()).toMatchObject({ byTransport: { websocket: 1 }, upgrading: 0, openResponses: 0 });
    }),
  );

  it(
    "lets a poll that comes after the probe return at once",
    withRig({}, async (rig) => {
      const { sid } = await pollingSession(rig);
      const peer = await new Peer(rig, ws(sid)).opened();
      peer.ws.send("2probe");
      expect(await peer.message()).toBe("3probe");
      expect((await poll(rig, sid)).body).toBe("6");
      expect((await poll(rig, sid)).body).toBe("6");
    }),
  );

  it(
    "keeps the order of messages across the change, both ways",
    withRig({}, async (rig) => {
      const { sid, socket } = await pollingSession(rig);
      const got: unknown[] = [];
      socket.on("data", (data) => got.push(data));
      socket.send("1");
      expect((await poll(rig, sid)).body).toBe("41");
      await post(rig, sid, "4a");
      const peer = await new Peer(rig, ws(sid)).opened();
      peer.ws.send("2probe");
      await peer.message();
      socket.send("2");
      expect((await poll(rig, sid)).body).toBe("42");
      socket.send("3");
      peer.ws.send("5");
      peer.ws.send("4b");
      expect(await peer.message()).toBe("43");
      await eventually(() => got.length === 2);
      expect(got).toEqual(["a", "b"]);
    }),
  );

  it(
    "makes polls of the session a mismatch afterwards",
    withRig({}, async (rig) => {
      const { sid, socket } = await pollingSession(rig);
      const peer = await new Peer(rig, ws(sid)).opened();
      peer.ws.send("2probe");
      await peer.message();
      const open = poll(rig, sid).then(() => undefined);
      peer.ws.send("5");
      await eventually(() => socket.upgraded);
      await open;
      const { status, body } = await poll(rig, sid);
      expect([status, JSON.parse(body)]).toEqual([400, { code: 3, message: "Bad request" }]);
      expect(rig.errors.at(-1)?.context).toEqual({
        name: "TRANSPORT_MISMATCH",
        transport: "polling",
        previousTransport: "websocket",
      });
    }),
  );

  for (const [name, frames] of [
    ["a message", ["4x"]],
    ["an upgrade without probe", ["5"]],
    ["two probes", ["2probe", "2probe"]],
    ["no packet", ["?"]],
    ["a binary message", [Buffer.from([1])]],
    ["a close packet", ["1"]],
  ] as const) {
    it(
      `fails on ${name}, and the session stays where it is`,
      withRig({}, async (rig) => {
        const { sid, socket } = await pollingSession(rig);
        const got: unknown[] = [];
        socket.on("data", (data) => got.push(data));
        const peer = await new Peer(rig, ws(sid)).opened();
        for (const frame of frames) peer.ws.send(frame);
        await peer.closed();
        expect(socket.upgrading).toBe(false);
        expect(got).toEqual([]);
        await post(rig, sid, "4still here");
        expect(got).toEqual(["still here"]);
      }),
    );
  }

  it(
    "fails after upgradeTimeout",
    withRig({ upgradeTimeout: 400 }, async (rig) => {
      const { sid, socket } = await pollingSession(rig);
      const peer = await new Peer(rig, ws(sid)).opened();
      await peer.closed();
      expect(socket.upgrading).toBe(false);
      expect(rig.engine.inspect()).toMatchObject({ sessions: 1, upgrading: 0 });
    }),
  );

  it(
    "may be tried again after it failed",
    withRig({}, async (rig) => {
      const { sid, socket } = await pollingSession(rig);
      const first = await new Peer(rig, ws(sid)).opened();
      first.ws.terminate();
      await eventually(() => !socket.upgrading);
      const second = await new Peer(rig, ws(sid)).opened();
      second.ws.send("2probe");
      await second.message();
      second.ws.send("5");
      await eventually(() => socket.upgraded);
    }),
  );

  it(
    "is refused to a second candidate, which does the first no harm",
    withRig({}, async (rig) => {
      const { sid, socket } = await pollingSession(rig);
      const first = await new Peer(rig, ws(sid)).opened();
      const second = new Peer(rig, ws(sid));
      await second.closed();
      first.ws.send("2probe");
      await first.message();
      first.ws.send("5");
      await eventually(() => socket.upgraded);
    }),
  );

  it(
    "is refused to whoever knows the id of a WebSocket session: no takeover",
    withRig({}, async (rig) => {
      const session = nextSession(rig);
      const { peer, sid } = await openWebSocket(rig);
      const socket = await session;
      const thief = new Peer(rig, ws(sid));
      await thief.closed();
      expect(thief.got).toEqual([]);
      socket.send("still yours");
      expect(await peer.message()).toBe("4still yours");
    }),
  );

  it(
    "is refused when allowUpgrades is off, also to those who try by hand",
    withRig({ allowUpgrades: false }, async (rig) => {
      const { sid, upgrades } = await handshake(rig);
      expect(upgrades).toEqual([]);
      const peer = new Peer(rig, ws(sid));
      await peer.until(() => peer.refused !== undefined);
      expect(peer.refused).toBe(400);
      expect(rig.errors.at(-1)).toMatchObject({ code: 3, context: { name: "UPGRADES_DISABLED" } });
    }),
  );

  it(
    "of an unknown session is refused",
    withRig({}, async (rig) => {
      const peer = new Peer(rig, ws("unknown"));
      await peer.until(() => peer.refusal !== "");
      expect([peer.refused, peer.refusal]).toEqual([400, "Session ID unknown"]);
    }),
  );

  it(
    "ends with the session",
    withRig({}, async (rig) => {
      const { sid, socket } = await pollingSession(rig);
      const peer = await new Peer(rig, ws(sid)).opened();
      socket.close(true);
      await peer.closed();
      expect(rig.engine.inspect()).toMatchObject({ sessions: 0, upgrading: 0, deadlines: 0 });
    }),
  );

  it(
    "that has been answered goes on for one more word when the session ends: the peer would take its end for a failed upgrade",
    withRig({}, async (rig) => {
      const { sid, socket } = await pollingSession(rig);
      const peer = await new Peer(rig, ws(sid)).opened();
      peer.ws.send("2probe");
      expect(await peer.message()).toBe("3probe");
      socket.close(true);
      expect(rig.engine.inspect()).toMatchObject({ sessions: 0, upgrading: 0, deadlines: 1 });
      peer.ws.ping();
      await new Promise((resolve) => peer.ws.once("pong", resolve));
      expect(peer.ws.readyState).toBe(peer.ws.OPEN);
      peer.ws.send("5");
      await peer.closed();
      expect(peer.got).toEqual([]);
      await eventually(() => rig.engine.inspect().deadlines === 0);
    }),
  );

  it(
    "that has been answered ends with its session also when the peer says nothing more",
    withRig({ closeTimeout: 50 }, async (rig) => {
      const { sid, socket } = await pollingSession(rig);
      const peer = await new Peer(rig, ws(sid)).opened();
      peer.ws.send("2probe");
      expect(await peer.message()).toBe("3probe");
      socket.close(true);
      await peer.closed();
      await eventually(() => rig.engine.inspect().deadlines === 0);
    }),
  );

  it(
    "finishes a session that the server is closing",
    withRig({}, async (rig) => {
      const { sid, socket } = await pollingSession(rig);
      const peer = await new Peer(rig, ws(sid)).opened();
      peer.ws.send("2probe");
      await peer.message();
      const closed = new Promise((resolve) => socket.on("close", resolve));
      socket.send("last");
      socket.close();
      peer.ws.send("5");
      expect(await peer.message()).toBe("4last");
      await peer.closed();
      expect(await closed).toBe("forced close");
      expect((await get(rig, `EIO=4&transport=polling&sid=${sid}`)).body).toContain("Session ID unknown");
    }),
  );
});
