import assert from "node:assert/strict";
import { type ConformanceCase, POLLING, WEBSOCKET } from "../bench.js";

type Headers = Record<string, string | string[]>;

const ORIGIN = "https://example.com";

export const headers: readonly ConformanceCase[] = [
  {
    name: "sets no cookie unless asked to",
    async run(bench) {
      assert.equal((await bench.get(POLLING)).headers["set-cookie"], undefined);
    },
  },
  {
    name: "sets a cookie on the first response only",
    options: { cookie: true },
    async run(bench) {
      const answer = await bench.get(POLLING);
      const [cookie] = answer.headers["set-cookie"] ?? [];
      const { sid } = JSON.parse(answer.body.slice(1)) as { sid: string };
      assert.match(cookie ?? "", new RegExp(`^io=${sid}; Path=/; HttpOnly; SameSite=Lax$`, "i"));
      assert.equal((await bench.post(sid, "4x")).headers["set-cookie"], undefined);
    },
  },
  {
    name: "sets a cookie as described",
    options: { cookie: { name: "who", path: false, httpOnly: false, sameSite: "strict" } as never },
    async run(bench) {
      const [cookie] = (await bench.get(POLLING)).headers["set-cookie"] ?? [];
      assert.match(cookie ?? "", /^who=[^;]+; SameSite=Strict$/i);
    },
  },
  {
    name: "lets listeners change the headers of polling responses",
    async run(bench) {
      const calls: string[] = [];
      for (const event of ["initial_headers", "headers"]) {
        bench.engine.on(event, (table: Headers, request: { url?: string }) => {
          calls.push(event);
          assert.ok(request.url);
          table[`x-${event.replace("_", "-")}`] = "yes";
        });
      }
      const { headers, body } = await bench.get(POLLING);
      assert.deepEqual([headers["x-initial-headers"], headers["x-headers"]], ["yes", "yes"]);
      const later = await bench.post(JSON.parse(body.slice(1)).sid, "4x");
      assert.deepEqual([later.headers["x-initial-headers"], later.headers["x-headers"]], [undefined, "yes"]);
      assert.deepEqual(calls, ["initial_headers", "headers", "headers"]);
    },
  },
  {
    name: "lets listeners change the headers of upgrades",
    needs: ["websocket"],
    async run(bench) {
      bench.engine.on("initial_headers", (table: Headers) => {
        table["x-initial"] = "yes";
      });
      bench.engine.on("headers", (table: Headers) => {
        table["x-each"] = "yes";
      });
      const direct = await bench.webSocket(WEBSOCKET).answered();
      assert.match(direct.head, /\r\nx-initial: yes/);
      assert.match(direct.head, /\r\nx-each: yes/);
      const { sid } = await bench.openPolling();
      const upgrade = await bench.webSocket(`${WEBSOCKET}&sid=${sid}`).answered();
      assert.doesNotMatch(upgrade.head, /x-initial/);
      assert.match(upgrade.head, /\r\nx-each: yes/);
    },
  },
  {
    name: "names no origin unless asked to",
    async run(bench) {
      const { headers } = await bench.get(POLLING, { headers: { origin: ORIGIN } });
      assert.equal(headers["access-control-allow-origin"], undefined);
    },
  },
  {
    name: "answers cross-origin requests, with credentials",
    options: { cors: { origin: ORIGIN, credentials: true } },
    async run(bench) {
      const { headers } = await bench.get(POLLING, { headers: { origin: ORIGIN } });
      assert.equal(headers["access-control-allow-origin"], ORIGIN);
      assert.equal(headers["access-control-allow-credentials"], "true");
      assert.match(String(headers.vary), /origin/i);
    },
  },
  {
    name: "answers preflights",
    options: { cors: { origin: ORIGIN, methods: ["GET", "POST"], allowedHeaders: ["x-token"], maxAge: 60 } },
    async run(bench) {
      const ask = { origin: ORIGIN, "access-control-request-method": "POST" };
      const { status, headers } = await bench.get(POLLING, { method: "OPTIONS", headers: ask });
      assert.equal(status, 204);
      assert.equal(headers["access-control-allow-origin"], ORIGIN);
      assert.equal(headers["access-control-allow-methods"], "GET,POST");
      assert.equal(headers["access-control-allow-headers"], "x-token");
      assert.equal(headers["access-control-max-age"], "60");
    },
  },
  {
    name: "lets pages read why they were refused",
    options: { cors: { origin: ORIGIN } },
    async run(bench) {
      const { status, headers } = await bench.get("EIO=4&transport=abc", { headers: { origin: ORIGIN } });
      assert.equal(status, 400);
      assert.equal(headers["access-control-allow-origin"], ORIGIN);
    },
  },
  {
    name: "lets the origins that cors names in on every transport, and requests without one",
    needs: ["websocket"],
    options: { cors: { origin: [ORIGIN, /\.example\.org$/] } },
    async run(bench) {
      for (const origin of [ORIGIN, "https://a.example.org"]) {
        assert.equal((await bench.get(POLLING, { headers: { origin } })).status, 200);
        assert.equal((await bench.webSocket(WEBSOCKET, { origin }).answered()).status, 101);
      }
      await bench.openPolling();
      await bench.openWebSocket();
    },
  },
  {
    name: "refuses other origins than cors names with 403, on every transport",
    needs: ["websocket"],
    options: { cors: { origin: [ORIGIN, /\.example\.org$/] } },
    async run(bench) {
      for (const origin of ["https://evil.test", "https://example.com.evil.test", "null"]) {
        const { status } = await bench.get(POLLING, { headers: { origin } });
        assert.equal(status, 403);
        assert.deepEqual(bench.lastRefusal(), { code: 4, name: "ORIGIN_REFUSED" });
        const ws = await bench.webSocket(WEBSOCKET, { origin }).closed();
        assert.equal(ws.status, 403);
        assert.deepEqual(bench.lastRefusal(), { code: 4, name: "ORIGIN_REFUSED" });
      }
      await bench.settled();
    },
  },
  {
    name: "refuses other origins for requests of a session that exists",
    needs: ["websocket"],
    options: { cors: { origin: ORIGIN } },
    async run(bench) {
      const { sid, socket } = await bench.openPolling();
      const headers = { origin: "https://evil.test" };
      assert.equal((await bench.post(sid, "4x", headers)).status, 403);
      assert.equal((await bench.webSocket(`${WEBSOCKET}&sid=${sid}`, headers).closed()).status, 403);
      assert.equal(socket.readyState, "open");
    },
  },
];
