import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Deadline, Deadlines } from "../src/deadlines.js";

class Note extends Deadline {
  constructor(
    private readonly name: string,
    private readonly log: string[],
  ) {
    super();
  }
  override expire(): void {
    this.log.push(this.name);
  }
}

describe("deadlines", () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it("expire at their time, in order, whatever their duration", () => {
    const deadlines = new Deadlines();
    const log: string[] = [];
    deadlines.set(new Note("b", log), 200);
    deadlines.set(new Note("a", log), 100);
    deadlines.set(new Note("c", log), 200);
    vi.advanceTimersByTime(99);
    expect(log).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(log).toEqual(["a"]);
    vi.advanceTimersByTime(100);
    expect(log).toEqual(["a", "b", "c"]);
    expect(deadlines.size).toBe(0);
  });

  it("that were cleared do not expire, and leave no timer behind", () => {
    const deadlines = new Deadlines();
    const log: string[] = [];
    const first = new Note("first", log);
    const second = new Note("second", log);
    const third = new Note("third", log);
    for (const note of [first, second, third]) deadlines.set(note, 50);
    deadlines.clear(second);
    deadlines.clear(second);
    deadlines.clear(first);
    expect(deadlines.size).toBe(1);
    vi.advanceTimersByTime(50);
    expect(log).toEqual(["third"]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("share one timer", () => {
    const deadlines = new Deadlines();
    for (let i = 1; i <= 1000; i++) deadlines.set(new Note("x", []), i % 7 ? 1000 : 500);
    expect(vi.getTimerCount()).toBe(1);
  });

  it("may be set again, also while they expire", () => {
    const deadlines = new Deadlines();
    let left = 3;
    class Again extends Deadline {
      override expire(): void {
        if (--left > 0) deadlines.set(this, 10);
      }
    }
    deadlines.set(new Again(), 10);
    vi.advanceTimersByTime(100);
    expect(left).toBe(0);
    const postponed: string[] = [];
    const note = new Note("late", postponed);
    deadlines.set(note, 10);
    deadlines.set(note, 100);
    vi.advanceTimersByTime(50);
    expect(postponed).toEqual([]);
    vi.advanceTimersByTime(50);
    expect(postponed).toEqual(["late"]);
  });

  it("of infinite duration never come", () => {
    const deadlines = new Deadlines();
    deadlines.set(new Note("never", []), Number.POSITIVE_INFINITY);
    expect([deadlines.size, vi.getTimerCount()]).toEqual([0, 0]);
  });

  it("longer than a timer can wait still come", () => {
    const deadlines = new Deadlines();
    const log: string[] = [];
    deadlines.set(new Note("far", log), 2 ** 31 + 5);
    vi.advanceTimersByTime(2 ** 31 - 1);
    expect(log).toEqual([]);
    vi.advanceTimersByTime(10);
    expect(log).toEqual(["far"]);
  });
});
