import { readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Choice, parseCommandLine } from "./command-line.js";
import type { Scenario } from "./contract.js";
import { Programs } from "./programs.js";
import { growth } from "./report/heap.js";
import { keep } from "./report/kept.js";
import { machine } from "./report/machine.js";
import { render } from "./report/page.js";
import { largestShares } from "./report/profile.js";
import { rowsOf, Tables } from "./report/table.js";
import { profiles, type Result, Scoreboard } from "./scoreboard.js";
import { Services } from "./services.js";

/** Runs what was chosen, and prints each scenario's rows when they are there. */
async function run(choice: Choice): Promise<[Scenario, Result][]> {
  const services = new Services();
  const scoreboard = new Scoreboard(choice, new Programs(choice.against), services);
  const results: [Scenario, Result][] = [];
  const tables = new Tables();
  console.log(`${machine()}\nMedian of ${choice.rounds} rounds of ${choice.seconds} s (ratio to the incumbent's)\n`);
  for (const scenario of choice.scenarios) {
    const result = await scoreboard.run(scenario);
    results.push([scenario, result]);
    console.log(tables.add(rowsOf(scenario, result)));
    if (choice.write) keep([[scenario, result]], choice);
  }
  await services.close();
  return results;
}

function printProfiles(): void {
  const files = readdirSync(profiles).sort();
  for (const file of files.filter((name) => name.endsWith(".cpuprofile"))) {
    console.log(`\n${file}`);
    for (const { name, share } of largestShares(join(profiles, file), 40)) {
      console.log(`${(share * 100).toFixed(1).padStart(5)} %  ${name}`);
    }
  }
  for (const file of files) {
    const [, before, connections] = /^(.*)\.with (\d+)\.heapsnapshot$/.exec(file) ?? [];
    if (before === undefined) continue;
    console.log(`\n${before}: bytes and objects a connection, idle`);
    const [empty, full] = [join(profiles, `${before}.empty.heapsnapshot`), join(profiles, file)];
    for (const { name, count, bytes } of growth(empty, full, Number(connections), 40)) {
      console.log(`${bytes.toFixed(0).padStart(6)} ${count.toFixed(2).padStart(7)}  ${name}`);
    }
  }
}

/** @returns whether there were none */
function printFailures(results: readonly (readonly [Scenario, Result])[]): boolean {
  const failures = results.flatMap(([{ name }, { cells }]) =>
    cells
      .filter(({ error }) => error !== undefined)
      .map(({ implementation, error }) => `${name}, ${implementation}: FAILED: ${error}`),
  );
  for (const failure of failures) console.log(`\n${failure}`);
  return failures.length === 0;
}

const choice = parseCommandLine(process.argv.slice(2));
if (!choice.render) {
  if (choice.profile) rmSync(profiles, { recursive: true, force: true });
  const results = await run(choice);
  if (choice.json !== undefined) {
    const all = results.map(([, result]) => result);
    writeFileSync(choice.json, JSON.stringify({ machine: machine(), results: all }, null, 2));
  }
  if (choice.profile) printProfiles();
  if (!printFailures(results)) process.exitCode = 1;
}
if (choice.write || choice.render) render();
