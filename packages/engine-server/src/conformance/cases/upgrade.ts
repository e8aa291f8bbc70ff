import assert from "node:assert/strict";
import { type Bench, type ConformanceCase, endOf, eventually, heardBy, POLLING, pause, WEBSOCKET } from "../bench.js";

const needs = ["websocket"] as const;

/** A session that has moved to WebSocket. */
async function openUpgraded(bench: Bench) {
  const { sid, socket } = await bench.openPolling();
  const poll = bench.poll(sid);
  const ws = await bench.probe(sid);
  assert.equal((await poll).body, "6");
  ws.send("5");
  await eventually(() => socket.transport.name === "websocket");
  return { sid, socket, ws };
}

export const upgrade: readonly ConformanceCase[] = [
  {
    name: "moves a session to WebSocket",
    needs,
    async run(bench) {
      const { socket, ws } = await openUpgraded(bench);
      assert.equal(socket.upgraded, true);
      const heard = heardBy(socket);
      ws.send("4up");
      socket.send("down");
      assert.equal(await ws.next(), "4down");
      await eventually(() => heard.length === 1);
      assert.deepEqual(heard, ["up"]);
      assert.equal(bench.engine.clientsCount, 1);
    },
  },
  {
    name: "lets go of a poll that is open while the probe is answered, and of those that follow",
    needs,
    async run(bench) {
      const { sid } = await bench.openPolling();
      const waiting = bench.poll(sid);
      await bench.arrived();
      await bench.probe(sid);
      assert.equal((await waiting).body, "6");
      assert.equal((await bench.poll(sid)).body, "6");
    },
  },
  {
    name: "announces the upgrade",
    needs,
    async run(bench) {
      const { sid, socket } = await bench.openPolling();
      const events: string[] = [];
      for (const event of ["upgrading", "upgrade"]) {
        socket.on(event, (transport: { name: string }) => events.push(`${event} ${transport.name}`));
      }
      const ws = await bench.probe(sid);
      ws.send("5");
      await eventually(() => events.length === 2);
      assert.deepEqual(events, ["upgrading websocket", "upgrade websocket"]);
    },
  },
  {
    name: "goes on polling until the client says it has moved",
    needs,
    async run(bench) {
      const { sid, socket } = await bench.openPolling();
      const heard = heardBy(socket);
      await bench.probe(sid);
      await bench.post(sid, "4still here");
      assert.deepEqual(heard, ["still here"]);
      assert.equal(socket.transport.name, "polling");
    },
  },
  {
    name: "loses and repeats nothing that is written meanwhile",
    needs,
    async run(bench) {
      const { sid, socket } = await bench.openPolling();
      const got: string[] = [];
      socket.send("0");
      const poll = bench.poll(sid);
      const ws = await bench.probe(sid);
      got.push(...(await poll).body.split("\x1e"));
      socket.send("1");
      socket.send("2");
      ws.send("5");
      await eventually(() => socket.upgraded);
      socket.send("3");
      while (got.filter((packet) => packet.startsWith("4")).length < 4) got.push(String(await ws.next()));
      assert.deepEqual(
        got.filter((packet) => packet !== "6"),
        ["40", "41", "42", "43"],
      );
    },
  },
  {
    name: "refuses polls and uploads of a session that has moved",
    needs,
    async run(bench) {
      const { sid, socket } = await openUpgraded(bench);
      assert.equal((await bench.poll(sid)).status, 400);
      assert.deepEqual(bench.lastRefusal(), { code: 3, name: "TRANSPORT_MISMATCH" });
      assert.equal((await bench.post(sid, "4x")).status, 400);
      assert.equal(socket.readyState, "open");
    },
  },
  {
    name: "lets nobody take over a session that has moved",
    needs,
    async run(bench) {
      const { sid, socket, ws } = await openUpgraded(bench);
      const thief = bench.webSocket(`${WEBSOCKET}&sid=${sid}`);
      await thief.closed();
      socket.send("mine");
      assert.equal(await ws.next(), "4mine");
      assert.deepEqual(thief.messages, []);
    },
  },
  {
    name: "lets nobody take over a session that began on WebSocket",
    needs,
    async run(bench) {
      const { opened, ws, socket } = await bench.openWebSocket();
      const thief = bench.webSocket(`${WEBSOCKET}&sid=${opened.sid}`);
      await thief.answered();
      if (thief.status === 101) {
        thief.send("2probe");
        thief.send("5");
      }
      await thief.closed();
      socket.send("mine");
      assert.equal(await ws.next(), "4mine");
      assert.deepEqual(thief.messages, []);
    },
  },
  {
    name: "takes one candidate at a time",
    needs,
    async run(bench) {
      const { sid, socket } = await bench.openPolling();
      const first = await bench.probe(sid);
      await bench.webSocket(`${WEBSOCKET}&sid=${sid}`).closed();
      first.send("5");
      await eventually(() => socket.upgraded);
    },
  },
  ...["4not yet", "3", "2", "6", "9", "2prob"].map(
    (text): ConformanceCase => ({
      name: `closes a candidate that says ${JSON.stringify(text)}, and keeps the session`,
      needs,
      async run(bench) {
        const { sid, socket } = await bench.openPolling();
        const heard = heardBy(socket);
        const ws = bench.webSocket(`${WEBSOCKET}&sid=${sid}`);
        await ws.answered();
        ws.send(text);
        await ws.closed();
        assert.equal(socket.transport.name, "polling");
        assert.equal((await bench.post(sid, "4x")).body, "ok");
        assert.deepEqual(heard, ["x"]);
      },
    }),
  ),
  {
    name: "closes a candidate that says it has moved without having asked",
    needs,
    async run(bench) {
      const { sid, socket } = await bench.openPolling();
      const ws = bench.webSocket(`${WEBSOCKET}&sid=${sid}`);
      await ws.answered();
      ws.send("5");
      await ws.closed();
      assert.equal(socket.transport.name, "polling");
    },
  },
  {
    name: "keeps the session of a candidate that goes away, and takes another",
    needs,
    async run(bench) {
      const { sid, socket } = await bench.openPolling();
      (await bench.probe(sid)).reset();
      await eventually(() => (bench.table("upgrading") ?? 0) === 0);
      await pause(30);
      const ws = await bench.probe(sid);
      ws.send("5");
      await eventually(() => socket.upgraded);
    },
  },
  {
    name: "closes a candidate that does not come to its end within upgradeTimeout",
    needs,
    options: { upgradeTimeout: 400 },
    async run(bench) {
      const { sid, socket } = await bench.openPolling();
      const silent = bench.webSocket(`${WEBSOCKET}&sid=${sid}`);
      await silent.closed();
      const undecided = await bench.probe(sid);
      await undecided.closed();
      assert.equal(socket.transport.name, "polling");
      assert.equal(socket.readyState, "open");
    },
  },
  {
    name: "does not upgrade when allowUpgrades is off, whoever asks",
    needs,
    options: { allowUpgrades: false },
    async run(bench) {
      const { sid, socket } = await bench.openPolling();
      const ws = await bench.webSocket(`${WEBSOCKET}&sid=${sid}`).closed();
      assert.equal(ws.status, 400);
      assert.equal(socket.transport.name, "polling");
    },
  },
  {
    name: "ends session and candidate together",
    needs,
    async run(bench) {
      const { sid, socket } = await bench.openPolling();
      const ws = await bench.probe(sid);
      const end = endOf(socket);
      await bench.post(sid, "1");
      assert.equal((await end).reason, "transport close");
      await ws.closed();
      await bench.settled();
    },
  },
  {
    name: "does not mind a session that ends while its upgrade request is on the way",
    needs,
    async run(bench) {
      const { sid } = await bench.openPolling();
      const ws = bench.webSocket(`${WEBSOCKET}&sid=${sid}`);
      bench.request(`${POLLING}&sid=${sid}`, { method: "POST", body: "1" });
      await ws.closed();
      await bench.settled();
    },
  },
];
