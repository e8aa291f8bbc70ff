import assert from "node:assert/strict";
import { type ConformanceCase, heardBy, openedOf, POLLING, WEBSOCKET } from "../bench.js";
import type { SubjectSocket } from "../subject.js";

export const handshake: readonly ConformanceCase[] = [
  {
    name: "answers a polling handshake with an open packet",
    options: { pingInterval: 1234, pingTimeout: 567, maxHttpBufferSize: 8900 },
    async run(bench) {
      const { status, headers, body } = await bench.get(POLLING);
      assert.equal(status, 200);
      assert.equal(headers["content-type"], "text/plain; charset=UTF-8");
      assert.equal(headers["cache-control"], "no-store");
      const opened = openedOf(body);
      assert.deepEqual(Object.keys(opened), ["sid", "upgrades", "pingInterval", "pingTimeout", "maxPayload"]);
      assert.deepEqual([opened.pingInterval, opened.pingTimeout, opened.maxPayload], [1234, 567, 8900]);
      assert.equal(bench.sockets.length, 1);
      assert.equal(bench.engine.clientsCount, 1);
    },
  },
  {
    name: "offers WebSocket as an upgrade",
    needs: ["websocket"],
    async run(bench) {
      assert.deepEqual((await bench.openPolling()).opened.upgrades, ["websocket"]);
    },
  },
  {
    name: "offers no upgrade when allowUpgrades is off",
    options: { allowUpgrades: false },
    async run(bench) {
      assert.deepEqual((await bench.openPolling()).opened.upgrades, []);
    },
  },
  {
    name: "sends the open packet as the first frame of a WebSocket session, without upgrades",
    needs: ["websocket"],
    async run(bench) {
      const { opened, socket } = await bench.openWebSocket();
      assert.deepEqual(opened.upgrades, []);
      assert.equal(socket.transport.name, "websocket");
    },
  },
  {
    name: "serves the path without its slash",
    async run(bench) {
      assert.equal((await bench.requestTarget(`/engine.io?${POLLING}`).answer).status, 200);
    },
  },
  {
    name: "ignores what else is in the query, and takes the last of repeated keys",
    async run(bench) {
      assert.equal((await bench.get("transport=nothing&EIO=3&t=abc&EIO=4&x=%zz&transport=polling&=")).status, 200);
    },
  },
  {
    name: "sends initialPacket right behind the open packet",
    options: { initialPacket: "welcome" },
    async run(bench) {
      const { body } = await bench.get(POLLING);
      assert.deepEqual(body.split("\x1e").slice(1), ["4welcome"]);
    },
  },
  {
    name: "sends initialPacket as the second frame of a WebSocket session",
    needs: ["websocket"],
    options: { initialPacket: "welcome" },
    async run(bench) {
      const { ws } = await bench.openWebSocket();
      assert.equal(await ws.next(), "4welcome");
    },
  },
  {
    name: "announces a session that can be written to at once",
    needs: ["websocket"],
    async run(bench) {
      bench.engine.on("connection", (socket: SubjectSocket) => {
        assert.equal(socket.readyState, "open");
        socket.send("at once");
      });
      // The open packet comes alone: clients that take the whole response for one packet are at home here.
      const { sid } = await bench.openPolling();
      assert.equal((await bench.poll(sid)).body, "4at once");
      const { ws } = await bench.openWebSocket();
      assert.equal(await ws.next(), "4at once");
    },
  },
  {
    name: "tells id, protocol, address and transport of a session",
    async run(bench) {
      const { sid, socket } = await bench.openPolling();
      assert.equal(socket.id, sid);
      assert.equal(socket.protocol, 4);
      assert.match(socket.remoteAddress ?? "", /127\.0\.0\.1|::1/);
      assert.equal(socket.transport.name, "polling");
      assert.equal(socket.upgraded, false);
    },
  },
  {
    name: "takes ids from generateId",
    async run(bench) {
      bench.engine.generateId = () => "chosen";
      assert.equal((await bench.openPolling()).sid, "chosen");
    },
  },
  {
    name: "waits for an id",
    needs: ["websocket"],
    async run(bench) {
      let n = 0;
      bench.engine.generateId = () => Promise.resolve(`id-${n++}`);
      assert.equal((await bench.openPolling()).sid, "id-0");
      assert.equal((await bench.openWebSocket()).opened.sid, "id-1");
    },
  },
  {
    name: "refuses who gets no id, and keeps nothing",
    needs: ["websocket"],
    async run(bench) {
      bench.engine.generateId = () => Promise.reject(new TypeError("no ids today"));
      const { status, body } = await bench.get(POLLING);
      assert.equal(status, 400);
      assert.deepEqual(JSON.parse(body), { code: 3, message: "Bad request" });
      assert.deepEqual(bench.lastRefusal(), { code: 3, name: "ID_GENERATION_ERROR" });
      const ws = await bench.webSocket(WEBSOCKET).closed();
      assert.equal(ws.status, 400);
      assert.deepEqual(bench.lastRefusal(), { code: 3, name: "ID_GENERATION_ERROR" });
      assert.equal(bench.refusals.length, 2);
      await bench.settled();
    },
  },
  {
    name: "keeps sessions apart",
    async run(bench) {
      const [one, two] = [await bench.openPolling(), await bench.openPolling()];
      assert.notEqual(one.sid, two.sid);
      const [first, second] = [heardBy(one.socket), heardBy(two.socket)];
      await bench.post(one.sid, "4for one");
      await bench.post(two.sid, "4for two");
      assert.deepEqual([first, second], [["for one"], ["for two"]]);
    },
  },
];
