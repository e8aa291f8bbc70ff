import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import type { Channel, NodeId } from "../cluster/contract.js";
import type {
  LoggedEnvelope,
  LogPosition,
  RecoveryStore,
  StoredEvent,
  StoredRecord,
  StoreLimits,
  TakenSession,
} from "../cluster/recovery/contract.js";
import { DriverBench, type DriverSubject, type Listener, STRANGE_NAMES } from "./driver-bench.js";
import { eventually } from "./eventually.js";
import type { TestRunner } from "./runner.js";

type Case = readonly [title: string, run: (bench: DriverBench) => Promise<void>];

const NS = "/";
const ALL: Channel = { kind: "all", namespace: NS };
const LIMITS: StoreLimits = { maxAge: 600_000, maxEntries: 10_000, maxPrivateEntries: 1_000 };
const LIFETIME = 60_000;
/** Of what is done in the background, and of TTLs with a coarse clock. */
const PATIENCE = 10_000;

interface Node {
  readonly listener: Listener;
  readonly store: RecoveryStore;
  /** Where the log was when it was opened. */
  readonly head: LogPosition;
}

async function node(bench: DriverBench, limits: Partial<StoreLimits> = {}, namespace = NS): Promise<Node> {
  const listener = await bench.node({ kind: "all", namespace });
  const store = listener.driver.recovery;
  assert.ok(store, "the driver has no `recovery`");
  return { listener, store, head: await store.open(namespace, { ...LIMITS, ...limits }) };
}

const numbered = (n: number): Uint8Array => Uint8Array.of(n >> 8, n & 255);
const numberOf = (bytes: Uint8Array): number => bytes[0]! * 256 + bytes[1]!;
const upTo = (count: number): number[] => Array.from({ length: count }, (_, n) => n);

async function append({ store }: Node, n: number): Promise<LogPosition> {
  const position = await store.append(NS, numbered(n), true);
  assert.ok(position, "what is wanted is logged");
  return position;
}

async function entriesAfter({ store }: Node, position: LogPosition, limit?: number): Promise<LoggedEnvelope[]> {
  const entries = await store.read(NS, position, limit);
  assert.ok(entries !== "trimmed", "trimmed");
  return [...entries];
}

const contents = (entries: readonly LoggedEnvelope[]): number[] => entries.map(({ envelope }) => numberOf(envelope));

function record(pid: string, incarnation = 1, bytes: Uint8Array = Uint8Array.of(incarnation)): StoredRecord {
  return { pid, incarnation, bytes };
}

function event(pid: string, number: number, incarnation = 1): StoredEvent {
  return { pid, incarnation, number, bytes: numbered(number) };
}

const [A, B, C] = ["aaaaaaaaaaaaaaaa", "bbbbbbbbbbbbbbbb", "cccccccccccccccc"] as const;

/** Takes a session that exists and has no owner, or this one. */
async function take({ store }: Node, pid: string, taker: NodeId = A, from?: NodeId): Promise<TakenSession> {
  const taken = await store.take(NS, pid, taker, from);
  assert.ok(taken !== undefined && !("owner" in taken), `not taken: ${JSON.stringify(taken)}`);
  return taken;
}

const numbersOf = (taken: TakenSession | undefined): number[] | undefined => taken?.events.map(({ number }) => number);

const LOG: readonly Case[] = [
  [
    "numbers what is appended from 1 on, in the order of the calls",
    async (bench) => {
      const one = await node(bench);
      assert.match(one.head.epoch, /^[0-9a-z]{1,12}$/);
      assert.equal(one.head.number, 0);
      const positions = await Promise.all(upTo(200).map((n) => append(one, n)));
      assert.deepEqual(
        positions,
        upTo(200).map((n) => ({ epoch: one.head.epoch, number: n + 1 })),
      );
    },
  ],
  [
    "has one order for all nodes, and publishes each entry with its place to those that listen",
    async (bench) => {
      const nodes = [await node(bench), await node(bench), await node(bench)];
      const appended = await Promise.all(
        upTo(90).map(async (n) => [(await append(nodes[n % 3]!, n)).number, n] as const),
      );
      const log = new Map(appended);
      assert.equal(log.size, 90, "no number is given twice");
      for (const { listener } of nodes.slice(1)) {
        const own = nodes.findIndex((other) => other.listener === listener);
        const expected = appended.filter(([, n]) => listener.driver.capabilities.echo || n % 3 !== own);
        const heard = () => new Set(listener.positions.map((position) => position?.number));
        await eventually(() => assert.ok(expected.every(([number]) => heard().has(number))));
        for (const [i, position] of listener.positions.entries()) {
          assert.equal(position?.epoch, nodes[0]!.head.epoch);
          assert.equal(numberOf(listener.heard[i]!.bytes), log.get(position.number));
          assert.deepEqual(listener.heard[i]!.channel, ALL);
        }
      }
    },
  ],
  [
    "has an entry in the log before anybody hears of it",
    async (bench) => {
      const [one, two] = [await node(bench), await node(bench)];
      const found = new Map<number, Promise<number[]>>();
      two.listener.onEnvelope = (_channel, _bytes, position) => {
        const before = { epoch: position!.epoch, number: position!.number - 1 };
        found.set(position!.number, entriesAfter(two, before, 1).then(contents));
      };
      for (const n of upTo(10)) await append(one, n);
      await eventually(() => assert.equal(found.size, 10));
      for (const [number, read] of found) assert.deepEqual(await read, [number - 1]);
    },
  ],
  [
    "keeps its appends in order with what is published, if the driver keeps the order across channels",
    async (bench) => {
      const [one, two] = [await node(bench), await node(bench)];
      await two.listener.driver.subscribe({ kind: "rooms", namespace: NS, partition: 1 });
      for (const n of upTo(30)) {
        await append(one, n * 2);
        await one.listener.driver.publish({ kind: "rooms", namespace: NS, partition: 1 }, numbered(n * 2 + 1));
      }
      await eventually(() => assert.equal(new Set(two.listener.numbers).size, 60));
      if (two.listener.driver.capabilities.ordered) assert.deepEqual([...new Set(two.listener.numbers)], upTo(60));
    },
  ],
  [
    "reads what comes after a place, the oldest first, all or a part",
    async (bench) => {
      const [one, two] = [await node(bench), await node(bench)];
      for (const n of upTo(10)) await append(one, n);
      const at = (number: number): LogPosition => ({ epoch: one.head.epoch, number });
      for (const reader of [one, two]) {
        assert.deepEqual(contents(await entriesAfter(reader, at(0))), upTo(10));
        assert.deepEqual(contents(await entriesAfter(reader, at(7))), [7, 8, 9]);
        assert.deepEqual(contents(await entriesAfter(reader, at(3), 2)), [3, 4]);
        assert.deepEqual(await entriesAfter(reader, at(10)), []);
        const [entry] = await entriesAfter(reader, at(4), 1);
        assert.deepEqual([entry?.epoch, entry?.number], [one.head.epoch, 5]);
      }
    },
  ],
  [
    "opens again where the log is",
    async (bench) => {
      const one = await node(bench);
      for (const n of upTo(3)) await append(one, n);
      const expected = { epoch: one.head.epoch, number: 3 };
      assert.deepEqual(await one.store.open(NS, LIMITS), expected);
      assert.deepEqual((await node(bench)).head, expected);
    },
  ],
  [
    "changes no byte, and shares none with the caller",
    async (bench) => {
      const [one, two] = [await node(bench), await node(bench)];
      const size = Math.min(200_000, one.listener.driver.capabilities.maxEnvelopeBytes);
      const all = Uint8Array.from({ length: size }, (_, i) => (i * 7) & 255);
      const wanted = Buffer.from(all);
      await one.store.append(NS, all, true);
      all.fill(0);
      await one.store.append(NS, wanted.subarray(256, 512), true);
      await eventually(() => assert.ok(two.listener.positions.some((position) => position?.number === 2)));
      const [first, second] = await entriesAfter(two, two.head);
      const heard = two.listener.heard[two.listener.positions.findIndex((position) => position?.number === 1)]!;
      for (const bytes of [heard.bytes, first!.envelope]) assert.ok(wanted.equals(bytes));
      assert.deepEqual([...second!.envelope], [...wanted.subarray(256, 512)]);
    },
  ],
  [
    "says trimmed when an entry is gone, and never gives a part",
    async (bench) => {
      const one = await node(bench, { maxEntries: 10 });
      let sent = 0;
      const untilTrimmed = async (): Promise<void> => {
        for (const deadline = performance.now() + PATIENCE; performance.now() < deadline; await sleep(5)) {
          await Promise.all(upTo(50).map(() => append(one, sent++)));
          const entries = await one.store.read(NS, one.head);
          if (entries === "trimmed") return;
          assert.deepEqual(contents(entries), upTo(sent));
        }
        assert.fail("the log is not bounded");
      };
      await untilTrimmed();
      const lastTen = await entriesAfter(one, { ...one.head, number: sent - 10 });
      assert.deepEqual(
        contents(lastTen),
        upTo(10).map((n) => sent - 10 + n),
      );
    },
  ],
  [
    "forgets entries that are too old",
    async (bench) => {
      const one = await node(bench, { maxAge: 100 });
      await append(one, 0);
      for (const deadline = performance.now() + PATIENCE; performance.now() < deadline; await sleep(50)) {
        await append(one, 1);
        if ((await one.store.read(NS, one.head)) === "trimmed") return;
      }
      assert.fail("the log is not bounded in time");
    },
  ],
  [
    "says trimmed for a place of another epoch",
    async (bench) => {
      const one = await node(bench);
      await append(one, 0);
      assert.equal(await one.store.read(NS, { epoch: "another", number: 0 }), "trimmed");
    },
  ],
  [
    "publishes what nobody could ask for as well, and logs it once there is a session",
    async (bench) => {
      const [one, two] = [await node(bench), await node(bench)];
      const unwanted = await one.store.append(NS, numbered(1), false);
      await eventually(() => assert.equal(two.listener.numbers[0], 1));
      assert.deepEqual(two.listener.positions[0], unwanted);
      await two.store.save(NS, [record("a")], LIFETIME);
      const asked = await one.store.append(NS, numbered(2), false);
      assert.equal(asked?.number, (unwanted?.number ?? 0) + 1);
    },
  ],
  [
    "refuses what is too large, and leaves no hole",
    async (bench) => {
      const one = await node(bench);
      const { maxEnvelopeBytes } = one.listener.driver.capabilities;
      if (maxEnvelopeBytes <= 64 * 1024 * 1024) {
        const code = "ERR_SOCKEYE_CLUSTER_TOO_LARGE";
        await assert.rejects(one.store.append(NS, new Uint8Array(maxEnvelopeBytes + 1), true), { code });
      }
      assert.equal((await append(one, 1)).number, 1);
    },
  ],
];

const SESSIONS: readonly Case[] = [
  [
    "keeps a record and its private log for any node",
    async (bench) => {
      const [one, two] = [await node(bench), await node(bench)];
      const bytes = Uint8Array.from({ length: 256 }, (_, i) => i);
      await one.store.save(NS, [record("a", 3, bytes), record("b")], LIFETIME);
      await one.store.appendPrivate(NS, [event("a", 1, 3), event("b", 1), event("a", 2, 3)]);
      await one.store.appendPrivate(NS, [event("a", 7, 3)]);
      const taken = await take(two, "a");
      assert.deepEqual([...taken.bytes], [...bytes]);
      assert.equal(taken.incarnation, 4);
      assert.ok(taken.idle >= 0 && taken.idle < 5_000, `idle for ${taken.idle} ms`);
      assert.deepEqual(
        taken.events.map(({ number, bytes }) => [number, numberOf(bytes)]),
        [1, 2, 7].map((n) => [n, n]),
      );
      assert.deepEqual(numbersOf(await take(one, "b")), [1]);
      assert.equal(await one.store.take(NS, "unknown", A), undefined);
    },
  ],
  [
    "leaves a session to its owner, unless it is taken from that one",
    async (bench) => {
      const [one, two] = [await node(bench), await node(bench)];
      await one.store.save(NS, [{ ...record("a"), owner: A }], LIFETIME);
      assert.deepEqual(await two.store.take(NS, "a", B), { owner: A });
      assert.deepEqual(await two.store.take(NS, "a", B, C), { owner: A });
      assert.equal((await take(two, "a", B, A)).incarnation, 2);
      assert.deepEqual(await one.store.take(NS, "a", C, A), { owner: B });
      await two.store.save(NS, [record("a", 2)], LIFETIME);
      assert.equal((await take(one, "a", C)).incarnation, 3);
    },
  ],
  [
    "gives a session to one of many who ask, and tells the others who has it",
    async (bench) => {
      const nodes = [await node(bench), await node(bench), await node(bench)];
      await nodes[0]!.store.save(
        NS,
        upTo(20).map((n) => record(`s${n}`)),
        LIFETIME,
      );
      for (const n of upTo(20)) {
        const calls = [A, B, C, A, B, C].map((taker, i) => nodes[i % 3]!.store.take(NS, `s${n}`, taker));
        const outcomes = await Promise.all(calls);
        const owners = outcomes.map((outcome) => (outcome && "owner" in outcome ? outcome.owner : undefined));
        const winners = upTo(6).filter((i) => owners[i] === undefined);
        assert.equal(winners.length, 1);
        const winner = [A, B, C][winners[0]! % 3];
        for (const i of upTo(6)) if (i !== winners[0]) assert.equal(owners[i], winner);
      }
    },
  ],
  [
    "goes on with the private log of a session that was taken",
    async (bench) => {
      const [one, two] = [await node(bench), await node(bench)];
      await one.store.save(NS, [record("a")], LIFETIME);
      await one.store.appendPrivate(NS, [event("a", 1)]);
      const { incarnation } = await take(two, "a", B);
      await one.store.appendPrivate(NS, [event("a", 2)]);
      await two.store.appendPrivate(NS, [event("a", 3, incarnation)]);
      await two.store.save(NS, [record("a", incarnation)], LIFETIME);
      assert.deepEqual(numbersOf(await take(one, "a")), [1, 3]);
    },
  ],
  [
    "lets one node's calls take effect in order, without waiting",
    async (bench) => {
      const one = await node(bench);
      for (const n of upTo(10)) {
        const pid = `s${n}`;
        const calls = [
          one.store.save(NS, [{ ...record(pid), owner: B }], LIFETIME),
          one.store.appendPrivate(NS, [event(pid, 1)]),
          one.store.appendPrivate(NS, [event(pid, 2), event(pid, 3)]),
          one.store.save(NS, [record(pid, 1, Uint8Array.of(9))], LIFETIME),
        ];
        const taken = await take(one, pid);
        assert.deepEqual([[...taken.bytes], numbersOf(taken)], [[9], [1, 2, 3]]);
        await Promise.all(calls);
      }
    },
  ],
  [
    "saves a session again and keeps its private log",
    async (bench) => {
      const one = await node(bench);
      await one.store.save(NS, [record("a", 1, Uint8Array.of(1))], LIFETIME);
      await one.store.appendPrivate(NS, [event("a", 1)]);
      await one.store.save(NS, [record("a", 1, new Uint8Array(0))], LIFETIME);
      const taken = await take(one, "a");
      assert.deepEqual([taken.bytes.byteLength, numbersOf(taken)], [0, [1]]);
    },
  ],
  [
    "begins a higher incarnation that is saved with an empty private log",
    async (bench) => {
      const one = await node(bench);
      await one.store.save(NS, [record("a", 1)], LIFETIME);
      await one.store.appendPrivate(NS, [event("a", 1)]);
      await one.store.save(NS, [record("a", 2)], LIFETIME);
      await one.store.appendPrivate(NS, [event("a", 2, 2)]);
      const taken = await take(one, "a");
      assert.deepEqual([taken.incarnation, [...taken.bytes], numbersOf(taken)], [3, [2], [2]]);
    },
  ],
  [
    "lets a late incarnation write nothing",
    async (bench) => {
      const [late, one] = [await node(bench), await node(bench)];
      await late.store.save(NS, [{ ...record("a", 9), owner: A }], LIFETIME);
      const { incarnation } = await take(one, "a", B, A);
      await late.store.save(NS, [record("a", 9, Uint8Array.of(99))], LIFETIME);
      await late.store.appendPrivate(NS, [event("a", 1, 9), event("a", 1, 11)]);
      await late.store.touch(NS, [{ pid: "a", incarnation: 9 }], 1);
      await late.store.remove(NS, [{ pid: "a", incarnation: 9 }]);
      await sleep(20);
      assert.equal(incarnation, 10);
      const taken = await take(one, "a", C, B);
      assert.deepEqual([taken.incarnation, [...taken.bytes], numbersOf(taken)], [11, [9], []]);
    },
  ],
  [
    "ignores events for a session that is not kept",
    async (bench) => {
      const one = await node(bench);
      await one.store.appendPrivate(NS, [event("a", 1)]);
      await one.store.save(NS, [record("a")], LIFETIME);
      assert.deepEqual(numbersOf(await take(one, "a")), []);
    },
  ],
  [
    "keeps the youngest events of a private log",
    async (bench) => {
      const one = await node(bench, { maxPrivateEntries: 10 });
      await one.store.save(NS, [record("a")], LIFETIME);
      for (const n of upTo(100)) {
        await one.store.appendPrivate(
          NS,
          upTo(10).map((i) => event("a", 1 + n * 10 + i)),
        );
      }
      const numbers = numbersOf(await take(one, "a")) ?? [];
      assert.ok(numbers.length >= 10 && numbers.length <= 200, `${numbers.length} events are kept`);
      assert.deepEqual(
        numbers,
        upTo(numbers.length).map((i) => 1000 - numbers.length + 1 + i),
      );
    },
  ],
  [
    "forgets a session when its lifetime is over, unless it was touched",
    async (bench) => {
      const one = await node(bench);
      const lifetimeIsOver = async (): Promise<boolean> => (await one.store.take(NS, "untouched", A)) === undefined;
      await one.store.save(NS, [record("touched"), { ...record("untouched"), owner: B }], 300);
      await one.store.touch(NS, [{ pid: "touched", incarnation: 1 }], LIFETIME);
      for (const deadline = performance.now() + PATIENCE; !(await lifetimeIsOver()); await sleep(50)) {
        assert.ok(performance.now() < deadline, "a session lives for ever");
      }
      const { idle } = await take(one, "touched");
      assert.ok(idle >= 200, `idle for ${idle} ms`);
    },
  ],
  [
    "tells how long nobody has saved or touched a session",
    async (bench) => {
      const one = await node(bench);
      await one.store.save(NS, [record("a"), record("b"), record("c")], LIFETIME);
      await take(one, "a", B);
      await sleep(300);
      await one.store.save(NS, [record("b")], LIFETIME);
      await one.store.touch(NS, [{ pid: "c", incarnation: 1 }], LIFETIME);
      assert.ok((await take(one, "a", C, B)).idle >= 250);
      assert.ok((await take(one, "b")).idle < 250);
      assert.ok((await take(one, "c")).idle < 250);
    },
  ],
  [
    "removes sessions, also those it does not know",
    async (bench) => {
      const one = await node(bench);
      await one.store.save(NS, [{ ...record("a"), owner: A }, record("b")], LIFETIME);
      await one.store.remove(NS, [
        { pid: "a", incarnation: 1 },
        { pid: "unknown", incarnation: 1 },
      ]);
      assert.equal(await one.store.take(NS, "a", A, A), undefined);
      assert.deepEqual([...(await take(one, "b")).bytes], [1]);
    },
  ],
  [
    "shares no byte with the caller",
    async (bench) => {
      const one = await node(bench);
      const bytes = Uint8Array.of(7, 7);
      const calls = [one.store.save(NS, [record("a", 1, bytes.subarray(0, 1))], LIFETIME)];
      calls.push(one.store.appendPrivate(NS, [{ pid: "a", incarnation: 1, number: 1, bytes: bytes.subarray(1) }]));
      await Promise.all(calls);
      bytes.fill(0);
      const taken = await take(one, "a");
      assert.deepEqual([[...taken.bytes], [...taken.events[0]!.bytes]], [[7], [7]]);
    },
  ],
];

const GENERAL: readonly Case[] = [
  [
    "tells apart namespaces and sessions of any name",
    async (bench) => {
      const one = await node(bench);
      for (const [n, namespace] of STRANGE_NAMES.entries()) {
        await one.store.open(namespace, LIMITS);
        await one.store.save(namespace, [record("a", 1, Uint8Array.of(n)), record(namespace.slice(0, 256))], LIFETIME);
        await one.store.append(namespace, numbered(n), true);
      }
      for (const [n, namespace] of STRANGE_NAMES.entries()) {
        const { epoch } = await one.store.open(namespace, LIMITS);
        const entries = await one.store.read(namespace, { epoch, number: 0 });
        assert.ok(entries !== "trimmed");
        assert.deepEqual(contents(entries), [n]);
        const taken = await one.store.take(namespace, "a", A);
        assert.ok(taken !== undefined && "bytes" in taken);
        assert.deepEqual([...taken.bytes], [n]);
        assert.ok(await one.store.take(namespace, namespace.slice(0, 256), A));
      }
      assert.equal(await one.store.take(NS, "a", A), undefined);
      assert.equal(await one.store.take(NS, "'\"; DROP\n\u0001*?[x]{}:#", A), undefined);
    },
  ],
  [
    "refuses everything once its driver is closed",
    async (bench) => {
      const one = await node(bench);
      await one.listener.driver.close();
      const code = "ERR_SOCKEYE_CLUSTER_CLOSED";
      await assert.rejects(one.store.append(NS, numbered(1), true), { code });
      await assert.rejects(one.store.save(NS, [record("a")], LIFETIME), { code });
      await assert.rejects(one.store.take(NS, "a", A), { code });
    },
  ],
];

const OUTAGE: readonly Case[] = [
  [
    "settles what is asked during an outage, and works again after it",
    async (bench) => {
      const one = await node(bench);
      const before = await append(one, 1);
      await bench.cluster.outage!.kill();
      const calls = [
        one.store.append(NS, numbered(2), true),
        one.store.read(NS, one.head),
        one.store.save(NS, [record("a")], LIFETIME),
        one.store.take(NS, "a", A),
      ];
      const outcomes = await Promise.race([Promise.allSettled(calls), sleep(PATIENCE)]);
      assert.ok(outcomes, "a call hangs");
      for (const outcome of outcomes) {
        if (outcome.status === "rejected") assert.equal(outcome.reason.code, "ERR_SOCKEYE_CLUSTER_PUBLISH");
      }
      await bench.cluster.outage!.restart();
      await eventually(() => assert.equal(one.listener.states.at(-1), "up/up"), PATIENCE);
      const head = await one.store.open(NS, LIMITS);
      assert.ok(head.epoch !== before.epoch || head.number >= before.number, "a number is given again in one epoch");
      const after = await append(one, 3);
      assert.ok(after.epoch !== before.epoch || after.number > before.number);
      const entries = await one.store.read(NS, before);
      if (after.epoch !== before.epoch) assert.equal(entries, "trimmed");
      else if (entries !== "trimmed") assert.equal(contents(entries).at(-1), 3);
      await one.store.save(NS, [record("b")], LIFETIME);
      assert.deepEqual([...(await take(one, "b")).bytes], [1]);
    },
  ],
];

const LOSS: readonly Case[] = [
  [
    "begins a new epoch with 1 when it has lost the log",
    async (bench) => {
      const one = await node(bench);
      const before = await append(one, 1);
      await one.store.save(NS, [record("a")], LIFETIME);
      await bench.cluster.forget!();
      const head = await one.store.open(NS, LIMITS);
      assert.notEqual(head.epoch, before.epoch);
      assert.equal(head.number, 0);
      assert.deepEqual(await append(one, 2), { epoch: head.epoch, number: 1 });
      assert.equal(await one.store.read(NS, before), "trimmed");
      assert.equal(await one.store.take(NS, "a", A), undefined);
    },
  ],
  [
    "appends and reads after a loss though nobody opened it again",
    async (bench) => {
      const one = await node(bench);
      const before = await append(one, 1);
      await bench.cluster.forget!();
      assert.equal(await one.store.read(NS, before), "trimmed");
      const after = await append(one, 2);
      assert.deepEqual([after.epoch === before.epoch, after.number], [false, 1]);
    },
  ],
];

/**
 * Proves that the `recovery` of a driver keeps the `RecoveryStore` contract. Takes what `driverConformance` takes.
 *
 * ```ts
 * recoveryStoreConformance({ describe, it, beforeEach, afterEach }, {
 *   name: "MyDriver",
 *   start: () => ({ driver: () => new MyDriver(client) }),
 * });
 * ```
 */
export function recoveryStoreConformance(runner: TestRunner, subject: DriverSubject): void {
  const groups = [
    ["the shared log", LOG],
    ["sessions", SESSIONS],
    ["in general", GENERAL],
    ["outages", subject.canFail ? OUTAGE : []],
    ["loss of data", subject.canForget ? LOSS : []],
  ] as const;
  runner.describe(`the recovery store of ${subject.name} keeps its contract`, () => {
    let bench: DriverBench;
    runner.beforeEach(async () => {
      bench = new DriverBench(await subject.start());
    });
    runner.afterEach(() => bench.close());
    for (const [group, cases] of groups) {
      if (cases.length === 0) continue;
      runner.describe(group, () => {
        for (const [title, run] of cases) runner.it(title, () => run(bench));
      });
    }
  });
}
