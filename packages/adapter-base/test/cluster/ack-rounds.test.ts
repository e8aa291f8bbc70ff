import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { AckRounds } from "../../src/cluster/ack-rounds.js";

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

function round(...nodes: string[]) {
  const rounds = new AckRounds();
  const heard: unknown[] = [];
  rounds.open("1", nodes, 1000, {
    clientCount: (count) => heard.push(["count", count]),
    ack: (...args) => heard.push(["ack", ...args]),
    gone: () => heard.push("gone"),
  });
  return { rounds, heard };
}

describe("AckRounds", () => {
  it("pass on counts, answers and departures, and are over when all is told", () => {
    const { rounds, heard } = round("a", "b");
    rounds.counted("1", "a", 2);
    rounds.answered("1", "a", ["x", "y"]);
    rounds.gone("1", "a");
    rounds.counted("1", "b", 0);
    expect(heard).toEqual([["count", 2], ["ack", "x", "y"], "gone", ["count", 0]]);
    expect([rounds.size, vi.getTimerCount()]).toEqual([0, 0]);
  });

  it("take answers that overtake the count", () => {
    const { rounds, heard } = round("a");
    rounds.answered("1", "a", [1]);
    expect(rounds.size).toBe(1);
    rounds.counted("1", "a", 1);
    expect(heard).toEqual([
      ["ack", 1],
      ["count", 1],
    ]);
    expect(rounds.size).toBe(0);
  });

  it("ignore nodes and rounds that are none of theirs, and a second count", () => {
    const { rounds, heard } = round("a");
    rounds.counted("1", "b", 1);
    rounds.counted("2", "a", 1);
    rounds.counted("1", "a", 1);
    rounds.counted("1", "a", 5);
    expect(heard).toEqual([["count", 1]]);
    rounds.close();
    expect(vi.getTimerCount()).toBe(0);
  });

  it("settle the part of a node that disappeared", () => {
    const { rounds, heard } = round("a", "b");
    rounds.counted("1", "a", 2);
    rounds.answered("1", "a", []);
    rounds.nodeLeft("a");
    rounds.nodeLeft("b");
    expect(heard).toEqual([["count", 2], ["ack"], "gone", ["count", 0]]);
    expect(rounds.size).toBe(0);
  });

  it("end at the deadline, and are not opened for nobody", () => {
    const { rounds, heard } = round("a");
    vi.advanceTimersByTime(1000);
    rounds.answered("1", "a", []);
    expect([heard, rounds.size]).toEqual([[], 0]);
    expect(round().rounds.size).toBe(0);
  });
});
