import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

const script = fileURLToPath(new URL("../bench.mjs", import.meta.url));

function bench(...args: string[]) {
  return spawnSync(process.execPath, [script, ...args], { encoding: "utf8", timeout: 60_000 });
}

it("measures a scenario from end to end", { timeout: 70_000 }, () => {
  const { stdout, stderr, status } = bench("echo-ack-1", "--only", "raw-net", "--rounds", "1", "--seconds", "0.1");
  expect(stderr).toBe("");
  expect(stdout).toMatch(/\| echo with ack, depth 1: echoes \| [\d.]+[kM]? \|/);
  expect(status).toBe(0);
});

it.each([
  ["a scenario", ["nothing-of-the-kind"], "No such scenario: nothing-of-the-kind"],
  ["an implementation", ["--only", "somebody"], "No such implementation: somebody"],
  ["a number", ["--rounds", "many"], "--rounds must be a number"],
  ["an option", ["--faster"], "--faster"],
])("refuses %s that it does not know", { timeout: 70_000 }, (_name, args, words) => {
  const { stderr, status } = bench(...args);
  expect(stderr).toContain(words);
  expect(status).toBe(2);
});
