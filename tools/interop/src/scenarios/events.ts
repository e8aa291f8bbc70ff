import assert from "node:assert/strict";
import { fence } from "../fence.js";
import type { Scenario } from "../scenario.js";
import { next, repeatUntil } from "../signals.js";

const NESTED = [1, -2.5, "three", true, null, { four: [5, { six: [[], {}] }] }, [["seven"], ""]];

/** Text that a careless codec breaks on. */
const TRICKY = [
  "héllo wörld, žluťoučký kůň",
  "日本語のテキスト",
  "👩‍👩‍👧‍👦 family, 🇯🇵 flag, 👍🏽 tone",
  "record\u001eseparator, nul \u0000, bell \u0007",
  "line\u2028and\u2029paragraph",
  'quotes " and \\ and \n and \\n and </script>',
  "b64? bAAEC 4{}[0]-,",
];

const SPECIAL_NAMES = ["error", "__proto__", "constructor", "toString", "hasOwnProperty", "data", "ping", "ünïcode 🦜"];

function bytes(value: unknown): number[] {
  if (value instanceof ArrayBuffer) return [...new Uint8Array(value)];
  assert.ok(ArrayBuffer.isView(value), `binary expected, got ${typeof value}`);
  return [...new Uint8Array(value.buffer, value.byteOffset, value.byteLength)];
}

export const eventScenarios: Scenario[] = [
  {
    name: "arguments of every JSON kind, both ways",
    group: "events",
    async run(rig) {
      const { client, server } = await rig.connect();
      const up = next(server, "args");
      const down = next(client, "args");
      client.emit("args", ...NESTED);
      server.emit("args", ...NESTED);
      assert.deepEqual(await up, NESTED);
      assert.deepEqual(await down, NESTED);
    },
  },
  {
    name: "no arguments, and the message shorthand",
    group: "events",
    async run(rig) {
      const { client, server } = await rig.connect();
      const bare = next(server, "bare");
      client.emit("bare");
      assert.deepEqual(await bare, []);
      const up = next(server, "message");
      const down = next(client, "message");
      client.send("a", 1);
      server.send("b", 2);
      assert.deepEqual(await up, ["a", 1]);
      assert.deepEqual(await down, ["b", 2]);
    },
  },
  {
    name: "binary, nested and of every kind, both ways",
    group: "events",
    async run(rig) {
      const { client, server } = await rig.connect();
      const payload = () => [
        Buffer.from([1, 2, 3]),
        { deep: [new Uint8Array([4, 5]).buffer, { deeper: new Uint8Array([6, 7]) }], text: "t" },
        Buffer.alloc(0),
        [Buffer.from([8])],
      ];
      const check = (args: unknown[]) => {
        const [first, second, third, fourth] = args as [unknown, { deep: unknown[]; text: string }, unknown, unknown[]];
        assert.deepEqual(bytes(first), [1, 2, 3]);
        assert.deepEqual(bytes(second.deep[0]), [4, 5]);
        assert.deepEqual(bytes((second.deep[1] as { deeper: unknown }).deeper), [6, 7]);
        assert.equal(second.text, "t");
        assert.deepEqual(bytes(third), []);
        assert.deepEqual(bytes(fourth[0]), [8]);
      };
      const up = next(server, "bin");
      const down = next(client, "bin");
      client.emit("bin", ...payload());
      server.emit("bin", ...payload());
      check(await up);
      check(await down);
    },
  },
  {
    name: "binary: a view of a part of a buffer sends that part",
    group: "events",
    async run(rig) {
      const { client, server } = await rig.connect();
      const view = new Uint8Array([9, 6, 7, 9]).subarray(1, 3);
      const up = next(server, "view");
      const down = next(client, "view");
      client.emit("view", { view });
      server.emit("view", { view });
      for (const [{ view: got }] of (await Promise.all([up, down])) as [{ view: unknown }][]) {
        assert.deepEqual(bytes(got), [6, 7]);
      }
    },
  },
  {
    name: "binary between text events keeps its place",
    group: "events",
    async run(rig) {
      const ends = await rig.connect();
      const { client, server } = ends;
      const [up, down]: [unknown[], unknown[]] = [[], []];
      server.on("n", (n, data) => up.push([n, bytes(data ?? Buffer.alloc(0))]));
      client.on("n", (n, data) => down.push([n, bytes(data ?? Buffer.alloc(0))]));
      const expected: unknown[] = [];
      for (let n = 0; n < 30; n++) {
        const data = n % 3 === 0 ? [Buffer.from([n, n + 1])] : [];
        client.emit("n", n, ...data);
        server.emit("n", n, ...data);
        expected.push([n, n % 3 === 0 ? [n, n + 1] : []]);
      }
      await fence(ends);
      assert.deepEqual(up, expected);
      assert.deepEqual(down, expected);
    },
  },
  {
    name: "text: UTF-8, emoji, separators and control characters, both ways",
    group: "events",
    async run(rig) {
      const { client, server } = await rig.connect();
      const up = next(server, "tricky");
      const down = next(client, "tricky");
      client.emit("tricky", ...TRICKY, { [TRICKY[2] as string]: TRICKY[0] });
      server.emit("tricky", ...TRICKY, { [TRICKY[2] as string]: TRICKY[0] });
      const expected = [...TRICKY, { [TRICKY[2] as string]: TRICKY[0] }];
      assert.deepEqual(await up, expected);
      assert.deepEqual(await down, expected);
    },
  },
  {
    name: "event names that mean something to JavaScript are only data",
    group: "events",
    async run(rig) {
      const ends = await rig.connect();
      const { client, server } = ends;
      for (const name of SPECIAL_NAMES) client.emit(name, "nobody listens");
      await fence(ends);
      for (const name of SPECIAL_NAMES.filter((name) => name !== "__proto__")) {
        const up = next(server, name);
        const down = next(client, name);
        client.emit(name, name);
        server.emit(name, name);
        assert.deepEqual(await up, [name]);
        assert.deepEqual(await down, [name]);
      }
    },
  },
  {
    name: "reserved names are refused before they are sent",
    group: "events",
    async run(rig) {
      const { client, server } = await rig.connect();
      for (const name of ["connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener"]) {
        assert.throws(() => client.emit(name), /reserved event name/);
        assert.throws(() => server.emit(name), /reserved event name/);
        assert.throws(() => rig.io.emit(name), /reserved event name/);
      }
    },
  },
  {
    name: "once and off",
    group: "events",
    async run(rig) {
      const ends = await rig.connect();
      const { client, server } = ends;
      const heard: string[] = [];
      const off = () => heard.push("off");
      server.once("e", () => heard.push("server once"));
      client.once("e", () => heard.push("client once"));
      server.on("e", off);
      client.on("e", off);
      server.off("e", off);
      client.off("e", off);
      client.emit("e");
      client.emit("e");
      server.emit("e");
      server.emit("e");
      await fence(ends);
      assert.deepEqual(heard.sort(), ["client once", "server once"]);
    },
  },
  {
    name: "catch-all listeners, in and out, both ends",
    group: "events",
    async run(rig) {
      const ends = await rig.connect();
      const { client, server } = ends;
      const heard: unknown[][] = [];
      for (const [side, socket] of Object.entries({ client, server })) {
        socket.onAny((event, ...args) => heard.push([side, "in", event, ...args]));
        socket.prependAny((event) => heard.push([side, "first in", event]));
        socket.onAnyOutgoing((event, ...args) => heard.push([side, "out", event, ...args]));
      }
      const up = next(server, "up");
      client.emit("up", 1);
      await up;
      const down = next(client, "down");
      server.emit("down", 2);
      await down;
      assert.deepEqual(heard, [
        ["client", "out", "up", 1],
        ["server", "first in", "up"],
        ["server", "in", "up", 1],
        ["server", "out", "down", 2],
        ["client", "first in", "down"],
        ["client", "in", "down", 2],
      ]);
      client.offAny();
      client.offAnyOutgoing();
      server.offAny();
      server.offAnyOutgoing();
      await fence(ends);
      assert.equal(heard.length, 6);
    },
  },
  {
    name: "socket.use: sees, changes and refuses incoming packets",
    group: "events",
    async run(rig) {
      const { client, server } = await rig.connect();
      server.use((packet, pass) => {
        if (packet[0] === "forbidden") return pass(new Error("not this one"));
        packet.push("seen");
        pass();
      });
      const refused = next<[Error]>(server, "error");
      server.on("forbidden", () => assert.fail("a refused packet was delivered"));
      const allowed = next(server, "allowed");
      client.emit("forbidden");
      client.emit("allowed", 1);
      assert.equal((await refused)[0].message, "not this one");
      assert.deepEqual(await allowed, [1, "seen"]);
    },
  },
  {
    name: "volatile: delivered on an idle connection, not kept for later",
    group: "events",
    async run(rig) {
      const { client, server } = await rig.connect();
      await repeatUntil(() => client.volatile.emit("v"), next(server, "v"));
      await repeatUntil(() => server.volatile.emit("v"), next(client, "v"));
      client.disconnect();
      client.volatile.emit("marked", "volatile");
      client.emit("marked", "kept");
      const heard = new Promise((resolve) => {
        rig.io.on("connection", (socket) => socket.on("marked", resolve));
      });
      client.connect();
      assert.equal(await heard, "kept");
    },
  },
  {
    name: "compress(true) and compress(false), both ways",
    group: "events",
    async run(rig) {
      const { client, server } = await rig.connect();
      const long = "compressible ".repeat(500);
      for (const compress of [true, false]) {
        const up = next(server, "long");
        const down = next(client, "long");
        client.compress(compress).emit("long", long);
        server.compress(compress).emit("long", long);
        assert.deepEqual(await up, [long]);
        assert.deepEqual(await down, [long]);
      }
    },
  },
];
