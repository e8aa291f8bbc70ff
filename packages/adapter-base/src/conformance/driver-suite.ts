import assert from "node:assert/strict";
import type { Channel } from "../cluster/contract.js";
import { DriverBench, type DriverSubject, type Listener, STRANGE_NAMES } from "./driver-bench.js";
import { eventually } from "./eventually.js";
import type { TestRunner } from "./runner.js";

const CLUSTER: Channel = { kind: "cluster" };
const ALL: Channel = { kind: "all", namespace: "/" };
const room = (partition: number, namespace = "/"): Channel => ({ kind: "rooms", namespace, partition });
const numbered = (n: number): Uint8Array => Uint8Array.of(n >> 8, n & 255);
const upTo = (count: number): number[] => Array.from({ length: count }, (_, n) => n);

const CASES: readonly (readonly [title: string, run: (bench: DriverBench) => Promise<void>])[] = [
  [
    "delivers to every node that subscribed, on the channel it was sent to",
    async (bench) => {
      const [one, two, three] = [await bench.node(ALL), await bench.node(ALL, CLUSTER), await bench.node(ALL)];
      await one.driver.publish(ALL, numbered(7));
      for (const listener of [two, three]) {
        await eventually(() => assert.deepEqual(listener.heard, [{ channel: ALL, bytes: numbered(7) }]));
      }
    },
  ],
  [
    "brings a node's own envelopes back to it exactly if it says so",
    async (bench) => {
      const [one, two] = [await bench.node(ALL), await bench.node(ALL)];
      await one.driver.publish(ALL, numbered(1));
      await two.driver.publish(ALL, numbered(2));
      const { echo } = one.driver.capabilities;
      await eventually(() => assert.equal(one.numbers.at(-1), 2));
      if (echo !== "cluster") assert.deepEqual(one.numbers, echo ? [1, 2] : [2]);
    },
  ],
  [
    "brings back what a node says to the cluster if it says so, for that proves its read path",
    async (bench) => {
      const [one, two] = [await bench.node(CLUSTER), await bench.node(CLUSTER)];
      await one.driver.publish(CLUSTER, numbered(1));
      await two.driver.publish(CLUSTER, numbered(2));
      await eventually(() => assert.deepEqual(one.numbers, one.driver.capabilities.echo ? [1, 2] : [2]));
    },
  ],
  [
    "reaches one node alone on its own channel",
    async (bench) => {
      const own: Channel = { kind: "node", node: "00000000000000aa" };
      const [one, two, three] = [await bench.node(CLUSTER), await bench.node(own, CLUSTER), await bench.node(CLUSTER)];
      await one.driver.publish(own, numbered(1));
      await one.driver.publish(CLUSTER, numbered(2));
      await eventually(() => assert.deepEqual([...two.numbers].sort(), [1, 2]));
      await eventually(() => assert.ok(three.numbers.includes(2)));
      if (three.driver.capabilities.interest) assert.deepEqual(three.numbers, [2]);
    },
  ],
  [
    "delivers what is published after a subscription has resolved",
    async (bench) => {
      const [one, two] = [await bench.node(), await bench.node()];
      for (const n of upTo(20)) {
        await two.driver.subscribe(room(n));
        await one.driver.publish(room(n), numbered(n));
      }
      await eventually(() =>
        assert.deepEqual(
          [...two.numbers].sort((a, b) => a - b),
          upTo(20),
        ),
      );
    },
  ],
  [
    "delivers nothing after an unsubscription has resolved, where it routes by interest",
    async (bench) => {
      const [one, two] = [await bench.node(), await bench.node(room(1), ALL)];
      await two.driver.unsubscribe(room(1));
      await one.driver.publish(room(1), numbered(1));
      await one.driver.publish(ALL, numbered(2));
      await eventually(() => assert.ok(two.numbers.includes(2)));
      if (two.driver.capabilities.interest) assert.deepEqual(two.numbers, [2]);
    },
  ],
  [
    "can subscribe again, and twice is once",
    async (bench) => {
      const [one, two] = [await bench.node(), await bench.node(room(1))];
      await two.driver.unsubscribe(room(1));
      await two.driver.subscribe(room(1));
      await two.driver.subscribe(room(1));
      await one.driver.publish(room(1), numbered(1));
      await one.driver.publish(room(1), numbered(2));
      await eventually(() => assert.deepEqual(two.numbers, [1, 2]));
    },
  ],
  [
    "keeps the order of one node on one channel, also in a burst",
    async (bench) => {
      const [one, two] = [await bench.node(), await bench.node(ALL)];
      await Promise.all(upTo(1000).map((n) => one.driver.publish(ALL, numbered(n))));
      await eventually(() => assert.deepEqual(two.numbers, upTo(1000)));
    },
  ],
  [
    "keeps the order of one node across channels, if it says so",
    async (bench) => {
      const [one, two] = [await bench.node(), await bench.node(ALL, room(1), room(2))];
      const channels = [ALL, room(1), room(2)];
      await Promise.all(upTo(100).map((n) => one.driver.publish(channels[n % 3]!, numbered(n))));
      await eventually(() => assert.equal(two.heard.length, 100));
      if (two.driver.capabilities.ordered) assert.deepEqual(two.numbers, upTo(100));
    },
  ],
  [
    "changes no byte, and shares none with the sender",
    async (bench) => {
      const [one, two] = [await bench.node(), await bench.node(ALL)];
      const size = Math.min(200_000, one.driver.capabilities.maxEnvelopeBytes);
      const all = Uint8Array.from({ length: size }, (_, i) => (i * 7) & 255);
      const wanted = all.slice();
      await one.driver.publish(ALL, all);
      all.fill(0);
      await one.driver.publish(ALL, wanted.subarray(256, 512));
      await eventually(() => assert.equal(two.heard.length, 2));
      assert.ok(Buffer.from(wanted).equals(two.heard[0]!.bytes));
      assert.deepEqual([...two.heard[1]!.bytes], [...wanted.subarray(256, 512)]);
    },
  ],
  [
    "tells apart namespaces of any name",
    async (bench) => {
      const one = await bench.node();
      const listeners = new Map<string, Listener>();
      for (const namespace of STRANGE_NAMES) {
        listeners.set(namespace, await bench.node({ kind: "all", namespace }, room(0, namespace)));
      }
      for (const [n, namespace] of STRANGE_NAMES.entries()) {
        await one.driver.publish({ kind: "all", namespace }, numbered(n));
        await one.driver.publish(room(0, namespace), numbered(n + 100));
      }
      for (const [n, namespace] of STRANGE_NAMES.entries()) {
        const { heard } = listeners.get(namespace)!;
        const own = () => heard.filter(({ channel }) => "namespace" in channel && channel.namespace === namespace);
        await eventually(() => assert.equal(own().length, 2));
        assert.deepEqual(
          own()
            .map(({ bytes }) => bytes[1])
            .sort(),
          [n, n + 100].sort(),
        );
      }
    },
  ],
  [
    "refuses what is too large, and goes on",
    async (bench) => {
      const [one, two] = [await bench.node(), await bench.node(ALL)];
      const { maxEnvelopeBytes } = one.driver.capabilities;
      if (maxEnvelopeBytes <= 64 * 1024 * 1024) {
        const code = "ERR_SOCKEYE_CLUSTER_TOO_LARGE";
        await assert.rejects(one.driver.publish(ALL, new Uint8Array(maxEnvelopeBytes + 1)), { code });
      }
      await one.driver.publish(ALL, numbered(1));
      await eventually(() => assert.deepEqual(two.numbers, [1]));
    },
  ],
  [
    "closes twice, then hears nothing and refuses to publish",
    async (bench) => {
      const [one, two, three] = [await bench.node(ALL), await bench.node(ALL), await bench.node(ALL)];
      await one.driver.close();
      await one.driver.close();
      await assert.rejects(one.driver.publish(ALL, numbered(1)), { code: "ERR_SOCKEYE_CLUSTER_CLOSED" });
      await two.driver.publish(ALL, numbered(2));
      await eventually(() => assert.deepEqual(three.numbers, [2]));
      assert.deepEqual(one.heard, []);
    },
  ],
];

const OUTAGE: typeof CASES = [
  [
    "tells of an outage and its end, and delivers again to whoever had subscribed",
    async (bench) => {
      const [one, two] = [await bench.node(ALL), await bench.node(ALL)];
      await bench.cluster.outage!.kill();
      await eventually(() => assert.match(one.states.at(-1) ?? "", /down/));
      const lost = await one.driver.publish(ALL, numbered(1)).catch((error) => error);
      assert.ok(lost === undefined || lost.code === "ERR_SOCKEYE_CLUSTER_PUBLISH");
      await bench.cluster.outage!.restart();
      await eventually(() => assert.deepEqual([one.states.at(-1), two.states.at(-1)], ["up/up", "up/up"]), 5000);
      await one.driver.publish(ALL, numbered(2));
      await eventually(() => assert.equal(two.numbers.at(-1), 2), 5000);
      assert.ok(two.numbers.includes(1) || two.gaps > 0, "what was lost is told as a gap");
    },
  ],
];

/**
 * Proves that a driver keeps the `ClusterDriver` contract. Cases on abilities that it does not declare are not demanded.
 *
 * ```ts
 * driverConformance({ describe, it, beforeEach, afterEach }, {
 *   name: "MyDriver",
 *   start: () => ({ driver: () => new MyDriver(client) }),
 * });
 * ```
 */
export function driverConformance(runner: TestRunner, subject: DriverSubject): void {
  runner.describe(`${subject.name} keeps the driver contract`, () => {
    let bench: DriverBench;
    runner.beforeEach(async () => {
      bench = new DriverBench(await subject.start());
    });
    runner.afterEach(() => bench.close());
    for (const [title, run] of subject.canFail ? [...CASES, ...OUTAGE] : CASES) runner.it(title, () => run(bench));
  });
}
