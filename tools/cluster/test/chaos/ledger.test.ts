import { describe, expect, it } from "vitest";
import { Ledger, type Sent } from "../../src/chaos/ledger.js";

const sent: Sent[] = [1, 2, 3, 4].map((number) => ({
  node: "a",
  number,
  time: number * 10,
  settled: number * 10 + 1,
  logged: true,
}));
const nothing = { isExcused: () => false, breaks: [] };

/** Each came five milliseconds after it was sent. */
function ledgerOf(...numbers: number[]): Ledger {
  const ledger = new Ledger();
  for (const number of numbers) ledger.received("a", number, number * 10 + 5);
  return ledger;
}

function keysOf(events: readonly Sent[]): string[] {
  return events.map(({ node, number }) => `${node}#${number}`);
}

describe("Ledger", () => {
  it("finds nothing wrong with what came whole and in order", () => {
    const verdict = ledgerOf(1, 2, 3, 4).judge({ sent, ...nothing });
    expect(verdict).toEqual({ lost: [], missed: 0, doubled: [], reordered: [], shuffled: 0, received: 4 });
  });

  it("counts what is missing, unless it is excused", () => {
    expect(keysOf(ledgerOf(1, 4).judge({ sent, ...nothing }).lost)).toEqual(["a#2", "a#3"]);
    const isExcused = ({ number }: Sent) => number === 2;
    const { lost, missed } = ledgerOf(1, 4).judge({ sent, isExcused, breaks: [] });
    expect([keysOf(lost), missed]).toEqual([["a#3"], 1]);
  });

  it("excuses what is missing between the last before a break and the first after it, and nothing else", () => {
    const lostWith = (left: number, back: number) =>
      keysOf(ledgerOf(1, 4).judge({ sent, isExcused: () => false, breaks: [{ left, back }] }).lost);
    expect(lostWith(20, 44)).toEqual([]);
    expect(lostWith(14, 44)).toEqual(["a#2", "a#3"]);
    expect(lostWith(20, 46)).toEqual(["a#2", "a#3"]);
  });

  it("counts what came twice, and what came late", () => {
    expect(ledgerOf(1, 2, 2, 3, 4).judge({ sent, ...nothing })).toMatchObject({ doubled: ["a#2"], reordered: [] });
    expect(ledgerOf(1, 3, 2, 4).judge({ sent, ...nothing })).toMatchObject({ doubled: [], reordered: ["a#2"] });
  });

  it("counts apart what came late and is excused", () => {
    const isExcused = ({ number }: Sent) => number === 2;
    const verdict = ledgerOf(1, 3, 2, 4).judge({ sent, isExcused, breaks: [] });
    expect(verdict).toMatchObject({ reordered: [], shuffled: 1 });
  });

  it("keeps the series of two nodes apart", () => {
    const ledger = ledgerOf(1, 2, 3, 4);
    ledger.received("b", 1, 50);
    expect(ledger.judge({ sent, ...nothing })).toMatchObject({ doubled: [], received: 5 });
  });
});
