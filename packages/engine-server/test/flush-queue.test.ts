import { describe, expect, it } from "vitest";
import { FlushQueue } from "../src/flush-queue.js";

describe("FlushQueue", () => {
  it("flushes everybody once, in order, at the end of the turn", async () => {
    const queue = new FlushQueue();
    const flushed: string[] = [];
    for (const name of ["a", "b", "c"]) queue.add({ flush: () => flushed.push(name) });
    expect([queue.size, flushed]).toEqual([3, []]);
    await new Promise((resolve) => setImmediate(resolve));
    expect([queue.size, flushed]).toEqual([0, ["a", "b", "c"]]);
  });

  it("leaves those who come in meanwhile to the next turn", async () => {
    const queue = new FlushQueue();
    const flushed: string[] = [];
    const late = { flush: () => flushed.push("late") };
    const later = { flush: () => flushed.push("later") };
    queue.add({
      flush: () => {
        flushed.push("first");
        queue.add(late);
        queue.add(later);
      },
    });
    queue.flush();
    expect([queue.size, flushed]).toEqual([2, ["first"]]);
    await new Promise((resolve) => setImmediate(resolve));
    await new Promise((resolve) => setImmediate(resolve));
    expect([queue.size, flushed]).toEqual([0, ["first", "late", "later"]]);
  });

  it("flushes nobody twice when a flush calls for another", () => {
    const queue = new FlushQueue();
    const flushed: string[] = [];
    queue.add({
      flush: () => {
        flushed.push("a");
        queue.flush();
      },
    });
    queue.add({ flush: () => flushed.push("b") });
    queue.add({ flush: () => flushed.push("c") });
    queue.flush();
    queue.flush();
    expect([queue.size, flushed]).toEqual([0, ["a", "b", "c"]]);
  });

  it("serves more than it keeps places for", () => {
    const queue = new FlushQueue();
    let flushed = 0;
    for (let round = 1; round <= 2; round++) {
      for (let i = 0; i < 20_000; i++) queue.add({ flush: () => flushed++ });
      queue.flush();
      expect([queue.size, flushed]).toEqual([0, round * 20_000]);
    }
  });
});
