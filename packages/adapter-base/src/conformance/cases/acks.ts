import assert from "node:assert/strict";
import type { BroadcastOptions } from "../../contract.js";
import type { AdapterCase } from "../bench.js";
import { eventually } from "../eventually.js";
import type { SimulatedNamespace } from "../simulated-namespace.js";
import { to } from "./selection.js";

/** What the callbacks of an acknowledged broadcast were told. */
export class Answers {
  readonly counts: number[] = [];
  readonly acks: unknown[][] = [];
  gone = 0;

  get clients(): number {
    return this.counts.reduce((sum, count) => sum + count, 0);
  }
}

export function ask(namespace: SimulatedNamespace, options: BroadcastOptions, ...args: unknown[]): Answers {
  const answers = new Answers();
  namespace.adapter.broadcastWithAck(
    { type: 2, data: ["question", ...args] },
    { ...options, flags: { timeout: 2000, ...options.flags } },
    (count) => answers.counts.push(count),
    (...ack) => answers.acks.push(ack),
    () => {
      answers.gone++;
    },
  );
  return answers;
}

export const ackCases: readonly AdapterCase[] = [
  {
    title: "counts the recipients and hands over each answer",
    async run(bench) {
      const namespace = await bench.open();
      const [a, b, c] = [
        await namespace.connect("a", "x"),
        await namespace.connect("b", "x"),
        await namespace.connect("c"),
      ];
      const answers = ask(namespace, to(["x"]), Uint8Array.of(1));
      await eventually(() => assert.deepEqual([answers.clients, a.events.length, b.events.length], [2, 1, 1]));
      assert.deepEqual(a.events, [["question", Uint8Array.of(1)]]);
      a.answer("from a");
      await eventually(() => assert.deepEqual(answers.acks, [["from a"]]));
      b.answer(Uint8Array.of(2));
      await eventually(() => assert.deepEqual(answers.acks, [["from a"], [Uint8Array.of(2)]]));
      assert.equal(c.events.length, 0);
    },
  },
  {
    title: "counts nobody as nobody",
    async run(bench) {
      const namespace = await bench.open();
      await namespace.connect("a");
      const answers = ask(namespace, to(["nowhere"]));
      await eventually(() => assert.equal(answers.counts.length, 1));
      assert.deepEqual([answers.clients, answers.acks], [0, []]);
    },
  },
  {
    title: "keeps apart the answers to several questions",
    async run(bench) {
      const namespace = await bench.open();
      const a = await namespace.connect("a");
      const [first, second] = [ask(namespace, to()), ask(namespace, to())];
      await eventually(() => assert.equal(a.events.length, 2));
      a.answer(1);
      a.answer(2);
      await eventually(() => assert.deepEqual([first.acks, second.acks], [[[1]], [[2]]]));
    },
  },
  {
    title: "tells of a recipient that left without an answer",
    needs: "gone",
    async run(bench) {
      const namespace = await bench.open();
      const [a, b] = [await namespace.connect("a"), await namespace.connect("b")];
      const answers = ask(namespace, to());
      await eventually(() => assert.equal(a.events.length + b.events.length, 2));
      a.answer("here");
      await eventually(() => assert.equal(answers.acks.length, 1));
      a.disconnect();
      b.disconnect();
      await eventually(() => assert.equal(answers.gone, 1));
    },
  },
];
