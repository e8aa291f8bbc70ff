import assert from "node:assert/strict";
import { type ConformanceCase, endOf, eventually, POLLING, WEBSOCKET } from "../bench.js";
import { frame, TEXT } from "../websocket-client.js";

/** Limits that are options of ours. */
const needs = ["limits"] as const;
const onWebSocket = ["limits", "websocket"] as const;

export const limits: readonly ConformanceCase[] = [
  {
    name: "maxPacketsPerPayload",
    needs,
    options: { maxPacketsPerPayload: 3 },
    async run(bench) {
      const { sid, socket } = await bench.openPolling();
      assert.equal((await bench.post(sid, "4\x1e4\x1e4")).status, 200);
      const end = endOf(socket);
      assert.equal((await bench.post(sid, "4\x1e4\x1e4\x1e4")).status, 400);
      assert.equal((await end).reason, "parse error");
      await bench.settled();
    },
  },
  {
    name: "maxFragments",
    needs: onWebSocket,
    options: { maxFragments: 4 },
    async run(bench) {
      const { ws, socket } = await bench.openWebSocket();
      const end = endOf(socket);
      ws.frames(frame(TEXT, "4", { fin: false }), ...Array.from({ length: 10 }, () => frame(0, "x", { fin: false })));
      await end;
      await ws.closed();
      await bench.settled();
    },
  },
  {
    name: "maxSessions",
    needs: onWebSocket,
    options: { maxSessions: 1 },
    async run(bench) {
      await bench.openPolling();
      assert.equal((await bench.get(POLLING)).status, 503);
      assert.deepEqual(bench.lastRefusal(), { code: 3, name: "TOO_MANY_SESSIONS" });
      assert.equal((await bench.webSocket(WEBSOCKET).closed()).status, 503);
      assert.equal(bench.engine.clientsCount, 1);
    },
  },
  {
    name: "tells those for whom there is no room when to come back",
    needs,
    options: { maxSessions: 0 },
    async run(bench) {
      const { status, headers } = await bench.get(POLLING);
      assert.equal(status, 503);
      assert.match(String(headers["retry-after"]), /^[1-9]\d*$/);
    },
  },
  {
    name: "firstPollTimeout",
    needs,
    options: { firstPollTimeout: 60 },
    async run(bench) {
      const { socket } = await bench.openPolling();
      const end = endOf(socket);
      const { sid } = await bench.openPolling();
      await bench.post(sid, "4x");
      await end;
      assert.equal(bench.engine.clientsCount, 1);
    },
  },
  {
    name: "maxSessionsPerAddress",
    needs,
    options: { maxSessionsPerAddress: 2 },
    async run(bench) {
      const { sid } = await bench.openPolling();
      await bench.openPolling();
      assert.equal((await bench.get(POLLING)).status, 503);
      assert.deepEqual(bench.lastRefusal(), { code: 3, name: "TOO_MANY_SESSIONS_OF_ADDRESS" });
      await bench.post(sid, "1");
      await bench.openPolling();
    },
  },
  {
    name: "maxSilentSessions",
    needs,
    options: { maxSilentSessions: 1 },
    async run(bench) {
      const { sid } = await bench.openPolling();
      assert.equal((await bench.get(POLLING)).status, 503);
      assert.deepEqual(bench.lastRefusal(), { code: 3, name: "TOO_MANY_SILENT_SESSIONS" });
      await bench.post(sid, "4now I have spoken");
      await bench.openPolling();
    },
  },
  {
    name: "maxPendingHandshakes",
    needs,
    options: { maxPendingHandshakes: 1, allowRequest: () => undefined },
    async run(bench) {
      const waiting = bench.request(POLLING);
      await eventually(() => bench.table("pendingHandshakes") === 1);
      assert.equal((await bench.get(POLLING)).status, 503);
      assert.deepEqual(bench.lastRefusal(), { code: 3, name: "TOO_MANY_HANDSHAKES" });
      waiting.abort();
      await bench.settled();
    },
  },
  {
    name: "handshakeTimeout",
    needs: onWebSocket,
    options: { handshakeTimeout: 60, allowRequest: () => undefined },
    async run(bench) {
      assert.equal((await bench.get(POLLING)).status, 503);
      assert.deepEqual(bench.lastRefusal(), { code: 3, name: "HANDSHAKE_TIMEOUT" });
      assert.equal((await bench.webSocket(WEBSOCKET).closed()).status, 503);
      await bench.settled();
    },
  },
  {
    name: "maxOutboxBytes, for a polling client that does not poll",
    needs,
    options: { maxOutboxBytes: 100_000 },
    async run(bench) {
      const { socket } = await bench.openPolling();
      const end = endOf(socket);
      for (let n = 0; n < 20; n++) socket.send("x".repeat(10_000));
      assert.equal((await end).reason, "slow consumer");
      await bench.settled();
    },
  },
  {
    name: "maxOutboxPackets",
    needs,
    options: { maxOutboxPackets: 10 },
    async run(bench) {
      const { socket } = await bench.openPolling();
      const end = endOf(socket);
      for (let n = 0; n < 11; n++) socket.send("x");
      assert.equal((await end).reason, "slow consumer");
      await bench.settled();
    },
  },
];
