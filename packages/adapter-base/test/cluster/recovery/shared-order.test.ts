import { expect, it } from "vitest";
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
  epoch = "e";
  readonly logged: LoggedEnvelope[] = [];
  readonly appended: number[] = [];
  readonly told: number[] = [];
  readonly delivered: number[] = [];
  #busy: (() => void)[] = [];

  readonly store: RecoveryStore = {
    open: async () => ({ epoch: this.epoch, number: this.logged.length }),
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
    if (!this.takes) throw new Error("the store is away");
    this.appended.push(sequence);
    return { epoch: "e", number: this.appended.length };
  }
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

async function open(backend: Backend): Promise<SharedOrder> {
  const order = new SharedOrder(
    backend.store,
    {
      namespace: "/",
      limits: { maxAge: 60_000, maxEntries: 100, maxPrivateEntries: 100 },
      logTimeout: 60_000,
      checkInterval: 60_000,
      maxBytes: 1_000_000,
      span: 60_000,
    },
    backend.port,
  );
  await order.open();
  return order;
}

it("logs nothing while a broadcast without a place is still on its way to the bus, lest it be overtaken there", async () => {
  const backend = new Backend();
  const order = await open(backend);
  const say = async (sequence: number) => {
    order.broadcast({ ...entry(SELF, sequence), envelope: Uint8Array.of(sequence) } as OwnBroadcast, true);
    await turn();
  };

  await say(1);
  backend.takes = false;
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
