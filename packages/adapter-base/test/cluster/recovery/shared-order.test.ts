import { setTimeout as sleep } from "node:timers/promises";
import { expect, it, vi } from "vitest";
import { ClusterError } from "../../../src/cluster/errors.js";
import type { LoggedEnvelope, LogPosition, RecoveryStore } from "../../../src/cluster/recovery/contract.js";
import {
  type LogEntry,
  type OrderPort,
  type OwnBroadcast,
  SharedOrder,
} from "../../../src/cluster/recovery/shared-order.js";

function unused(): never {
  throw new Error("not part of this test");
}

const SELF = "0123456789abcdef";
const OTHER = "fedcba9876543210";

function entry(origin: string, sequence: number): LogEntry {
  return { origin, sequence, options: { rooms: new Set() }, encoded: ["x"] };
}

/** A store that takes what it is told to take, and a bus that takes nothing until it is told to. */
class Backend {
  takes = true;
  /** With what it refuses. */
  refusal: Error = new Error("the store is away");
  epoch = "e";
  readonly logged: LoggedEnvelope[] = [];
  readonly appended: number[] = [];
  readonly told: number[] = [];
  readonly delivered: number[] = [];
  #busy: (() => void)[] = [];

  /** Milliseconds until it answers. */
  delay = 0;
  /** Opens the log, which is open from the beginning. */
  opened: Promise<void> = Promise.resolve();

  readonly store: RecoveryStore = {
    open: async () => {
      await this.opened;
      return { epoch: this.epoch, number: this.logged.length };
    },
    append: (_namespace, envelope) => this.#append(envelope[0]!),
    read: async (_namespace, after) => (after.epoch === this.epoch ? this.logged.slice(after.number) : "trimmed"),
    save: unused,
    touch: unused,
    appendPrivate: unused,
    take: unused,
    remove: unused,
  };

  readonly port: OrderPort = {
    self: SELF,
    deliver: ({ sequence }) => this.delivered.push(sequence),
    tell: ({ sequence }) => {
      this.told.push(sequence);
      return new Promise((resolve) => this.#busy.push(resolve));
    },
    entryOf: (envelope) => entry(OTHER, envelope[0]!),
    epochChanged: () => {},
    refused: () => {},
    answered: () => {},
    report: (error) => {
      throw error;
    },
  };

  /** The bus takes what it was told. */
  drain(): void {
    for (const resolve of this.#busy.splice(0)) resolve();
  }

  async #append(sequence: number): Promise<LogPosition> {
    if (!this.takes) throw this.refusal;
    const number = this.appended.push(sequence);
    if (this.delay > 0) await sleep(this.delay);
    return { epoch: "e", number };
  }
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

function orderOver(backend: Backend, logTimeout = 60_000): SharedOrder {
  return new SharedOrder(
    backend.store,
    {
      namespace: "/",
      limits: { maxAge: 60_000, maxEntries: 100, maxPrivateEntries: 100 },
      logTimeout,
      checkInterval: 60_000,
      maxBytes: 1_000_000,
      span: 60_000,
    },
    backend.port,
  );
}

async function open(backend: Backend, logTimeout?: number): Promise<SharedOrder> {
  const order = orderOver(backend, logTimeout);
  await order.open();
  return order;
}

function own(sequence: number): OwnBroadcast {
  return { ...entry(SELF, sequence), envelope: Uint8Array.of(sequence) } as OwnBroadcast;
}

/** Nothing else happens in this process meanwhile. */
function standStill(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}

it("logs nothing while a broadcast without a place is still on its way to the bus, lest it be overtaken there", async () => {
  const backend = new Backend();
  const order = await open(backend);
  const say = async (sequence: number) => {
    order.broadcast(own(sequence), true);
    await turn();
  };

  await say(1);
  backend.takes = false;
  backend.refusal = new ClusterError("ERR_SOCKEYE_CLUSTER_TOO_LARGE", "too large");
  await say(2);
  expect(backend.told).toEqual([2]);
  backend.takes = true;
  await order.check();
  await say(3);
  expect(backend.appended).toEqual([1]);
  expect(backend.told).toEqual([2, 3]);
  backend.drain();
  await turn();
  await say(4);
  expect(backend.appended).toEqual([1, 4]);
  expect(backend.delivered).toEqual([1, 2, 3, 4]);
  order.close();
});

it("lets no command pass an entry of a new epoch that it has heard of and not delivered", async () => {
  const backend = new Backend();
  const order = await open(backend);
  backend.epoch = "f";
  backend.logged.push({ epoch: "f", number: 1, envelope: Uint8Array.of(80) });
  order.heard({ epoch: "f", number: 1 }, entry(OTHER, 80));
  order.behindGap(() => backend.delivered.push(81));
  await turn();
  expect(backend.delivered).toEqual([80, 81]);
  order.close();
});

it("delivers nothing twice that its origin, which was told of no place, gives a place in a new epoch", async () => {
  const backend = new Backend();
  const order = await open(backend);
  for (const number of [1, 2, 3]) order.heard({ epoch: "e", number }, entry(OTHER, 40 + number));
  expect(backend.delivered).toEqual([41, 42, 43]);
  // The store lost what it had, and the answers to two of them. Then it lost everything again.
  for (const epoch of ["f", "g"]) {
    backend.epoch = epoch;
    backend.logged.splice(0);
    for (const sequence of [42, 43, 44]) {
      const number = backend.logged.length + 1;
      backend.logged.push({ epoch, number, envelope: Uint8Array.of(sequence) });
      order.heard({ epoch, number }, entry(OTHER, sequence));
    }
    await turn();
    expect(backend.delivered).toEqual([41, 42, 43, 44]);
    expect(order.position).toEqual({ epoch, number: 3 });
  }
  order.close();
});

it("does not take a standstill of its own process for one of the store", async () => {
  const backend = new Backend();
  backend.delay = 200;
  const order = await open(backend, 300);
  order.broadcast(own(1), true);
  await turn();
  standStill(600);
  await vi.waitFor(() => expect(backend.delivered).toEqual([1]));
  order.broadcast(own(2), true);
  await vi.waitFor(() => expect(backend.delivered).toEqual([1, 2]));
  expect([backend.appended, backend.told]).toEqual([[1, 2], []]);
  order.close();
});

it("gives up a store that does not answer, however often this process stood still before", async () => {
  const backend = new Backend();
  const order = await open(backend, 100);
  backend.delay = 60_000;
  order.broadcast(own(1), true);
  await turn();
  standStill(300);
  await vi.waitFor(() => expect(backend.told).toEqual([1]));
  expect(backend.delivered).toEqual([1]);
  order.close();
});

it("keeps what is broadcast before the log is open, and logs it then, in order", async () => {
  const backend = new Backend();
  let begin = (): void => {};
  backend.opened = new Promise((resolve) => {
    begin = resolve;
  });
  const order = orderOver(backend);
  const opening = order.open();
  order.broadcast(own(1), true);
  order.after(() => backend.delivered.push(2));
  order.broadcast(own(3), false);
  await turn();
  expect(backend.delivered).toEqual([]);
  begin();
  await opening;
  await turn();
  expect([backend.appended, backend.told, backend.delivered]).toEqual([[1, 3], [], [1, 2, 3]]);
  order.close();
});

it("does not wait longer than its time for a log that is not opened", async () => {
  const backend = new Backend();
  backend.opened = new Promise(() => {});
  const order = orderOver(backend, 100);
  void order.open();
  order.broadcast(own(1), true);
  await vi.waitFor(() => expect(backend.delivered).toEqual([1]));
  order.broadcast(own(2), true);
  expect([backend.delivered, backend.told, backend.appended]).toEqual([[1, 2], [1, 2], []]);
  order.close();
});

it("logs again as soon as it is told that the store may be back", async () => {
  const backend = new Backend();
  const order = await open(backend);
  backend.takes = false;
  order.broadcast(own(1), true);
  await turn();
  order.broadcast(own(2), true);
  expect(backend.delivered).toEqual([1, 2]);
  backend.takes = true;
  order.returned();
  await turn();
  order.broadcast(own(3), true);
  await turn();
  expect([backend.told, backend.appended, backend.delivered]).toEqual([[], [1, 2, 3], [1, 2, 3]]);
  expect([order.delivered, order.waiting]).toEqual([[1, 2], 0]);
  order.close();
});

it("tells of what it could not log when it is closed before the store is back", async () => {
  const backend = new Backend();
  const order = await open(backend);
  backend.takes = false;
  order.broadcast(own(1), true);
  await turn();
  order.close();
  expect(backend.told).toEqual([1]);
});
