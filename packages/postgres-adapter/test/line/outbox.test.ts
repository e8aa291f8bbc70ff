import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Outbox, type Parcel, type Turn } from "../../src/line/outbox.js";

const item = (size = 1): Parcel => ({ channel: "c", size });
const sizes = (turns: readonly Turn<Parcel>[]) => turns.map(({ items }) => items.map(({ size }) => size));

describe("an outbox", () => {
  it("keeps together what is pushed in one turn, and settles it as one", async () => {
    const outbox = new Outbox(1e6);
    const [one, two] = [outbox.push(item(1), 0), outbox.push(item(2), 0)];
    outbox.endTurn();
    outbox.push(item(3), 1);
    expect(one).toBe(two);
    const turns = outbox.take();
    expect(sizes(turns)).toEqual([[1, 2], [3]]);
    expect([outbox.isEmpty, outbox.bytes]).toEqual([true, 0]);
    turns[0]!.resolve();
    await one;
  });

  it("does not add to a turn that was taken", () => {
    const outbox = new Outbox(1e6);
    outbox.push(item(1), 0);
    outbox.take();
    outbox.push(item(2), 0);
    expect(sizes(outbox.take())).toEqual([[2]]);
  });

  it("gives as much as one statement takes, and at least one turn", () => {
    const outbox = new Outbox(1e9);
    outbox.push(item(3_000_000), 0);
    for (let i = 0; i < 1_200; i++) outbox.push(item(1), 0);
    expect(sizes(outbox.take())).toEqual([[3_000_000]]);
    expect(outbox.take().flatMap(({ items }) => items)).toHaveLength(500);
    expect(outbox.take().flatMap(({ items }) => items)).toHaveLength(500);
    expect(outbox.take().flatMap(({ items }) => items)).toHaveLength(200);
    expect(outbox.take()).toEqual([]);
  });

  it("takes turns back in their order", () => {
    const outbox = new Outbox(1e6);
    for (const size of [1, 2]) {
      outbox.push(item(size), 0);
      outbox.endTurn();
    }
    const taken = outbox.take();
    outbox.push(item(3), 0);
    outbox.giveBack(taken);
    expect(sizes(outbox.take())).toEqual([[1], [2], [3]]);
  });

  it("refuses what is too much", () => {
    const outbox = new Outbox(1_000);
    outbox.push(item(500), 0);
    expect(() => outbox.push(item(500), 0)).toThrow(expect.objectContaining({ code: "ERR_SOCKEYE_CLUSTER_PUBLISH" }));
    outbox.push(item(300), 0);
    outbox.take();
    outbox.push(item(500), 0);
  });

  it("expires turns by the time they began", () => {
    const outbox = new Outbox(1e6);
    for (const time of [10, 20, 30]) {
      outbox.push(item(time), time);
      outbox.endTurn();
    }
    expect(sizes(outbox.expire(25))).toEqual([[10], [20]]);
    expect(outbox.bytes).toBeLessThan(100);
    expect(outbox.expire(25)).toEqual([]);
    expect(sizes(outbox.expire(Number.POSITIVE_INFINITY))).toEqual([[30]]);
    outbox.push(item(1), 40);
    expect(sizes(outbox.take())).toEqual([[1]]);
  });

  // Invariant: whatever is taken, given back and expired, what comes out comes in the order in which it went in, and the count
  // of bytes is that of what is inside.
  it("keeps the order and the count", () => {
    const step = fc.constantFrom("push", "push", "push", "end", "take", "back", "expire");
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const outbox = new Outbox(1e9);
        const out: number[] = [];
        let pushed = 0;
        for (const [now, what] of steps.entries()) {
          if (what === "push") outbox.push(item(++pushed), now);
          else if (what === "end") outbox.endTurn();
          else if (what === "expire")
            out.push(
              ...sizes(outbox.expire(now - 10))
                .flat()
                .map(Number),
            );
          else {
            const taken = outbox.take();
            if (what === "back") outbox.giveBack(taken);
            else out.push(...sizes(taken).flat().map(Number));
          }
        }
        while (!outbox.isEmpty) out.push(...sizes(outbox.take()).flat().map(Number));
        expect(out).toEqual(Array.from({ length: pushed }, (_, i) => i + 1));
        expect(outbox.bytes).toBe(0);
      }),
    );
  });
});
