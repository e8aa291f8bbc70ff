import { expect, it } from "vitest";
import { Timeline } from "../../../src/cluster/recovery/timeline.js";

it("tells what the log had reached at a time, never more", () => {
  const timeline = new Timeline(100_000);
  expect(timeline.reachedAt(5)).toBeUndefined();
  for (let second = 1; second <= 60; second++) timeline.note(second * 1000, second * 10);
  expect(timeline.reachedAt(999)).toBeUndefined();
  expect([timeline.reachedAt(1000), timeline.reachedAt(30_500), timeline.reachedAt(1e9)]).toEqual([10, 300, 600]);
  timeline.reset();
  expect(timeline.reachedAt(30_500)).toBeUndefined();
});

it("keeps a bounded number of samples, and the place from before its span", () => {
  const timeline = new Timeline(10_000);
  for (let time = 0; time < 1_000_000; time += 5) timeline.note(time, time);
  const oldest = 1_000_000 - 10_000;
  expect(timeline.reachedAt(oldest)).toBeGreaterThan(oldest - 100);
  expect((timeline as unknown as { reachedAt(time: number): number }).reachedAt(oldest - 5_000_000)).toBeUndefined();
});
