import assert from "node:assert/strict";
import { type Bench, type ConformanceCase, endOf, eventually, heardBy, openedOf } from "../bench.js";
import type { Answer } from "../http-client.js";

const POLLING = "EIO=3&transport=polling";
const WEBSOCKET = "EIO=3&transport=websocket";
const options = { allowEIO3: true } as const;
const OCTETS = { "content-type": "application/octet-stream" };

/** A polling session of revision 3: the response is one packet with its length before it. */
async function open(bench: Bench, query = POLLING) {
  const { status, headers, body } = await bench.get(query);
  assert.equal(status, 200);
  assert.match(String(headers["content-type"]), /^text\/plain/);
  const [, length, packet] = /^(\d+):(.*)$/.exec(body) ?? [];
  assert.equal(Number(length), packet?.length);
  const { sid, ...opened } = openedOf(packet ?? "");
  return { sid, opened, socket: bench.socketOf(sid) };
}

const poll = (bench: Bench, sid: string, more = ""): Promise<Answer> => bench.get(`${POLLING}&sid=${sid}${more}`);

const post = (bench: Bench, sid: string, body: string | Uint8Array, headers = {}): Promise<Answer> =>
  bench.get(`${POLLING}&sid=${sid}`, { method: "POST", body, headers: { "content-type": "text/plain", ...headers } });

export const revision3: readonly ConformanceCase[] = [
  {
    name: "opens a polling session with a length before its packet",
    options,
    async run(bench) {
      const { opened, socket } = await open(bench);
      assert.deepEqual(Object.keys(opened), ["upgrades", "pingInterval", "pingTimeout", "maxPayload"]);
      assert.equal(socket.protocol, 3);
    },
  },
  {
    name: "opens a session without an EIO parameter",
    options,
    async run(bench) {
      const { sid } = await open(bench, "transport=polling");
      assert.equal(bench.socketOf(sid).protocol, 3);
    },
  },
  {
    name: "carries text, lengths in UTF-16 code units",
    options,
    async run(bench) {
      const { sid, socket } = await open(bench);
      const heard = heardBy(socket);
      assert.equal((await post(bench, sid, "6:4hello4:4🐟x")).body, "ok");
      assert.deepEqual(heard, ["hello", "🐟x"]);
      socket.send("äö");
      socket.send("🐟");
      assert.equal((await poll(bench, sid)).body, "3:4äö3:4🐟");
    },
  },
  {
    name: "carries bytes as octets, with the type before them",
    options,
    async run(bench) {
      const { sid, socket } = await open(bench);
      const heard = heardBy(socket);
      const body = Buffer.from([0, 3, 255, ...Buffer.from("4hi"), 1, 1, 0, 255, 4, 9, 8, 7, 6, 5, 4, 3, 2, 1]);
      assert.equal((await post(bench, sid, body, OCTETS)).body, "ok");
      assert.deepEqual(heard, ["hi", Buffer.from([9, 8, 7, 6, 5, 4, 3, 2, 1])]);
      socket.send(Uint8Array.of(1, 2, 3));
      socket.send("x");
      const { headers, raw } = await poll(bench, sid);
      assert.equal(headers["content-type"], "application/octet-stream");
      assert.deepEqual([...raw], [1, 4, 255, 4, 1, 2, 3, 0, 2, 255, ...Buffer.from("4x")]);
    },
  },
  {
    name: "carries bytes as base64 for those who asked for it",
    options,
    async run(bench) {
      const { sid, socket } = await open(bench, `${POLLING}&b64=1`);
      const heard = heardBy(socket);
      await post(bench, sid, "6:b4AQID");
      assert.deepEqual(heard, [Buffer.from([1, 2, 3])]);
      socket.send(Uint8Array.of(4, 5));
      assert.equal((await poll(bench, sid, "&b64=1")).body, "6:b4BAU=");
    },
  },
  {
    name: "answers the client's pings",
    options,
    async run(bench) {
      const { sid } = await open(bench);
      const answer = poll(bench, sid);
      await post(bench, sid, "1:2");
      assert.equal((await answer).body, "1:3");
    },
  },
  {
    name: "ends a session whose client does not ping for pingInterval and pingTimeout together",
    options: { ...options, pingInterval: 60, pingTimeout: 60 },
    async run(bench) {
      const { socket } = await open(bench);
      assert.equal((await endOf(socket)).reason, "ping timeout");
      await bench.settled();
    },
  },
  {
    name: "ends a session whose client sends the server's half of the heartbeat",
    options,
    async run(bench) {
      const { sid, socket } = await open(bench);
      const end = endOf(socket);
      await post(bench, sid, "1:3").catch(() => undefined);
      assert.equal((await end).reason, "transport error");
      await bench.settled();
    },
  },
  ...["x:4hello", "99:4hello", "9".repeat(400), "2:9x"].map(
    (body): ConformanceCase => ({
      name: `ends the session at the payload ${JSON.stringify(body.slice(0, 20))}`,
      options,
      async run(bench) {
        const { sid, socket } = await open(bench);
        const end = endOf(socket);
        await post(bench, sid, body).catch(() => undefined);
        assert.equal((await end).reason, "parse error");
        await bench.settled();
      },
    }),
  ),
  ...(
    [
      ["a kind of packet that does not exist", [2, 1, 255, 0x34]],
      ["a length beyond the body", [1, 9, 255, 4, 1]],
      ["a length without end", [1, 9, 9, 9, 9]],
    ] as const
  ).map(
    ([name, bytes]): ConformanceCase => ({
      name: `ends the session at octets with ${name}`,
      options,
      async run(bench) {
        const { sid, socket } = await open(bench);
        const end = endOf(socket);
        await post(bench, sid, Uint8Array.from(bytes), OCTETS).catch(() => undefined);
        assert.equal((await end).reason, "parse error");
        await bench.settled();
      },
    }),
  ),
  {
    name: "puts the type before binary frames of WebSocket, in both directions",
    needs: ["websocket"],
    options,
    async run(bench) {
      const { ws, socket } = await bench.openWebSocket(WEBSOCKET);
      const heard = heardBy(socket);
      ws.send(Uint8Array.of(4, 1, 2));
      await eventually(() => heard.length === 1);
      assert.deepEqual(heard, [Buffer.from([1, 2])]);
      socket.send(Uint8Array.of(3));
      assert.deepEqual(await ws.next(), Buffer.from([4, 3]));
      ws.send("2");
      assert.equal(await ws.next(), "3");
    },
  },
  {
    name: "moves a session to WebSocket",
    needs: ["websocket"],
    options,
    async run(bench) {
      const { sid, socket } = await open(bench);
      const waiting = poll(bench, sid);
      const ws = await bench.probe(sid, WEBSOCKET);
      assert.equal((await waiting).body, "1:6");
      ws.send("5");
      await eventually(() => socket.upgraded);
      socket.send(Uint8Array.of(9));
      assert.deepEqual(await ws.next(), Buffer.from([4, 9]));
    },
  },
];
