import assert from "node:assert/strict";
import { type ConformanceCase, endOf, eventually, heardBy, openedOf } from "../bench.js";

const needs = ["webTransport"] as const;
const options = { transports: ["polling", "websocket", "webtransport"] as const };

export const webTransport: readonly ConformanceCase[] = [
  {
    name: "carries text and bytes in both directions",
    needs,
    options,
    async run(bench) {
      const client = await bench.webTransport().open();
      const opened = openedOf(`0${(await client.next()).data}`);
      assert.deepEqual(opened.upgrades, []);
      const socket = bench.socketOf(opened.sid);
      assert.equal(socket.transport.name, "webtransport");
      const heard = heardBy(socket);
      const messages = ["h€llo 🐟", Buffer.from([1, 2, 3]), "x".repeat(70_000)];
      client.send(...messages.map((data) => ({ type: "message", data }) as const));
      for (const message of messages) socket.send(message);
      for (const message of messages) assert.deepEqual((await client.next()).data, message);
      await eventually(() => heard.length === messages.length);
      assert.deepEqual(heard, messages);
      client.link.client.close();
      await bench.settled();
    },
  },
  {
    name: "takes a polling session over",
    needs,
    options,
    async run(bench) {
      const { sid, socket } = await bench.openPolling();
      const client = await bench.webTransport().open(sid);
      client.send({ type: "ping", data: "probe" });
      assert.deepEqual(await client.next(), { type: "pong", data: "probe" });
      client.send({ type: "upgrade" });
      await eventually(() => socket.transport.name === "webtransport");
      socket.send("here");
      assert.equal((await client.next()).data, "here");
    },
  },
  ...["nobody", "__proto__", "constructor"].map(
    (sid): ConformanceCase => ({
      name: `is closed for the unknown session ${sid}`,
      needs,
      options,
      async run(bench) {
        const client = await bench.webTransport().open(sid);
        await client.closed;
        await bench.settled();
      },
    }),
  ),
  {
    name: "is closed where it is not offered",
    needs,
    async run(bench) {
      await bench.webTransport().closed;
      await bench.settled();
    },
  },
  {
    name: "is closed without a stream and its first packet within upgradeTimeout",
    needs,
    options: { ...options, upgradeTimeout: 60 },
    async run(bench) {
      await bench.webTransport().closed;
      await (await bench.webTransport().stream()).closed;
      await bench.settled();
    },
  },
  {
    name: "is closed at a first packet that is no open packet",
    needs,
    options,
    async run(bench) {
      const client = await bench.webTransport().stream();
      client.send({ type: "message", data: "let me in" });
      await client.closed;
      await bench.settled();
    },
  },
  {
    name: "asks allowRequest",
    needs,
    options: { ...options, allowRequest: (_request, done) => done(null, false) },
    async run(bench) {
      await (await bench.webTransport().open()).closed;
      assert.equal(bench.lastRefusal().code, 4);
      await bench.settled();
    },
  },
  {
    name: "keeps to the origins that cors names",
    needs,
    options: { ...options, cors: { origin: "https://example.com" } },
    async run(bench) {
      const admitted = await bench.webTransport({ headers: { origin: "https://example.com" } }).open();
      assert.equal((await admitted.next()).type, "open");
      await (await bench.webTransport({ headers: { origin: "https://evil.test" } }).open()).closed;
      assert.deepEqual(bench.lastRefusal(), { code: 4, name: "ORIGIN_REFUSED" });
    },
  },
  ...(
    [
      ["an empty frame", [0]],
      ["a frame over maxHttpBufferSize", [126, 0x03, 0xe9]],
      ["a length beyond all numbers", [127, 255, 255, 255, 255, 255, 255, 255, 255]],
      ["an unknown packet type", [1, 0x39]],
    ] as const
  ).map(
    ([name, bytes]): ConformanceCase => ({
      name: `ends the session at ${name}`,
      needs,
      options: { ...options, maxHttpBufferSize: 1000 },
      async run(bench) {
        const client = await bench.webTransport().open();
        const { sid } = openedOf(`0${(await client.next()).data}`);
        const end = endOf(bench.socketOf(sid));
        client.bytes(Uint8Array.from(bytes));
        assert.equal((await end).reason, "parse error");
        await client.closed;
        await bench.settled();
      },
    }),
  ),
];
