import assert from "node:assert/strict";
import type { RecoveryLog, ResumeResult } from "../../recovery/contract.js";
import type { AdapterCase, Bench } from "../bench.js";
import { eventually } from "../eventually.js";
import { decodeSimulated, encodeSimulated } from "../simulated-codec.js";
import type { SimulatedNamespace, SimulatedSocket } from "../simulated-namespace.js";
import { to } from "./selection.js";

interface Stage {
  readonly namespace: SimulatedNamespace;
  readonly log: RecoveryLog;
  /** A socket in room `x` whose session is open. */
  readonly a: SimulatedSocket;
  readonly start: string;
}

async function begin(bench: Bench): Promise<Stage> {
  const namespace = await bench.open(0, { recovery: { maxDisconnectionDuration: 5000 } });
  const log = namespace.adapter.recovery;
  assert.ok(log, "an adapter that supports recovery has a log when the namespace asks for it");
  const a = await namespace.connect("a", "x");
  const start = log.head();
  log.open({ pid: "pid-a", sid: "a", rooms: a.rooms });
  return { namespace, log, a, start };
}

/** Sends to rooms; resolves when it has arrived at those who are there. */
async function say(
  { namespace, a }: Pick<Stage, "namespace" | "a">,
  name: string,
  rooms: string[] = [],
): Promise<void> {
  namespace.adapter.broadcast({ type: 2, data: [name] }, to(rooms));
  if (a.connected && (rooms.length === 0 || rooms.some((room) => a.rooms.has(room)))) {
    await eventually(() => assert.equal(a.events.at(-1)?.[0], name));
  }
}

async function end({ log, a }: Stage): Promise<void> {
  await log.persist({ pid: "pid-a", sid: "a", rooms: [...a.rooms], data: { name: "ada" } });
  a.disconnect();
}

function missedNames(result: ResumeResult): unknown[] {
  assert.ok(result.ok, `not resumed: ${result.ok || result.reason}`);
  return result.missed.map(({ encoded }) => decodeSimulated(encoded).data[0]);
}

async function refused(log: RecoveryLog, pid: string, offset: string | undefined, reason: string): Promise<void> {
  assert.deepEqual(await log.resume(pid, offset), { ok: false, reason });
}

export const recoveryCases: readonly AdapterCase[] = (
  [
    {
      title: "marks every offset with the log's tag",
      async run(bench) {
        const stage = await begin(bench);
        await say(stage, "one");
        const own = stage.log.appendPrivate("pid-a", encodeSimulated({ type: 2, data: ["own"] }));
        assert.match(stage.log.tag, /^~[\w-]+$/);
        for (const offset of [stage.start, stage.log.head(), stage.a.received[0]?.offset, own]) {
          assert.ok(offset?.startsWith(stage.log.tag));
        }
      },
    },
    {
      title: "resumes a session with its rooms, its data and what it missed",
      async run(bench) {
        const stage = await begin(bench);
        await say(stage, "one", ["x"]);
        const { offset } = stage.a.received[0]!;
        await end(stage);
        await say(stage, "two", ["x"]);
        await say(stage, "elsewhere", ["y"]);
        await say(stage, "three");
        const result = await stage.log.resume("pid-a", offset);
        assert.deepEqual(missedNames(result), ["two", "three"]);
        assert.deepEqual(result.ok && result.session, {
          pid: "pid-a",
          sid: "a",
          rooms: ["a", "x"],
          data: { name: "ada" },
        });
      },
    },
    {
      title: "resumes a session that has not received anything",
      async run(bench) {
        const stage = await begin(bench);
        await say(stage, "one");
        await end(stage);
        assert.deepEqual(missedNames(await stage.log.resume("pid-a", stage.start)), ["one"]);
      },
    },
    {
      title: "keeps the order of broadcasts and private events",
      async run(bench) {
        const stage = await begin(bench);
        const own = (name: string) => stage.log.appendPrivate("pid-a", encodeSimulated({ type: 2, data: [name] }));
        own("own 1");
        await say(stage, "two");
        const offset = own("own 3");
        own("own 4");
        await say(stage, "five");
        await end(stage);
        own("own 6");
        assert.deepEqual(missedNames(await stage.log.resume("pid-a", offset)), ["own 4", "five", "own 6"]);
      },
    },
    {
      title: "gives each missed event an offset from which the next resume goes on",
      async run(bench) {
        const stage = await begin(bench);
        await say(stage, "one");
        stage.log.appendPrivate("pid-a", encodeSimulated({ type: 2, data: ["own"] }));
        await say(stage, "two");
        await end(stage);
        const first = await stage.log.resume("pid-a", stage.a.received[0]?.offset);
        assert.ok(first.ok);
        for (const [received, expected] of [
          [0, ["two"]],
          [1, []],
        ] as const) {
          await stage.log.persist(first.session);
          assert.deepEqual(missedNames(await stage.log.resume("pid-a", first.missed[received]?.offset)), expected);
        }
      },
    },
    {
      title: "consumes a session",
      async run(bench) {
        const stage = await begin(bench);
        await end(stage);
        const results = await Promise.all([
          stage.log.resume("pid-a", stage.start),
          stage.log.resume("pid-a", stage.start),
        ]);
        assert.deepEqual(results.map(({ ok }) => ok).sort(), [false, true]);
        await refused(stage.log, "pid-a", stage.start, "unknown");
      },
    },
    {
      title: "refuses sessions that are live, forgotten or unknown",
      async run(bench) {
        const stage = await begin(bench);
        await refused(stage.log, "pid-a", stage.start, "unknown");
        await refused(stage.log, "pid-b", stage.start, "unknown");
        await end(stage);
        stage.log.forget("pid-a");
        await refused(stage.log, "pid-a", stage.start, "unknown");
      },
    },
    {
      title: "refuses offsets that are not its own",
      async run(bench) {
        const stage = await begin(bench);
        await end(stage);
        await refused(stage.log, "pid-a", "~forged1", "invalid-offset");
      },
    },
    {
      title: "keeps nothing when there is no session",
      unless: "logsAlways",
      async run(bench) {
        const stage = await begin(bench);
        await end(stage);
        stage.log.forget("pid-a");
        const sizes: number[] = [];
        // That there is none may have to get about.
        await eventually(() => {
          stage.namespace.adapter.broadcast({ type: 2, data: ["to nobody"] }, to());
          sizes.push(stage.log.inspect().entries);
          assert.ok(sizes.length > 10 && sizes.at(-1) === sizes.at(-11), "what nobody can ask for is kept");
        });
      },
    },
    {
      title: "keeps nothing that no session could ask for",
      // Whether one on another node could is not known.
      unless: "clusterRecovery",
      async run(bench) {
        const stage = await begin(bench);
        await say(stage, "to nobody", ["nowhere"]);
        assert.equal(stage.log.inspect().entries, 0);
      },
    },
  ] satisfies AdapterCase[]
).map((one): AdapterCase => ({ ...one, needs: "recovery" }));
