import assert from "node:assert/strict";
import { type Bench, type ConformanceCase, POLLING, WEBSOCKET } from "../bench.js";
import type { Answer, Ask } from "../http-client.js";

const MESSAGES = [
  "Transport unknown",
  "Session ID unknown",
  "Bad handshake method",
  "Bad request",
  "Forbidden",
  "Unsupported protocol version",
];

function assertRefused(answer: Answer, code: number, status = 400): void {
  assert.equal(answer.status, status);
  assert.match(String(answer.headers["content-type"]), /^application\/json/);
  assert.deepEqual(JSON.parse(answer.body), { code, message: MESSAGES[code] });
}

async function assertCode(bench: Bench, query: string, code: number, context: object, ask: Ask = {}): Promise<void> {
  assertRefused(await bench.get(query, ask), code);
  const refused = bench.refusals.at(-1);
  assert.equal(refused?.code, code);
  assert.equal(refused.message, MESSAGES[code]);
  assert.ok(refused.req);
  for (const [name, value] of Object.entries(context)) assert.deepEqual(refused.context[name], value);
}

/** A refused upgrade is answered in plain HTTP, and its connection ends. */
async function assertNoUpgrade(bench: Bench, query: string, code: number): Promise<void> {
  const ws = await bench.webSocket(query).closed();
  assert.equal(ws.status, 400);
  assert.match(ws.head, /\r\nconnection: close/i);
  assert.match(ws.head, /\r\ncontent-length: /i);
  assert.equal(ws.body, MESSAGES[code]);
  assert.equal(bench.refusals.at(-1)?.code, code);
}

const NAMES_OF_OBJECTS = ["__proto__", "constructor", "toString", "hasOwnProperty"];

export const guards: readonly ConformanceCase[] = [
  {
    name: "0: refuses transports that it does not know",
    async run(bench) {
      for (const transport of ["abc", "webtransport", ...NAMES_OF_OBJECTS]) {
        await assertCode(bench, `EIO=4&transport=${transport}`, 0, { transport });
      }
      await assertCode(bench, "EIO=4", 0, {});
      assert.equal(bench.engine.clientsCount, 0);
    },
  },
  {
    name: "0: refuses transports that are not offered",
    options: { transports: ["polling"] },
    async run(bench) {
      await assertCode(bench, WEBSOCKET, 0, { transport: "websocket" });
    },
  },
  {
    name: "1: refuses sessions that it does not know",
    async run(bench) {
      for (const sid of ["nobody", ...NAMES_OF_OBJECTS]) {
        await assertCode(bench, `${POLLING}&sid=${sid}`, 1, { sid });
        await assertCode(bench, `${POLLING}&sid=${sid}`, 1, { sid }, { method: "POST", body: "4x" });
      }
    },
  },
  {
    name: "2: refuses handshakes by another method than GET",
    async run(bench) {
      for (const method of ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"]) {
        await assertCode(bench, POLLING, 2, { method }, { method });
      }
      assert.equal((await bench.get(POLLING, { method: "HEAD" })).status, 400);
      assert.equal(bench.engine.clientsCount, 0);
    },
  },
  {
    name: "3: refuses a WebSocket handshake that asks for no upgrade",
    needs: ["websocket"],
    async run(bench) {
      await assertCode(bench, WEBSOCKET, 3, { name: "TRANSPORT_HANDSHAKE_ERROR" });
    },
  },
  {
    name: "3: refuses requests to a session by another transport",
    needs: ["websocket"],
    async run(bench) {
      const { opened } = await bench.openWebSocket();
      await assertCode(bench, `${POLLING}&sid=${opened.sid}`, 3, {
        name: "TRANSPORT_MISMATCH",
        transport: "polling",
        previousTransport: "websocket",
      });
      assert.equal(bench.engine.clientsCount, 1);
    },
  },
  {
    name: "3: refuses requests to a session by another revision of the protocol",
    options: { allowEIO3: true },
    async run(bench) {
      const { sid } = await bench.openPolling();
      const context = { name: "PROTOCOL_MISMATCH", protocol: 3, previousProtocol: 4 };
      await assertCode(bench, `EIO=3&transport=polling&sid=${sid}`, 3, context);
      await assertCode(bench, `transport=polling&sid=${sid}`, 3, context);
      assert.equal(bench.engine.clientsCount, 1);
    },
  },
  {
    name: "4: refuses whom allowRequest does not want, with its words or without",
    options: {
      allowRequest: (request, done) => done(/words/.test(request.url) ? "not you" : null, false),
    },
    async run(bench) {
      assertRefused(await bench.get(POLLING), 4, 403);
      const answer = await bench.get(`${POLLING}&words`);
      assert.equal(answer.status, 403);
      assert.deepEqual(JSON.parse(answer.body), { code: 4, message: "not you" });
      assert.equal(bench.lastRefusal().code, 4);
      assert.equal(bench.engine.clientsCount, 0);
    },
  },
  {
    name: "4: refuses upgrades whom allowRequest does not want, with status 400",
    needs: ["websocket"],
    options: { allowRequest: (_request, done) => done(null, false) },
    async run(bench) {
      await assertNoUpgrade(bench, WEBSOCKET, 4);
    },
  },
  {
    name: "asks allowRequest for the first request of a session only",
    needs: ["websocket"],
    options: {
      allowRequest: (request, done) => done(null, !/sid=/.test(request.url)),
    },
    async run(bench) {
      const { sid } = await bench.openPolling();
      assert.equal((await bench.post(sid, "4x")).body, "ok");
      await bench.probe(sid);
    },
  },
  {
    name: "waits for allowRequest",
    needs: ["websocket"],
    options: { allowRequest: (_request, done) => setTimeout(() => done(null, true), 20) },
    async run(bench) {
      await bench.openPolling();
      await bench.openWebSocket();
    },
  },
  {
    name: "5: refuses revisions of the protocol that it does not speak",
    async run(bench) {
      for (const query of ["EIO=3&transport=polling", "transport=polling", "EIO=5&transport=polling"]) {
        await assertCode(bench, query, 5, { protocol: 3 });
      }
    },
  },
  {
    name: "refuses upgrades in plain HTTP and ends their connection",
    needs: ["websocket"],
    async run(bench) {
      await assertNoUpgrade(bench, "EIO=4&transport=abc", 0);
      await assertNoUpgrade(bench, "EIO=4&transport=__proto__", 0);
      await assertNoUpgrade(bench, `${WEBSOCKET}&sid=nobody`, 1);
      await assertNoUpgrade(bench, `${WEBSOCKET}&sid=__proto__`, 1);
      await assertNoUpgrade(bench, "EIO=3&transport=websocket", 5);
      assert.equal(bench.engine.clientsCount, 0);
    },
  },
  {
    name: "refuses an upgrade on the polling transport",
    needs: ["websocket"],
    async run(bench) {
      const ws = await bench.webSocket(POLLING).closed();
      assert.equal(ws.status, 400);
      assert.equal(bench.engine.clientsCount, 0);
    },
  },
  {
    name: "judges in the order transport, session, method, revision",
    async run(bench) {
      await assertCode(bench, "EIO=3&transport=abc&sid=nobody", 0, {}, { method: "PUT" });
      await assertCode(bench, "EIO=3&transport=polling&sid=nobody", 1, {}, { method: "PUT" });
      await assertCode(bench, "EIO=3&transport=polling", 2, {}, { method: "PUT" });
    },
  },
  {
    name: "runs middlewares in order, for polling and upgrades",
    needs: ["middleware", "websocket"],
    async run(bench) {
      const calls: string[] = [];
      bench.engine.use?.((_request, _response, next) => {
        calls.push("first");
        setTimeout(next, 5);
      });
      bench.engine.use?.((_request, _response, next) => {
        calls.push("second");
        next();
      });
      await bench.openPolling();
      await bench.openWebSocket();
      assert.deepEqual(calls, ["first", "second", "first", "second"]);
    },
  },
  {
    name: "refuses when a middleware fails, thrown, rejected or handed on, once each",
    needs: ["middleware", "websocket"],
    async run(bench) {
      bench.engine.use?.((request: { url: string }, _response, next) => {
        if (/thrown/.test(request.url)) throw new TypeError("thrown");
        if (/rejected/.test(request.url)) return Promise.reject(new TypeError("rejected"));
        if (/twice/.test(request.url)) next();
        next(new TypeError("handed on"));
      });
      for (const how of ["thrown", "rejected", "handed"]) {
        const count = bench.refusals.length;
        await assertCode(bench, `${POLLING}&${how}`, 3, { name: "MIDDLEWARE_FAILURE" });
        await assertNoUpgrade(bench, `${WEBSOCKET}&${how}`, 3);
        assert.equal(bench.refusals.length, count + 2);
      }
      assert.equal(bench.engine.clientsCount, 0);
      await bench.openPolling(`${POLLING}&twice`);
      assert.equal(bench.engine.clientsCount, 1);
    },
  },
  {
    name: "lets a middleware answer in its place",
    needs: ["middleware", "websocket"],
    async run(bench) {
      bench.engine.use?.((_request, response: { writeHead(status: number): unknown; end(body: string): unknown }) => {
        response.writeHead(401);
        response.end("who are you?");
      });
      const answer = await bench.get(POLLING);
      assert.deepEqual([answer.status, answer.body], [401, "who are you?"]);
      await bench.webSocket(WEBSOCKET).closed();
      await bench.settled();
    },
  },
];
