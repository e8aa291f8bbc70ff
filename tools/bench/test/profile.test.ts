import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, expect, it } from "vitest";
import { growth } from "../src/report/heap.js";
import { largestShares } from "../src/report/profile.js";

const folder = mkdtempSync(join(tmpdir(), "sockeye-bench-"));
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, content: string | object): string {
  const path = join(folder, name);
  writeFileSync(path, typeof content === "string" ? content : JSON.stringify(content));
  return path;
}

it("a profile's shares are of the time that was not idle, by function and source", () => {
  const bundle = file(
    "bundle.mjs",
    "// packages/a/src/b.ts\nfunction f() {}\n// ../../packages/c/src/d.ts\nfunction g() {}\n",
  );
  const url = pathToFileURL(bundle).href;
  const nodes = [
    { id: 1, callFrame: { functionName: "(idle)", url: "", lineNumber: -1 } },
    { id: 2, callFrame: { functionName: "f", url, lineNumber: 1 } },
    { id: 3, callFrame: { functionName: "g", url, lineNumber: 3 } },
    { id: 4, callFrame: { functionName: "f", url, lineNumber: 1 } },
    { id: 5, callFrame: { functionName: "send", url: "file:///x/node_modules/ws/lib/sender.js", lineNumber: 9 } },
  ];
  const profile = file("p.cpuprofile", { nodes, samples: [1, 2, 3, 4, 5], timeDeltas: [1_000, 30, 40, 20, 10] });
  expect(largestShares(profile, 2)).toEqual([
    { name: "f packages/a/src/b.ts", share: 0.5 },
    { name: "g packages/c/src/d.ts", share: 0.4 },
  ]);
  expect(largestShares(profile, 9)[2]?.name).toBe("send ws/lib/sender.js:10");
});

it("a heap's growth is by kind, for each connection", () => {
  const meta = { node_fields: ["type", "name", "self_size"], node_types: [["object", "string", "closure"]] };
  const strings = ["Peer", "a text", "listen"];
  const empty = file("empty", { snapshot: { meta }, strings, nodes: [0, 0, 100] });
  const full = file("full", {
    snapshot: { meta },
    strings,
    nodes: [0, 0, 100, 0, 0, 100, 0, 0, 100, 1, 1, 40, 2, 2, 30, 2, 2, 30],
  });
  expect(growth(empty, full, 2, 10)).toEqual([
    { name: "Peer", count: 1, bytes: 100 },
    { name: "closure listen", count: 1, bytes: 30 },
    { name: "(string)", count: 0.5, bytes: 20 },
  ]);
});
