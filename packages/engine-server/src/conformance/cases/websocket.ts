import assert from "node:assert/strict";
import { type ConformanceCase, endOf, heardBy, WEBSOCKET } from "../bench.js";
import { BINARY, frame, PING, TEXT } from "../websocket-client.js";

const needs = ["websocket"] as const;

export const webSocket: readonly ConformanceCase[] = [
  {
    name: "carries text and bytes in both directions",
    needs,
    async run(bench) {
      const { ws, socket } = await bench.openWebSocket();
      const heard = heardBy(socket);
      const messages = ["hello", "h€llo 🐟", "", Buffer.from([1, 2, 3]), "x".repeat(70_000), Buffer.alloc(70_000, 1)];
      for (const message of messages) ws.send(typeof message === "string" ? `4${message}` : message);
      for (const message of messages) socket.send(message);
      for (const message of messages) {
        assert.deepEqual(await ws.next(), typeof message === "string" ? `4${message}` : message);
      }
      while (heard.length < messages.length) await new Promise(setImmediate);
      assert.deepEqual(heard, messages);
    },
  },
  {
    name: "keeps the order of many messages",
    needs,
    async run(bench) {
      const { ws, socket } = await bench.openWebSocket();
      for (let n = 0; n < 500; n++) socket.send(n % 7 === 0 ? Buffer.from(`${n}`) : `${n}`);
      for (let n = 0; n < 500; n++) assert.equal(String(await ws.next()), n % 7 === 0 ? `${n}` : `4${n}`);
    },
  },
  {
    name: "sends base64 to those who asked for it",
    needs,
    async run(bench) {
      const { ws, socket } = await bench.openWebSocket(`${WEBSOCKET}&b64=1`);
      socket.send(Uint8Array.of(1, 2, 3, 4));
      assert.equal(await ws.next(), "bAQIDBA==");
    },
  },
  {
    name: "takes base64",
    needs,
    async run(bench) {
      const { ws, socket } = await bench.openWebSocket();
      const data = new Promise((resolve) => socket.on("data", resolve));
      ws.send("bAQIDBA==");
      assert.deepEqual(await data, Buffer.from([1, 2, 3, 4]));
    },
  },
  {
    name: "puts fragments together, around control frames",
    needs,
    async run(bench) {
      const { ws, socket } = await bench.openWebSocket();
      const data = new Promise((resolve) => socket.on("data", resolve));
      ws.frames(
        frame(TEXT, "4in ", { fin: false }),
        frame(0, "three ", { fin: false }),
        frame(PING, "p"),
        frame(0, "parts"),
      );
      assert.equal(await data, "in three parts");
      assert.equal(await ws.pong(), "p");
    },
  },
  {
    name: "takes frames cut anywhere",
    needs,
    async run(bench) {
      const { ws, socket } = await bench.openWebSocket();
      const data = new Promise((resolve) => socket.on("data", resolve));
      for (const byte of frame(TEXT, "4cut")) {
        ws.frames(Uint8Array.of(byte));
        await new Promise(setImmediate);
      }
      assert.equal(await data, "cut");
    },
  },
  ...["9", "abc", ""].map(
    (text): ConformanceCase => ({
      name: `ends the session at the text ${JSON.stringify(text)}`,
      needs,
      async run(bench) {
        const { ws, socket } = await bench.openWebSocket();
        const end = endOf(socket);
        ws.frames(frame(TEXT, text));
        assert.equal((await end).reason, "parse error");
        await ws.closed();
        await bench.settled();
      },
    }),
  ),
  {
    name: "takes a message of maxHttpBufferSize and ends at a larger one with code 1009",
    needs,
    options: { maxHttpBufferSize: 1000 },
    async run(bench) {
      const { ws, socket } = await bench.openWebSocket();
      const end = endOf(socket);
      const heard = heardBy(socket);
      ws.send(`4${"x".repeat(999)}`);
      ws.send(Buffer.alloc(1001));
      await end;
      assert.deepEqual(heard, ["x".repeat(999)]);
      assert.equal((await ws.closed()).closeCode, 1009);
      await bench.settled();
    },
  },
  {
    name: "ends a session whose peer takes leave, at once",
    needs,
    async run(bench) {
      const { ws, socket } = await bench.openWebSocket();
      const end = endOf(socket);
      ws.close();
      assert.equal((await end).reason, "transport close");
      assert.ok((await ws.closed()).closeCode);
      await bench.settled();
    },
  },
  {
    name: "ends a session whose peer sends a close packet, at once",
    needs,
    async run(bench) {
      const { ws, socket } = await bench.openWebSocket();
      const end = endOf(socket);
      ws.send("1");
      assert.equal((await end).reason, "transport close");
      await ws.closed();
      await bench.settled();
    },
  },
  {
    name: "ends a session whose connection is dropped",
    needs,
    async run(bench) {
      for (const how of ["destroy", "reset"] as const) {
        const { ws, socket } = await bench.openWebSocket();
        const end = endOf(socket);
        ws[how]();
        assert.match((await end).reason, /^transport (close|error)$/);
        await bench.settled();
      }
    },
  },
  ...(
    [
      ["a reserved bit", frame(TEXT, "4x", { rsv: 4 })],
      ["a frame without mask", frame(TEXT, "4x", { masked: false })],
      ["an unknown opcode", frame(3, "4x")],
      ["a continuation of nothing", frame(0, "4x")],
      ["a ping that is too long", frame(PING, "x".repeat(126))],
      ["a fragmented ping", frame(PING, "x", { fin: false })],
      ["text that is not UTF-8", frame(TEXT, Uint8Array.of(0x34, 0xff))],
      ["a declared length beyond all numbers", Buffer.from([0x82, 0xff, 255, 255, 255, 255, 255, 255, 255, 255])],
    ] as const
  ).map(
    ([name, bytes]): ConformanceCase => ({
      name: `ends the session at ${name}`,
      needs,
      async run(bench) {
        const { ws, socket } = await bench.openWebSocket();
        const heard = heardBy(socket);
        const end = endOf(socket);
        ws.frames(bytes);
        await end;
        assert.deepEqual(heard, []);
        await ws.closed();
        await bench.settled();
      },
    }),
  ),
  {
    name: "hears what came together with the upgrade request",
    needs,
    async run(bench) {
      const heard = new Promise((resolve) => {
        bench.engine.on("connection", (socket: { on(event: string, listener: (data: unknown) => void): void }) =>
          socket.on("data", resolve),
        );
      });
      bench.webSocket(WEBSOCKET, {}, Buffer.concat([frame(TEXT, "4early"), frame(BINARY, "x")]));
      assert.equal(await heard, "early");
    },
  },
];
