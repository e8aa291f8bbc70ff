import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { CleaningRounds } from "../src/cleaning-rounds.js";

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

it("comes round while something is left, and has no timer when nothing is", async () => {
  const outcomes = [true, true, false];
  const clean = vi.fn(async () => outcomes.shift()!);
  const rounds = new CleaningRounds(100, clean);
  expect(rounds.isIdle).toBe(true);
  rounds.start();
  rounds.start();
  await vi.advanceTimersByTimeAsync(1_000);
  expect(clean).toHaveBeenCalledTimes(3);
  expect(rounds.isIdle).toBe(true);
});

it("comes round once more for what came during a round", async () => {
  const clean = vi.fn();
  const rounds: CleaningRounds = new CleaningRounds(100, async () => {
    clean();
    if (clean.mock.calls.length === 1) rounds.start();
    return false;
  });
  rounds.start();
  await vi.advanceTimersByTimeAsync(1_000);
  expect(clean).toHaveBeenCalledTimes(2);
});

it("does nothing any more when it was closed", async () => {
  const clean = vi.fn(async () => true);
  const rounds = new CleaningRounds(100, clean);
  rounds.start();
  rounds.close();
  rounds.start();
  await vi.advanceTimersByTimeAsync(1_000);
  expect(clean).not.toHaveBeenCalled();
  expect([rounds.isIdle, rounds.isClosed]).toEqual([true, true]);
});
