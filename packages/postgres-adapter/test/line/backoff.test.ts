import { expect, it } from "vitest";
import { Backoff } from "../../src/line/backoff.js";

it("waits longer each time, up to a limit, and begins again after a success", () => {
  const backoff = new Backoff(100, 2000, () => 1);
  expect(Array.from({ length: 7 }, () => backoff.next())).toEqual([100, 200, 400, 800, 1600, 2000, 2000]);
  backoff.reset();
  expect(backoff.next()).toBe(100);
});

it("spreads the waits over their second half", () => {
  expect(new Backoff(100, 2000, () => 0).next()).toBe(50);
  expect(new Backoff(100, 2000, () => 0.5).next()).toBe(75);
});

it("survives any number of tries", () => {
  const backoff = new Backoff(100, 2000, () => 1);
  for (let i = 0; i < 5000; i++) expect(backoff.next()).toBeLessThanOrEqual(2000);
});
