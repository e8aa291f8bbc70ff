import { expect, it } from "vitest";
import { RecentEntries } from "../../../src/cluster/recovery/recent-entries.js";

it("keeps the last so many, the oldest first", () => {
  const recent = new RecentEntries(3);
  expect([...recent.all()]).toEqual([]);
  recent.note("a", 1);
  recent.note("b", 1);
  expect([...recent.all()]).toEqual([
    ["a", 1],
    ["b", 1],
  ]);
  for (const sequence of [2, 3, 4]) recent.note("a", sequence);
  expect([...recent.all()]).toEqual([
    ["a", 2],
    ["a", 3],
    ["a", 4],
  ]);
});
