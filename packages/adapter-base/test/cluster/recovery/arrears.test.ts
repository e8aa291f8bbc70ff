import { describe, expect, it } from "vitest";
import { type Arrear, Arrears, type Owed } from "../../../src/cluster/recovery/arrears.js";

const turn = () => new Promise((resolve) => setImmediate(resolve));

function broadcast(sequence: number): Owed {
  return { sequence, envelope: new Uint8Array(10) };
}

function arrear(sequence: number, since = 0, tried = true): Arrear<Owed> {
  return { broadcast: broadcast(sequence), wanted: true, tried, since };
}

function build(takes: (sequence: number) => boolean = () => true) {
  const appended: number[] = [];
  const placed: number[] = [];
  const told: number[] = [];
  const arrears = new Arrears<Owed>(
    { maxEntries: 3, maxBytes: 35 },
    {
      append: async ({ sequence }) => {
        if (!takes(sequence)) throw new Error("away");
        return { epoch: "e", number: appended.push(sequence) };
      },
      place: (_position, { sequence }) => placed.push(sequence),
      refused: () => {},
      tell: ({ sequence }) => told.push(sequence),
    },
  );
  return { arrears, appended, placed, told };
}

describe("Arrears", () => {
  it("are given to the store in order, and are over when they have their turn", async () => {
    const { arrears, appended, placed, told } = build();
    const none: string[] = [];
    arrears.add(arrear(1, 0));
    arrears.add(arrear(2, 0));
    arrears.whenNone(() => none.push("none"));
    arrears.add(arrear(3, 0));
    arrears.settle(2);
    expect([arrears.owed, arrears.size]).toEqual([1, 3]);
    arrears.placed(3);
    await turn();
    expect([appended, placed, told, none]).toEqual([[1, 2], [1, 2], [], []]);
    expect([arrears.placed(1), arrears.placed(2), arrears.placed(2)]).toEqual([true, true, false]);
    expect([arrears.size, none]).toEqual([0, ["none"]]);
  });

  it("are not given to the store when they turn out to be in the log", async () => {
    const { arrears, appended } = build();
    arrears.add(arrear(1, 0));
    expect(arrears.placed(1)).toBe(true);
    arrears.settle(arrears.latest);
    await turn();
    expect(appended).toEqual([]);
  });

  it("wait for each other where it is not known whether the store has taken one", async () => {
    const { arrears, appended } = build();
    arrears.add(arrear(1));
    arrears.add(arrear(2, 0, false));
    arrears.settle(1);
    await turn();
    expect([appended, arrears.owed]).toEqual([[1, 2], 0]);
    arrears.add(arrear(3));
    arrears.add(arrear(4, 0, false));
    arrears.settle(2);
    await turn();
    expect([appended, arrears.owed]).toEqual([[1, 2], 2]);
  });

  it("are told of, the oldest first, beyond their bounds, after their time, and when this node ends", async () => {
    const { arrears, told } = build();
    for (const sequence of [1, 2, 3, 4]) arrears.add(arrear(sequence, sequence * 1_000));
    expect(told).toEqual([1]);
    arrears.sweep(33_500);
    expect(told).toEqual([1, 2, 3]);
    arrears.add(arrear(5, 5_000));
    arrears.close();
    expect([told, arrears.size]).toEqual([[1, 2, 3, 4, 5], 0]);
  });

  it("stay what they are, in order, when the store is away again", async () => {
    let takes = false;
    const { arrears, appended, told } = build(() => takes);
    for (const sequence of [1, 2]) arrears.add(arrear(sequence));
    arrears.settle(2);
    arrears.add(arrear(3));
    const settled = arrears.settled();
    expect(await settled).toBe(false);
    takes = true;
    arrears.settle(arrears.latest);
    await turn();
    expect([appended, told]).toEqual([[1, 2, 3], []]);
  });
});
