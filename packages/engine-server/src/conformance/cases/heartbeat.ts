import assert from "node:assert/strict";
import { type ConformanceCase, endOf, pause } from "../bench.js";

/** For sessions that are to die. */
const SHORT = { pingInterval: 60, pingTimeout: 60 };
/** For those that are to live, also on a busy machine. */
const PATIENT = { pingInterval: 60, pingTimeout: 3_000 };

export const heartbeat: readonly ConformanceCase[] = [
  {
    name: "pings a polling client, and lives on its answers",
    options: PATIENT,
    async run(bench) {
      const { sid, socket } = await bench.openPolling();
      for (let n = 0; n < 4; n++) {
        assert.equal((await bench.poll(sid)).body, "2");
        await bench.post(sid, "3");
      }
      assert.equal(socket.readyState, "open");
    },
  },
  {
    name: "pings a WebSocket client, and lives on its answers",
    needs: ["websocket"],
    options: PATIENT,
    async run(bench) {
      const { ws, socket } = await bench.openWebSocket();
      for (let n = 0; n < 4; n++) {
        assert.equal(await ws.next(), "2");
        ws.send("3");
      }
      assert.equal(socket.readyState, "open");
    },
  },
  {
    name: "does not ping before pingInterval",
    needs: ["websocket"],
    options: { pingInterval: 150, pingTimeout: 100 },
    async run(bench) {
      const start = Date.now();
      const { ws } = await bench.openWebSocket();
      assert.equal(await ws.next(), "2");
      assert.ok(Date.now() - start >= 140);
    },
  },
  {
    name: "ends a WebSocket session without a sign of life",
    needs: ["websocket"],
    options: SHORT,
    async run(bench) {
      const { ws, socket } = await bench.openWebSocket();
      assert.equal((await endOf(socket)).reason, "ping timeout");
      await ws.closed();
      await bench.settled();
    },
  },
  {
    name: "ends a polling session without a sign of life, also without a poll",
    options: SHORT,
    async run(bench) {
      const { socket } = await bench.openPolling();
      assert.equal((await endOf(socket)).reason, "ping timeout");
      await bench.settled();
    },
  },
  {
    name: "takes anything that arrives for a sign of life",
    needs: ["websocket"],
    options: { pingInterval: 100, pingTimeout: 150 },
    async run(bench) {
      const { ws, socket } = await bench.openWebSocket();
      for (let n = 0; n < 20; n++) {
        ws.send("4busy");
        await pause(40);
      }
      assert.equal(socket.readyState, "open");
    },
  },
  {
    name: "ends a session whose client pings, which is the server's part",
    needs: ["websocket"],
    async run(bench) {
      const webSocket = await bench.openWebSocket();
      const end = endOf(webSocket.socket);
      webSocket.ws.send("2");
      assert.equal((await end).reason, "transport error");
      const { sid, socket } = await bench.openPolling();
      const polled = endOf(socket);
      await bench.post(sid, "2").catch(() => undefined);
      assert.equal((await polled).reason, "transport error");
      await bench.settled();
    },
  },
];
