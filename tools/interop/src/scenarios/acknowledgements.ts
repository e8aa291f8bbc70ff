import assert from "node:assert/strict";
import { fence } from "../fence.js";
import type { Scenario } from "../scenario.js";
import { next } from "../signals.js";

type Answer = (...args: unknown[]) => void;

/** Long enough for a busy machine when an answer is coming; the silent cases wait for SOON only. */
const LATE = 10_000;
const SOON = 50;
const NEVER = 3_600_000;
/** For waits that end although one answer never comes: the first that another answer reaches in time on this machine is judged. */
const PATIENCES = [100, 1_000, LATE];

export const acknowledgementScenarios: Scenario[] = [
  {
    name: "acknowledgement by callback, both ways, several arguments",
    group: "acknowledgements",
    async run(rig) {
      const { client, server } = await rig.connect();
      server.on("sum", (a: number, b: number, answer: Answer) => answer(a + b, { echoed: [a, b] }));
      client.on("sum", (a: number, b: number, answer: Answer) => answer(a + b, { echoed: [a, b] }));
      const up = new Promise((resolve) => client.emit("sum", 1, 2, (...args: unknown[]) => resolve(args)));
      const down = new Promise((resolve) => server.emit("sum", 3, 4, (...args: unknown[]) => resolve(args)));
      assert.deepEqual(await up, [3, { echoed: [1, 2] }]);
      assert.deepEqual(await down, [7, { echoed: [3, 4] }]);
    },
  },
  {
    name: "acknowledgement with binary, both ways",
    group: "acknowledgements",
    async run(rig) {
      const { client, server } = await rig.connect();
      const reply = (data: ArrayBuffer | Buffer, answer: Answer) => answer({ back: Buffer.from(data as Buffer) });
      server.on("bin", reply);
      client.on("bin", reply);
      const up = (await client.emitWithAck("bin", Buffer.from("up"))) as { back: Uint8Array };
      const down = (await server.emitWithAck("bin", Buffer.from("down"))) as { back: Uint8Array };
      assert.equal(Buffer.from(up.back).toString(), "up");
      assert.equal(Buffer.from(down.back).toString(), "down");
    },
  },
  {
    name: "emitWithAck, both ways, many outstanding, answered out of order",
    group: "acknowledgements",
    async run(rig) {
      const { client, server } = await rig.connect();
      for (const end of [client, server]) {
        const waiting: (() => void)[] = [];
        end.on("later", (n: number, answer: Answer) => {
          waiting.push(() => answer(n * 2));
          if (waiting.length === 20) for (const send of waiting.reverse()) send();
        });
      }
      const numbers = Array.from({ length: 20 }, (_, n) => n);
      const doubled = numbers.map((n) => n * 2);
      assert.deepEqual(await Promise.all(numbers.map((n) => client.emitWithAck("later", n))), doubled);
      assert.deepEqual(await Promise.all(numbers.map((n) => server.emitWithAck("later", n))), doubled);
    },
  },
  {
    name: "timeout: answered in time, both ways",
    group: "acknowledgements",
    async run(rig) {
      const { client, server } = await rig.connect();
      server.on("ask", (answer: Answer) => answer("from server"));
      client.on("ask", (answer: Answer) => answer("from client"));
      const up = await new Promise((resolve) =>
        client.timeout(LATE).emit("ask", (...args: unknown[]) => resolve(args)),
      );
      const down = await new Promise((resolve) =>
        server.timeout(LATE).emit("ask", (...args: unknown[]) => resolve(args)),
      );
      assert.deepEqual(up, [null, "from server"]);
      assert.deepEqual(down, [null, "from client"]);
      assert.equal(await client.timeout(LATE).emitWithAck("ask"), "from server");
      assert.equal(await server.timeout(LATE).emitWithAck("ask"), "from client");
    },
  },
  {
    name: "timeout: no answer, callback and promise, both ways",
    group: "acknowledgements",
    async run(rig) {
      const { client, server } = await rig.connect();
      for (const end of [client, server]) {
        const error = await new Promise((resolve) => end.timeout(SOON).emit("silence", resolve));
        assert.ok(error instanceof Error);
        assert.equal(error.message, "operation has timed out");
        await assert.rejects(end.timeout(SOON).emitWithAck("silence"), /operation has timed out/);
      }
    },
  },
  {
    name: "a late answer, a second answer and an unknown id change nothing",
    group: "acknowledgements",
    async run(rig) {
      const ends = await rig.connect();
      const { client, server } = ends;
      let answers = 0;
      server.on("twice", (answer: Answer) => {
        answer("first");
        answer("second");
      });
      const heard: unknown[] = [];
      client.emit("twice", (value: unknown) => {
        answers++;
        heard.push(value);
      });
      const held = next<[Answer]>(server, "held");
      const error = new Promise((resolve) => client.timeout(SOON).emit("held", resolve));
      assert.ok((await error) instanceof Error);
      (await held)[0]("too late");
      await fence(ends);
      assert.equal(answers, 1);
      assert.deepEqual(heard, ["first"]);
    },
  },
  {
    name: "ackTimeout and retries: sent again until answered, in order",
    group: "acknowledgements",
    async run(rig) {
      // More retries than a busy machine can use up: how many are made is a unit test's business.
      const { client, server } = await rig.connect({ ackTimeout: 100, retries: 200 });
      const heard: number[] = [];
      let deaf = 1;
      const done = new Promise<void>((resolve) => {
        server.on("job", (n: number, answer: Answer) => {
          if (deaf-- > 0) return;
          if (!heard.includes(n)) heard.push(n);
          answer("ok");
          if (heard.length === 3) resolve();
        });
      });
      for (const n of [1, 2, 3]) client.emit("job", n);
      await done;
      assert.deepEqual(heard, [1, 2, 3]);
    },
  },
  {
    name: "broadcast with acknowledgements: one response per client",
    group: "acknowledgements",
    async run(rig) {
      const all = [await rig.connect(), await rig.connect(), await rig.connect()];
      for (const [n, { client }] of all.entries()) client.on("who", (answer: Answer) => answer(n));
      const byCallback = await new Promise((resolve) =>
        rig.io.timeout(LATE).emit("who", (...args: unknown[]) => resolve(args)),
      );
      const [error, responses] = byCallback as [unknown, number[]];
      assert.equal(error, null);
      assert.deepEqual(responses.sort(), [0, 1, 2]);
      assert.deepEqual((await rig.io.timeout(LATE).emitWithAck("who")).sort(), [0, 1, 2]);
      const [first] = all as [(typeof all)[0]];
      await first.server.join("room");
      assert.deepEqual(await rig.io.to("room").timeout(LATE).emitWithAck("who"), [0]);
      assert.deepEqual((await first.server.broadcast.timeout(LATE).emitWithAck("who")).sort(), [1, 2]);
      assert.deepEqual(await rig.io.to("nobody here").timeout(LATE).emitWithAck("who"), []);
    },
  },
  {
    name: "broadcast with acknowledgements: one is silent, the others' responses are kept",
    group: "acknowledgements",
    async run(rig) {
      const talks = await rig.connect();
      await rig.connect();
      talks.client.on("who", (answer: Answer) => answer("me"));
      const judged = PATIENCES.at(-1);
      for (const patience of PATIENCES) {
        const byCallback = new Promise<[Error, unknown[]]>((resolve) =>
          rig.io.timeout(patience).emit("who", (...args: [Error, unknown[]]) => resolve(args)),
        );
        const byPromise = rig.io.timeout(patience).emitWithAck("who");
        const rejected = (await byPromise.then(assert.fail, (e) => e)) as { responses: unknown[] };
        const [error, responses] = await byCallback;
        assert.ok(error instanceof Error);
        if (patience !== judged && (responses.length === 0 || rejected.responses.length === 0)) continue;
        assert.deepEqual(responses, ["me"]);
        assert.deepEqual(rejected.responses, ["me"]);
        return;
      }
    },
  },
  {
    name: "broadcast with acknowledgements and binary",
    group: "acknowledgements",
    async run(rig) {
      const { client } = await rig.connect();
      client.on("echo", (data: Uint8Array, answer: Answer) => answer(Buffer.from(data)));
      const responses = await rig.io.timeout(LATE).emitWithAck("echo", Buffer.from([1, 2, 3]));
      assert.equal(responses.length, 1);
      assert.deepEqual([...new Uint8Array(responses[0] as Buffer)], [1, 2, 3]);
    },
  },
  {
    name: "an acknowledgement that cannot come settles when the peer leaves",
    group: "acknowledgements",
    needs: { sockeyeServer: true },
    async run(rig) {
      const { client, server } = await rig.connect();
      const pending = server.emitWithAck("never answered").then(
        () => assert.fail("answered?"),
        (error: unknown) => error,
      );
      client.disconnect();
      assert.ok((await pending) instanceof Error);
    },
  },
  {
    name: "a broadcast's acknowledgements are complete when the silent ones have left",
    group: "acknowledgements",
    needs: { sockeyeServer: true },
    async run(rig) {
      const stays = await rig.connect();
      const leaves = await rig.connect();
      stays.client.on("who", (answer: Answer) => answer("stays"));
      const asked = next(leaves.client, "who");
      // The deadline is later than the end of the test.
      const broadcast = rig.io.timeout(NEVER).emitWithAck("who");
      await asked;
      leaves.client.disconnect();
      await Promise.allSettled([broadcast]);
    },
  },
  {
    name: "a pending acknowledgement of the client fails when the connection ends",
    group: "acknowledgements",
    async run(rig) {
      const { client, server } = await rig.connect();
      const asked = next(server, "never answered");
      const failed = new Promise((resolve) => client.timeout(LATE).emit("never answered", resolve));
      await asked;
      server.disconnect();
      const error = await failed;
      assert.ok(error instanceof Error);
      assert.equal(error.message, "socket has been disconnected");
    },
  },
];
