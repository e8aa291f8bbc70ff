import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Deadlines, type Timed } from "../src/deadlines.js";

let time: number;
let fired: Array<[name: string, now: number, stalled: number]>;

class Item implements Timed {
  readonly name: string;
  deadline: number;
  repeat = 0;
  slot: number | undefined = undefined;
  before: Timed | undefined = undefined;
  behind: Timed | undefined = undefined;
  constructor(name: string, deadline: number) {
    this.name = name;
    this.deadline = deadline;
  }
  nextDeadline() {
    return this.deadline;
  }
  expire(moment: { now: number; stalled: number }) {
    fired.push([this.name, moment.now, moment.stalled]);
    this.deadline = this.repeat > 0 ? moment.now + this.repeat : Number.POSITIVE_INFINITY;
  }
}

beforeEach(() => {
  time = 1_000_000;
  fired = [];
  vi.useFakeTimers();
});
afterEach(() => vi.useRealTimers());

const make = () => new Deadlines({ resolution: 10, clock: () => time });

/** Lets time pass evenly. */
function pass(ms: number): void {
  for (let left = ms; left > 0; left -= 5) {
    time += 5;
    vi.advanceTimersByTime(5);
  }
}

/** Blocks the event loop: time passes, and then one late timer fires. */
function block(ms: number): void {
  time += ms;
  vi.advanceTimersByTime(20);
}

describe("Deadlines", () => {
  it("fires at the deadline or up to two resolutions later, never early", () => {
    const deadlines = make();
    for (const [name, at] of [
      ["a", 15],
      ["b", 100],
      ["c", 101],
    ] as const) {
      deadlines.schedule(new Item(name, time + at));
    }
    const start = time;
    pass(200);
    expect(fired.map(([name]) => name)).toEqual(["a", "b", "c"]);
    for (const [index, at] of [15, 100, 101].entries()) {
      const late = fired[index]![1] - start - at;
      expect(late).toBeGreaterThanOrEqual(0);
      expect(late).toBeLessThanOrEqual(20);
    }
  });

  it("keeps deadlines beyond one lap of the ring", () => {
    const deadlines = make();
    const start = time;
    deadlines.schedule(new Item("far", time + 20_000));
    pass(19_990);
    expect(fired).toEqual([]);
    pass(40);
    expect(fired).toHaveLength(1);
    expect(fired[0]![1] - start).toBeGreaterThanOrEqual(20_000);
  });

  it("lets a deadline move away without being told", () => {
    const deadlines = make();
    const item = new Item("moving", time + 50);
    deadlines.schedule(item);
    item.deadline = time + 150;
    pass(120);
    expect(fired).toEqual([]);
    pass(60);
    expect(fired).toHaveLength(1);
  });

  it("takes a nearer deadline when told", () => {
    const deadlines = make();
    const item = new Item("nearer", time + 5000);
    deadlines.schedule(item);
    item.deadline = time + 50;
    deadlines.schedule(item);
    pass(80);
    expect(fired).toHaveLength(1);
  });

  it("forgets what was cancelled, also by what fires before it in the same turn", () => {
    const deadlines = make();
    const first = new Item("first", time + 20);
    const second = new Item("second", time + 20);
    first.expire = () => {
      fired.push(["first", time, 0]);
      first.deadline = Number.POSITIVE_INFINITY;
      second.deadline = Number.POSITIVE_INFINITY;
      deadlines.cancel(second);
    };
    deadlines.schedule(first);
    deadlines.schedule(second);
    pass(100);
    expect(fired.map(([name]) => name)).toEqual(["first"]);
    expect(deadlines.size).toBe(0);
  });

  it("fires again and again", () => {
    const deadlines = make();
    const item = new Item("again", time + 30);
    item.repeat = 30;
    deadlines.schedule(item);
    pass(300);
    expect(fired.length).toBeGreaterThanOrEqual(6);
    expect(fired.length).toBeLessThanOrEqual(10);
  });

  it("has one timer while it has entries, and none without", () => {
    const deadlines = make();
    expect(vi.getTimerCount()).toBe(0);
    const items = Array.from({ length: 100 }, (_, index) => new Item(`${index}`, time + 1000 + index));
    for (const item of items) deadlines.schedule(item);
    expect(vi.getTimerCount()).toBe(1);
    for (const item of items) deadlines.cancel(item);
    expect(vi.getTimerCount()).toBe(0);
    expect(deadlines.size).toBe(0);
  });

  it("works again after having been empty for long", () => {
    const deadlines = make();
    deadlines.schedule(new Item("one", time + 20));
    pass(40);
    time += 60_000;
    deadlines.schedule(new Item("two", time + 20));
    pass(60);
    expect(fired.map(([name]) => name)).toEqual(["one", "two"]);
  });

  it("measures how late it was", () => {
    const deadlines = make();
    deadlines.schedule(new Item("other", time + 100_000));
    pass(50);
    expect(deadlines.stalled).toBe(0);
    block(3000);
    expect(deadlines.stalled).toBeGreaterThan(2900);
    expect(deadlines.stalled).toBeLessThanOrEqual(3000);
  });

  it("fires everything due after a pause longer than a lap, once", () => {
    const deadlines = make();
    for (let i = 0; i < 600; i++) deadlines.schedule(new Item(`${i}`, time + 10 * i));
    block(60_000);
    expect(fired).toHaveLength(600);
  });

  it("stops its timer with the last entry, expired or cancelled", () => {
    const deadlines = make();
    const [one, other] = [new Item("one", time + 20), new Item("other", time + 100)];
    deadlines.schedule(one);
    deadlines.schedule(other);
    pass(40);
    expect([deadlines.size, vi.getTimerCount()]).toEqual([1, 1]);
    pass(100);
    expect([deadlines.size, vi.getTimerCount()]).toEqual([0, 0]);
    one.deadline = time + 100;
    deadlines.schedule(one);
    expect(vi.getTimerCount()).toBe(1);
    deadlines.cancel(one);
    expect([deadlines.size, vi.getTimerCount()]).toEqual([0, 0]);
    expect(fired.map(([name]) => name)).toEqual(["one", "other"]);
  });
});
