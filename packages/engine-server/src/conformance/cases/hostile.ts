import assert from "node:assert/strict";
import {
  type Bench,
  type ConformanceCase,
  eventually,
  PATH,
  POLLING,
  pause,
  processorTime,
  WEBSOCKET,
} from "../bench.js";
import { frame, PING, TEXT, upgradeRequest } from "../websocket-client.js";

/**
 * What has been used against servers of this family, by the name of its advisory. Beside each attack sits a bystander
 * who must not notice anything; after it nothing of the attacker is left.
 */
function attack(
  name: string,
  needs: ConformanceCase["needs"],
  run: (bench: Bench) => Promise<void>,
  options: ConformanceCase["options"] = {},
): ConformanceCase {
  return {
    name,
    needs: ["websocket", ...(needs ?? [])],
    options,
    async run(bench) {
      const { ws, socket } = await bench.openWebSocket();
      await run(bench);
      socket.send("still there?");
      assert.equal(await ws.next(), "4still there?");
      const heard = new Promise((resolve) => socket.on("data", resolve));
      ws.send("4still here");
      assert.equal(await heard, "still here");
      await eventually(() => bench.engine.clientsCount === 1);
      ws.destroy();
      await bench.settled();
    },
  };
}

/** Sends bytes and waits for the end of the connection, whoever ends it. */
async function throwAt(bench: Bench, bytes: string | Uint8Array, patience = 300): Promise<void> {
  const socket = bench.bytes();
  const closed = new Promise((resolve) => socket.once("close", resolve));
  socket.resume();
  socket.write(bytes);
  await Promise.race([closed, pause(patience)]);
  socket.destroy();
}

export const hostile: readonly ConformanceCase[] = [
  attack("CVE-2026-59725: binary uploads, which have no meaning, are answered and end", [], async (bench) => {
    for (let n = 0; n < 10; n++) {
      const { sid } = await bench.openPolling();
      const headers = { "content-type": "application/octet-stream" };
      assert.equal((await bench.post(sid, Buffer.alloc(100, n), headers)).status, 400);
    }
  }),
  attack(
    "GHSA-gr94-w7qr-f4j3: WebTransport sessions for names of Object.prototype",
    ["webTransport"],
    async (bench) => {
      for (const sid of ["__proto__", "constructor", "toString", "valueOf"]) {
        await (await bench.webTransport().open(sid)).closed;
      }
    },
    { transports: ["polling", "websocket", "webtransport"] },
  ),
  attack("CVE-2023-31125: upgrades to transports that are names of objects", ["http1"], async (bench) => {
    for (const transport of ["__proto__", "constructor", "polling", "webtransport", ""]) {
      const ws = await bench.webSocket(`EIO=4&transport=${transport}`).closed();
      assert.equal(ws.status, 400);
    }
  }),
  attack("CVE-2022-41940: upgrade requests that are reset at once, at every step", ["http1"], async (bench) => {
    const { sid } = await bench.openPolling();
    for (const query of [WEBSOCKET, `${WEBSOCKET}&sid=${sid}`, `${WEBSOCKET}&sid=nobody`, "transport=abc"]) {
      for (const wait of [0, 1, 5]) {
        const ws = bench.webSocket(query);
        await new Promise((resolve) => ws.socket.once("connect", resolve));
        if (wait > 0) await pause(wait);
        ws.reset();
      }
    }
    await pause(20);
    await bench.post(sid, "1");
  }),
  attack("CVE-2022-21676: bad frames in one segment with the upgrade request", ["http1"], async (bench) => {
    const bad = [
      frame(TEXT, "4x", { rsv: 2 }),
      frame(TEXT, "4x", { rsv: 1 }),
      frame(TEXT, "4x", { masked: false }),
      frame(15, "4x"),
      frame(PING, "x".repeat(200)),
      Buffer.alloc(64, 0xff),
    ];
    for (const bytes of bad) await bench.webSocket(WEBSOCKET, {}, bytes).closed();
  }),
  attack("uWS 4250: a WebSocket handshake without an upgrade is answered", [], async (bench) => {
    assert.equal((await bench.get(WEBSOCKET)).status, 400);
    const { sid } = await bench.openPolling();
    assert.equal((await bench.get(`${WEBSOCKET}&sid=${sid}`)).status, 400);
    await bench.post(sid, "1");
  }),
  attack("CVE-2020-36048: uploads of very many tiny or bad packets cost little", [], async (bench) => {
    const bodies = ["\x1e".repeat(900_000), "4\x1e".repeat(450_000), "4".repeat(900_000), "b\x1e".repeat(450_000)];
    const before = processorTime();
    for (const body of bodies) {
      const { sid } = await bench.openPolling();
      await bench.post(sid, body).catch(() => undefined);
      if (bench.socketOf(sid).readyState === "open") await bench.post(sid, "1");
    }
    assert.ok(processorTime() - before < 3_000, "took too long");
  }),
  attack("CVE-2016-10542: a frame that declares a gigabyte is refused before it comes", ["http1"], async (bench) => {
    const { ws } = await bench.openWebSocket();
    ws.frames(frame(TEXT, "4", { length: 2 ** 30 }));
    assert.equal((await ws.closed()).closeCode, 1009);
  }),
  attack("CVE-2026-48779: fragments without end are cut off", ["http1", "limits"], async (bench) => {
    const { ws } = await bench.openWebSocket();
    ws.frames(frame(TEXT, "4", { fin: false }));
    for (let n = 0; n < 20 && ws.closeCode === undefined && !ws.ended; n++) {
      ws.frames(...Array.from({ length: 500 }, () => frame(0, "x", { fin: false })));
      await pause(1);
    }
    await ws.closed();
  }),
  attack("CVE-2024-37890: upgrade requests with more headers than are kept", ["http1"], async (bench) => {
    const many = Array.from({ length: 2_500 }, (_, n) => `x-${n}: y\r\n`).join("");
    await throwAt(bench, upgradeRequest(`${PATH}?${WEBSOCKET}`).replace("\r\n", `\r\n${many}`));
  }),
  attack("CVE-2021-32640: subprotocols that make patterns backtrack", ["http1"], async (bench) => {
    const before = processorTime();
    const ws = bench.webSocket(WEBSOCKET, { "sec-websocket-protocol": `b${" ".repeat(10_000)}x` });
    await ws.answered();
    ws.destroy();
    assert.ok(processorTime() - before < 1_000, "took too long");
  }),
  attack("GHSA-5v72-xg48-5rpm: extensions that are names of objects", ["http1"], async (bench) => {
    for (const name of ["constructor", "__proto__", "hasOwnProperty; toString=1", "permessage-deflate; valueOf"]) {
      const ws = await bench.webSocket(WEBSOCKET, { "sec-websocket-extensions": name }).answered();
      ws.destroy();
    }
  }),
  attack("CVE-2017-16031: ids are long, and never come twice", [], async (bench) => {
    const ids = new Set<string>();
    for (let n = 0; n < 50; n++) {
      const { sid } = await bench.openPolling();
      ids.add(sid);
      await bench.post(sid, "1");
    }
    assert.equal(ids.size, 50);
    for (const id of ids) assert.match(id, /^[A-Za-z0-9_-]{20,}$/);
  }),
  attack("cookies, query and headers with names of objects", ["http1"], async (bench) => {
    const headers = { __proto__x: "1", constructor: "x", cookie: "__proto__=1; io=__proto__" };
    const query = `${POLLING}&__proto__=1&constructor=2&hasOwnProperty=3&toString=4&_query=5`;
    const { status, body } = await bench.get(query, { headers });
    assert.equal(status, 200);
    await bench.post(JSON.parse(body.slice(1)).sid, "1");
    assert.equal(({} as Record<string, unknown>).polluted, undefined);
  }),
  attack("requests cut off in the middle of their head or body", ["http1"], async (bench) => {
    const { sid } = await bench.openPolling();
    const target = `${PATH}?${POLLING}&sid=${sid}`;
    for (const bytes of [
      "GET /eng",
      `GET ${PATH}?${POLLING} HTTP/1.1\r\nhost: x\r\n`,
      `POST ${target} HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n4abc`,
      `POST ${target} HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n`,
      upgradeRequest(`${PATH}?${WEBSOCKET}`).slice(0, -2),
    ]) {
      await throwAt(bench, bytes, 30);
    }
    await eventually(() => bench.engine.clientsCount === 1);
  }),
  attack("upgrade requests that are no WebSocket handshakes", ["http1"], async (bench) => {
    const odd: Array<Record<string, string>> = [
      { "sec-websocket-key": "short" },
      { "sec-websocket-version": "7" },
      { upgrade: "h2c" },
      { "sec-websocket-key": "" },
    ];
    for (const headers of odd) {
      const ws = await bench.webSocket(WEBSOCKET, headers).closed();
      assert.notEqual(ws.status, 101);
    }
  }),
  attack("many polls and uploads of one session at the same moment", [], async (bench) => {
    const { sid } = await bench.openPolling();
    const answers = await Promise.allSettled(
      Array.from({ length: 40 }, (_, n) => (n % 2 === 0 ? bench.poll(sid) : bench.post(sid, "4x"))),
    );
    assert.equal(answers.length, 40);
  }),
];
