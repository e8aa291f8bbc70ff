import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Sequencer } from "../../../src/cluster/recovery/sequencer.js";

const at = (number: number, epoch = "a") => ({ epoch, number });

function drain(sequencer: Sequencer<string>, now = 0): string[] {
  const passed: string[] = [];
  for (let next = sequencer.next(); next !== undefined; next = sequencer.next()) {
    passed.push(next);
    sequencer.advance(now);
  }
  return passed;
}

describe("Sequencer", () => {
  it("lets pass in order what arrives in any order, however often, from its head on", () => {
    const arrivals = fc
      .integer({ min: 1, max: 40 })
      .chain((count) =>
        fc.tuple(
          fc.shuffledSubarray([...Array(count).keys()], { minLength: count }),
          fc.array(fc.nat({ max: count - 1 })),
        ),
      );
    fc.assert(
      fc.property(arrivals, ([once, again]) => {
        const sequencer = new Sequencer<string>(at(0));
        const passed: string[] = [];
        for (const n of [...once.slice(0, once.length / 2), ...again, ...once]) {
          sequencer.offer(at(n + 1), `${n}`, 0);
          passed.push(...drain(sequencer));
        }
        expect(passed).toEqual([...Array(once.length).keys()].map(String));
        expect([sequencer.size, sequencer.hasGap]).toEqual([0, false]);
      }),
    );
  });

  it("drops what is past, and says of what epoch it is not", () => {
    const sequencer = new Sequencer<string>(at(5));
    expect(sequencer.offer(at(5), "past", 0)).toBe("known");
    expect(sequencer.offer(at(7, "b"), "other", 0)).toBe("other-epoch");
    expect(sequencer.offer(at(7), "early", 0)).toBe("kept");
    expect(sequencer.offer(at(7), "again", 0)).toBe("known");
    expect(sequencer.position).toEqual(at(5));
  });

  it("knows since when the next entry is missing, gap by gap", () => {
    const sequencer = new Sequencer<string>(at(0));
    sequencer.offer(at(2), "2", 100);
    sequencer.offer(at(4), "4", 150);
    expect(sequencer.missingFor(160)).toBe(60);
    sequencer.offer(at(1), "1", 200);
    expect(sequencer.missingFor(250)).toBe(0);
    drain(sequencer, 300);
    expect([sequencer.hasGap, sequencer.missingFor(320)]).toEqual([true, 20]);
  });

  it("keeps no more early entries than it may; the next one is always welcome", () => {
    const sequencer = new Sequencer<string>(at(0), 2);
    sequencer.offer(at(2), "2", 0);
    sequencer.offer(at(3), "3", 0);
    expect(sequencer.offer(at(4), "4", 0)).toBe("full");
    expect(sequencer.offer(at(1), "1", 0)).toBe("kept");
    expect(drain(sequencer)).toEqual(["1", "2", "3"]);
  });

  it("goes on elsewhere, with what waits behind that place", () => {
    const sequencer = new Sequencer<string>(at(0));
    sequencer.offer(at(3), "3", 0);
    sequencer.offer(at(5), "5", 0);
    expect(sequencer.beforeFirstWaiting()).toEqual(at(2));
    sequencer.jump(at(4), 10);
    expect(drain(sequencer)).toEqual(["5"]);
    sequencer.offer(at(9), "9", 0);
    sequencer.jump(at(0, "b"), 20);
    expect([sequencer.size, sequencer.position]).toEqual([0, at(0, "b")]);
  });
});
