import assert from "node:assert/strict";
import { gunzipSync } from "node:zlib";
import { type Bench, type ConformanceCase, endOf, eventually, heardBy, POLLING, pause } from "../bench.js";
import type { SubjectSocket } from "../subject.js";

const OCTETS = { "content-type": "application/octet-stream" };

/** A polling session with a poll that waits. */
async function openWaiting(bench: Bench) {
  const { sid, socket } = await bench.openPolling();
  const poll = bench.request(`${POLLING}&sid=${sid}`);
  await bench.arrived();
  return { sid, socket, poll };
}

/** The session is over, and its id is worth nothing any more. */
async function assertGone(bench: Bench, sid: string, socket: SubjectSocket): Promise<void> {
  await eventually(() => socket.readyState === "closed");
  const { status, body } = await bench.poll(sid);
  assert.deepEqual([status, JSON.parse(body).code], [400, 1]);
  await bench.settled();
}

export const polling: readonly ConformanceCase[] = [
  {
    name: "carries text up, and answers ok",
    async run(bench) {
      const { sid, socket } = await bench.openPolling();
      const heard = heardBy(socket);
      const { status, headers, body } = await bench.post(sid, "4hello\x1e4h€llo 🐟\x1e4\x1e4x");
      assert.deepEqual([status, body], [200, "ok"]);
      assert.match(String(headers["content-type"]), /^text\/html/);
      assert.equal(headers["content-length"], "2");
      assert.equal(headers["cache-control"], "no-store");
      assert.deepEqual(heard, ["hello", "h€llo 🐟", "", "x"]);
    },
  },
  {
    name: "carries bytes up as base64",
    async run(bench) {
      const { sid, socket } = await bench.openPolling();
      const heard = heardBy(socket);
      await bench.post(sid, "bAQIDBA==\x1e4x\x1eb");
      assert.deepEqual(heard, [Buffer.from([1, 2, 3, 4]), "x", Buffer.alloc(0)]);
    },
  },
  {
    name: "carries text and bytes down in one payload",
    async run(bench) {
      const { sid, socket } = await bench.openPolling();
      socket.send("h€llo 🐟");
      socket.send(Uint8Array.of(1, 2, 3, 4));
      socket.send("");
      const { status, headers, body } = await bench.poll(sid);
      assert.deepEqual([status, body], [200, "4h€llo 🐟\x1ebAQIDBA==\x1e4"]);
      assert.equal(headers["content-type"], "text/plain; charset=UTF-8");
      assert.equal(headers["content-length"], String(Buffer.byteLength(body)));
      assert.equal(headers["cache-control"], "no-store");
    },
  },
  {
    name: "holds a poll until there is something to send",
    async run(bench) {
      const { socket, poll } = await openWaiting(bench);
      let answered = false;
      poll.answer.then(() => {
        answered = true;
      });
      await pause(50);
      assert.equal(answered, false);
      socket.send("at last");
      assert.equal((await poll.answer).body, "4at last");
    },
  },
  {
    name: "keeps the order of many messages",
    async run(bench) {
      const { sid, socket } = await bench.openPolling();
      const heard = heardBy(socket);
      for (let n = 0; n < 20; n++) {
        await bench.post(sid, `4${2 * n}\x1e4${2 * n + 1}`);
        socket.send(`${n}`);
      }
      assert.deepEqual(
        heard,
        Array.from({ length: 40 }, (_, n) => `${n}`),
      );
      const { body } = await bench.poll(sid);
      assert.equal(body, Array.from({ length: 20 }, (_, n) => `4${n}`).join("\x1e"));
    },
  },
  {
    name: "takes uploads without a declared length",
    needs: ["chunkedUploads"],
    async run(bench) {
      const { sid, socket } = await bench.openPolling();
      const heard = heardBy(socket);
      const upload = bench.request(`${POLLING}&sid=${sid}`, { method: "POST", body: "4in ", open: true });
      await pause(20);
      upload.write("two chunks");
      upload.end();
      assert.equal((await upload.answer).body, "ok");
      assert.deepEqual(heard, ["in two chunks"]);
    },
  },
  {
    name: "takes an upload of maxHttpBufferSize, and answers a larger one with 413",
    options: { maxHttpBufferSize: 1000 },
    async run(bench) {
      const { sid, socket } = await bench.openPolling();
      const heard = heardBy(socket);
      assert.equal((await bench.post(sid, `4${"x".repeat(999)}`)).status, 200);
      assert.equal((await bench.post(sid, `4${"y".repeat(1000)}`)).status, 413);
      assert.deepEqual(heard, ["x".repeat(999)]);
    },
  },
  {
    name: "ends a session whose upload was too large",
    options: { maxHttpBufferSize: 1000 },
    async run(bench) {
      const { sid, socket } = await bench.openPolling();
      const end = endOf(socket);
      await bench.post(sid, `4${"y".repeat(1000)}`);
      assert.equal((await end).reason, "transport error");
      await assertGone(bench, sid, socket);
    },
  },
  {
    name: "answers an upload over the limit before it is whole",
    needs: ["chunkedUploads"],
    options: { maxHttpBufferSize: 1000 },
    async run(bench) {
      const { sid } = await bench.openPolling();
      const upload = bench.request(`${POLLING}&sid=${sid}`, { method: "POST", body: "4".repeat(2000), open: true });
      assert.equal((await upload.answer).status, 413);
      upload.abort();
    },
  },
  {
    name: "answers a second poll with an error, ends the session, and lets the first poll go",
    async run(bench) {
      const { sid, socket, poll } = await openWaiting(bench);
      const end = endOf(socket);
      assert.ok((await bench.poll(sid)).status >= 400);
      assert.equal((await end).reason, "transport error");
      assert.equal((await poll.answer).body, "1");
      await assertGone(bench, sid, socket);
    },
  },
  {
    name: "answers a second upload with an error, and ends the session",
    async run(bench) {
      const { sid, socket } = await bench.openPolling();
      const end = endOf(socket);
      const headers = { "content-length": "100" };
      const first = bench.request(`${POLLING}&sid=${sid}`, { method: "POST", headers, body: "4par", open: true });
      await bench.arrived();
      assert.ok((await bench.post(sid, "4x")).status >= 400);
      assert.equal((await end).reason, "transport error");
      first.abort();
      await assertGone(bench, sid, socket);
    },
  },
  {
    name: "answers an upload of octets, which this revision does not have, and ends the session",
    async run(bench) {
      const { sid, socket } = await bench.openPolling();
      const end = endOf(socket);
      assert.equal((await bench.post(sid, Buffer.from([4, 1, 2]), OCTETS)).status, 400);
      assert.equal((await end).reason, "transport error");
      await assertGone(bench, sid, socket);
    },
  },
  {
    name: "answers other methods with an error, and keeps the session",
    async run(bench) {
      const { sid, socket } = await bench.openPolling();
      for (const method of ["PUT", "DELETE", "PATCH"]) {
        const { status } = await bench.get(`${POLLING}&sid=${sid}`, { method });
        assert.equal(status, 500);
      }
      assert.equal(socket.readyState, "open");
    },
  },
  ...["abc", "", "4a\x1e9", "4a\x1e", "4a\x1e\x1e4b", "b*"].map(
    (body): ConformanceCase => ({
      name: `ends the session at the payload ${JSON.stringify(body)}`,
      async run(bench) {
        const { sid, socket } = await bench.openPolling();
        const end = endOf(socket);
        await bench.post(sid, body).catch(() => undefined);
        assert.equal((await end).reason, "parse error");
        await assertGone(bench, sid, socket);
      },
    }),
  ),
  {
    name: "answers an upload that is no payload with 400",
    async run(bench) {
      const { sid } = await bench.openPolling();
      assert.equal((await bench.post(sid, "abc")).status, 400);
    },
  },
  {
    name: "delivers what stands before the first bad packet",
    async run(bench) {
      const { sid, socket } = await bench.openPolling();
      const heard = heardBy(socket);
      await bench.post(sid, "4good\x1exyz\x1e4late").catch(() => undefined);
      assert.deepEqual(heard, ["good"]);
    },
  },
  {
    name: "ends the session when a poll is dropped",
    async run(bench) {
      const { sid, socket, poll } = await openWaiting(bench);
      const end = endOf(socket);
      poll.abort();
      assert.equal((await end).reason, "transport error");
      await assertGone(bench, sid, socket);
    },
  },
  {
    name: "ends the session when an upload is dropped",
    async run(bench) {
      const { sid, socket } = await bench.openPolling();
      const end = endOf(socket);
      const headers = { "content-length": "100" };
      const upload = bench.request(`${POLLING}&sid=${sid}`, { method: "POST", headers, body: "4par", open: true });
      await bench.arrived();
      upload.abort();
      assert.equal((await end).reason, "transport error");
      await assertGone(bench, sid, socket);
    },
  },
  {
    name: "lets the poll of a client that says goodbye go, and ends the session",
    async run(bench) {
      const { sid, socket, poll } = await openWaiting(bench);
      const end = endOf(socket);
      assert.equal((await bench.post(sid, "1")).body, "ok");
      assert.equal((await poll.answer).body, "6");
      assert.equal((await end).reason, "transport close");
      await assertGone(bench, sid, socket);
    },
  },
  {
    name: "speaks JSONP",
    needs: ["jsonp"],
    async run(bench) {
      const { status, body } = await bench.get(`${POLLING}&j=7`);
      assert.equal(status, 200);
      const payload = /^___eio\[7\]\((".*")\);$/.exec(body)?.[1];
      assert.ok(payload);
      const { sid } = JSON.parse((JSON.parse(payload) as string).slice(1)) as { sid: string };
      const socket = bench.socketOf(sid);
      const heard = heardBy(socket);
      const form = `d=${encodeURIComponent("4up\\nand\\\\naway")}`;
      const headersOfForm = { "content-type": "application/x-www-form-urlencoded" };
      const upload = { method: "POST", headers: headersOfForm, body: form };
      assert.equal((await bench.get(`${POLLING}&sid=${sid}&j=8`, upload)).body, "ok");
      assert.deepEqual(heard, ["up\nand\\naway"]);
      socket.send("line\u2028separator");
      const poll = await bench.get(`${POLLING}&sid=${sid}&j=9`);
      assert.match(poll.body, /"4line\\u2028separator"/);
    },
  },
  {
    name: "makes code of the digits of a JSONP index only",
    needs: ["jsonp"],
    async run(bench) {
      const { body } = await bench.get(`${POLLING}&j=${encodeURIComponent("1](alert(2));x[3")}`);
      assert.match(body, /^___eio\[123\]\("/);
    },
  },
  {
    name: "compresses large responses for those who take it",
    needs: ["compression"],
    async run(bench) {
      const { sid, socket } = await bench.openPolling();
      socket.send("x".repeat(5000));
      const gzip = { headers: { "accept-encoding": "gzip, deflate" } };
      const large = await bench.get(`${POLLING}&sid=${sid}`, gzip);
      assert.equal(large.headers["content-encoding"], "gzip");
      assert.equal(gunzipSync(large.raw).toString(), `4${"x".repeat(5000)}`);
      socket.send("small");
      assert.equal((await bench.get(`${POLLING}&sid=${sid}`, gzip)).headers["content-encoding"], undefined);
      socket.send("x".repeat(5000), { compress: false });
      assert.equal((await bench.get(`${POLLING}&sid=${sid}`, gzip)).headers["content-encoding"], undefined);
      socket.send("x".repeat(5000));
      assert.equal((await bench.poll(sid)).headers["content-encoding"], undefined);
    },
  },
];
