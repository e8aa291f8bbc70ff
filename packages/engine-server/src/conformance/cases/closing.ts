import assert from "node:assert/strict";
import { type ConformanceCase, endOf, eventually, heardBy, POLLING, pause, WEBSOCKET } from "../bench.js";

export const closing: readonly ConformanceCase[] = [
  {
    name: "writes what is queued on WebSocket before it closes",
    needs: ["websocket"],
    async run(bench) {
      const { ws, socket } = await bench.openWebSocket();
      const end = endOf(socket);
      for (let n = 0; n < 100; n++) socket.send(`${n}`);
      socket.close();
      for (let n = 0; n < 100; n++) assert.equal(await ws.next(), `4${n}`);
      await ws.closed();
      ws.destroy();
      assert.equal((await end).reason, "forced close");
      await bench.settled();
    },
  },
  {
    name: "writes what is queued to an open poll before it closes, and says goodbye",
    async run(bench) {
      const { sid, socket } = await bench.openPolling();
      const end = endOf(socket);
      const poll = bench.poll(sid);
      await bench.arrived();
      socket.send("last words");
      socket.close();
      const packets = (await poll).body.split("\x1e");
      if (packets.length === 1) packets.push(...(await bench.poll(sid)).body.split("\x1e"));
      assert.equal(packets[0], "4last words");
      assert.equal(packets.at(-1), "1");
      assert.equal((await end).reason, "forced close");
      await bench.settled();
    },
  },
  {
    name: "says goodbye to an open poll",
    async run(bench) {
      const { sid, socket } = await bench.openPolling();
      const poll = bench.poll(sid);
      await bench.arrived();
      socket.close();
      assert.equal((await poll).body, "1");
      await bench.settled();
    },
  },
  {
    name: "says goodbye to the next poll when none is open",
    async run(bench) {
      const { sid, socket } = await bench.openPolling();
      socket.close();
      const { status, body } = await bench.poll(sid);
      assert.equal(status, 200);
      assert.equal(body.split("\x1e").at(-1), "1");
      await bench.settled();
    },
  },
  {
    name: "does not wait for a client that never polls again",
    options: { closeTimeout: 50 },
    needs: ["limits"],
    async run(bench) {
      const { socket } = await bench.openPolling();
      socket.close();
      await bench.settled();
    },
  },
  {
    name: "closes at once when told to discard",
    needs: ["websocket"],
    async run(bench) {
      const { ws, socket } = await bench.openWebSocket();
      const end = endOf(socket);
      socket.close(true);
      assert.equal(socket.readyState, "closed");
      assert.equal((await end).reason, "forced close");
      await ws.closed();
      await bench.settled();
    },
  },
  {
    name: "tells of the end once, and is deaf and mute from then on",
    needs: ["websocket"],
    async run(bench) {
      const { ws, socket } = await bench.openWebSocket();
      const heard = heardBy(socket);
      let ends = 0;
      socket.on("close", () => ends++);
      socket.close(true);
      socket.close();
      socket.close(true);
      socket.send("late");
      ws.send("4late");
      await ws.closed();
      await pause(30);
      assert.deepEqual([ends, heard], [1, []]);
    },
  },
  {
    name: "calls back for messages in order, once each, when they are handed to the transport",
    needs: ["websocket"],
    async run(bench) {
      const { ws, socket } = await bench.openWebSocket();
      const called: number[] = [];
      for (let n = 0; n < 10; n++) socket.send(`${n}`, {}, () => called.push(n));
      for (let n = 0; n < 10; n++) await ws.next();
      await eventually(() => called.length === 10);
      assert.deepEqual(called, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    },
  },
  {
    name: "ends everything when the engine closes: polls, WebSockets, candidates",
    needs: ["websocket"],
    async run(bench) {
      const { sid } = await bench.openPolling();
      const poll = bench.poll(sid);
      const other = await bench.openPolling();
      const candidate = await bench.probe(other.sid);
      const { ws } = await bench.openWebSocket();
      await bench.arrived();
      const ends = Promise.all(bench.sockets.map(endOf));
      bench.engine.close();
      for (const { reason } of await ends) assert.equal(reason, "forced close");
      await Promise.all([ws.closed(), candidate.closed(), poll.catch(() => undefined)]);
      await bench.settled();
    },
  },
  {
    name: "takes nobody in while it is closed",
    needs: ["limits", "websocket"],
    async run(bench) {
      bench.engine.close();
      assert.equal((await bench.get(POLLING)).status, 503);
      assert.deepEqual(bench.lastRefusal(), { code: 3, name: "SERVER_CLOSED" });
      assert.notEqual((await bench.webSocket(WEBSOCKET).closed()).status, 101);
      await bench.settled();
    },
  },
  {
    name: "outlives listeners that throw",
    needs: ["limits", "websocket"],
    options: { onHandlerError: () => undefined },
    async run(bench) {
      bench.engine.on("connection", () => {
        throw new TypeError("of the application");
      });
      const { ws, socket } = await bench.openWebSocket();
      socket.on("data", () => {
        throw new TypeError("of the application");
      });
      ws.send("4x");
      socket.send("alive");
      assert.equal(await ws.next(), "4alive");
      const { sid } = await bench.openPolling();
      assert.equal((await bench.post(sid, "4x")).body, "ok");
    },
  },
];
