import { describe, expect, it } from "vitest";
import { FarJoins } from "../../src/cluster/far-joins.js";

function setup() {
  const clock = { now: 0 };
  const joins = new FarJoins(() => clock.now);
  return { clock, joins };
}

describe("FarJoins", () => {
  it("knows rooms for five seconds after the last join", () => {
    const { clock, joins } = setup();
    joins.add(["a", "b"]);
    clock.now = 3_000;
    joins.add(["a"]);
    clock.now = 4_999;
    expect(["a", "b", "c"].map((room) => joins.has(room))).toEqual([true, true, false]);
    clock.now = 5_000;
    expect(["a", "b"].map((room) => joins.has(room))).toEqual([true, false]);
    clock.now = 8_000;
    expect(joins.has("a")).toBe(false);
  });

  it("forgets the oldest of more than ten thousand", () => {
    const { joins } = setup();
    joins.add(Array.from({ length: 10_002 }, (_, i) => `${i}`));
    expect(["0", "1", "2", "10001"].map((room) => joins.has(room))).toEqual([false, false, true, true]);
  });
});
