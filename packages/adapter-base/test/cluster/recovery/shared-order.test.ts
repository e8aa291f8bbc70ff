import { expect, it } from "vitest";
import type { LogPosition, RecoveryStore } from "../../../src/cluster/recovery/contract.js";
import { type OrderPort, type OwnBroadcast, SharedOrder } from "../../../src/cluster/recovery/shared-order.js";

function unused(): never {
  throw new Error("not part of this test");
}

/** A store that takes what it is told to take, and a bus that takes nothing until it is told to. */
class Backend {
  takes = true;
  readonly appended: number[] = [];
  readonly told: number[] = [];
  readonly delivered: number[] = [];
  #busy: (() => void)[] = [];

  readonly store: RecoveryStore = {
    open: async () => ({ epoch: "e", number: 0 }),
    append: (_namespace, envelope) => this.#append(envelope[0]!),
    read: async () => [],
    save: unused,
    touch: unused,
    appendPrivate: unused,
    take: unused,
    remove: unused,
  };

  readonly port: OrderPort = {
    self: "0123456789abcdef",
    deliver: ({ sequence }) => this.delivered.push(sequence),
    tell: ({ sequence }) => {
      this.told.push(sequence);
      return new Promise((resolve) => this.#busy.push(resolve));
    },
    entryOf: () => undefined,
    epochChanged: unused,
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

it("logs nothing while a broadcast without a place is still on its way to the bus, lest it be overtaken there", async () => {
  const backend = new Backend();
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
  const say = async (sequence: number) => {
    const envelope = Uint8Array.of(sequence);
    const options = { rooms: new Set<string>() };
    order.broadcast({ origin: backend.port.self, sequence, options, encoded: ["x"], envelope } as OwnBroadcast, true);
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
