import { describe, expect, it } from "vitest";
import { Arrivals } from "../../src/cluster/arrivals.js";

const endOfTurn = () => new Promise((resolve) => setImmediate(resolve));

function setup() {
  const taken: number[] = [];
  const arrivals = new Arrivals((bytes, position) => taken.push(bytes[0]!, position?.number ?? 0));
  const add = (n: number, number?: number) =>
    arrivals.add(Uint8Array.of(n), number === undefined ? undefined : { epoch: "e", number });
  return { arrivals, taken, add };
}

describe("Arrivals", () => {
  it("are handed over when the code that read the first is done, in order, with their positions", async () => {
    const { taken, add } = setup();
    add(1);
    add(2, 9);
    expect(taken).toEqual([]);
    await Promise.resolve();
    expect(taken).toEqual([1, 0, 2, 9]);
  });

  it("are handed over at the end of the turn when they are not the first in it", async () => {
    const { taken, add } = setup();
    add(1);
    await Promise.resolve();
    add(2);
    add(3);
    await Promise.resolve();
    expect(taken).toEqual([1, 0]);
    await endOfTurn();
    expect(taken).toEqual([1, 0, 2, 0, 3, 0]);
    add(4);
    await Promise.resolve();
    expect(taken.slice(6)).toEqual([4, 0]);
  });

  it("are handed over earlier when something behind them asks, and once", async () => {
    const { arrivals, taken, add } = setup();
    add(1);
    arrivals.handOver();
    add(2);
    expect(taken).toEqual([1, 0]);
    await endOfTurn();
    arrivals.handOver();
    expect(taken).toEqual([1, 0, 2, 0]);
  });

  it("keep their order when handing one over brings another", async () => {
    const taken: number[] = [];
    const arrivals: Arrivals = new Arrivals((bytes) => {
      taken.push(bytes[0]!);
      if (bytes[0] === 1) arrivals.add(Uint8Array.of(3), undefined);
    });
    arrivals.add(Uint8Array.of(1), undefined);
    arrivals.add(Uint8Array.of(2), undefined);
    await endOfTurn();
    await endOfTurn();
    expect(taken).toEqual([1, 2, 3]);
  });
});
