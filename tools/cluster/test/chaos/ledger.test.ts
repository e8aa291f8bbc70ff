import { describe, expect, it } from "vitest";
import { Ledger, type Sent } from "../../src/chaos/ledger.js";

const sent: Sent[] = [1, 2, 3, 4].map((number) => ({ node: "a", number, time: number * 10 }));

function ledgerOf(...numbers: number[]): Ledger {
  const ledger = new Ledger();
  for (const number of numbers) ledger.received("a", number);
  return ledger;
}

describe("Ledger", () => {
  it("finds nothing wrong with what came whole and in order", () => {
    const { lost, doubled, reordered, received } = ledgerOf(1, 2, 3, 4).judge({ sent, excused: [] });
    expect({ lost, doubled, reordered, received }).toEqual({ lost: 0, doubled: 0, reordered: 0, received: 4 });
  });

  it("counts what is missing, unless it is excused", () => {
    expect(ledgerOf(1, 4).judge({ sent, excused: [] })).toMatchObject({
      lost: 2,
      examples: ["a#2", "a#3"],
    });
    expect(ledgerOf(1, 4).judge({ sent, excused: [{ from: 15, to: 25 }] }).lost).toBe(1);
  });

  it("counts what came twice, and what came late", () => {
    expect(ledgerOf(1, 2, 2, 3, 4).judge({ sent, excused: [] })).toMatchObject({ doubled: 1, reordered: 0 });
    expect(ledgerOf(1, 3, 2, 4).judge({ sent, excused: [] })).toMatchObject({
      doubled: 0,
      reordered: 1,
      examples: ["a#2"],
    });
  });

  it("counts apart what came late and is excused", () => {
    const verdict = ledgerOf(1, 3, 2, 4).judge({ sent, excused: [{ from: 15, to: 25 }] });
    expect(verdict).toMatchObject({ reordered: 0, shuffled: 1, examples: [] });
  });

  it("keeps the series of two nodes apart", () => {
    const ledger = ledgerOf(1, 2, 3, 4);
    ledger.received("b", 1);
    expect(ledger.judge({ sent, excused: [] })).toMatchObject({ doubled: 0, received: 5 });
  });
});
