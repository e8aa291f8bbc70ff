import { readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseCommandLine } from "./command-line.js";
import { Programs } from "./programs.js";
import { machine } from "./report/machine.js";
import { largestShares } from "./report/profile.js";
import { rowsOf, Tables } from "./report/table.js";
import { profiles, type Result, Scoreboard } from "./scoreboard.js";
import { Services } from "./services.js";

const choice = parseCommandLine(process.argv.slice(2));
const services = new Services();
if (choice.profile) rmSync(profiles, { recursive: true, force: true });

const scoreboard = new Scoreboard(choice, new Programs(choice.against), services);
const results: Result[] = [];
const tables = new Tables();
console.log(`${machine()}\nMedian of ${choice.rounds} rounds of ${choice.seconds} s (ratio to the incumbent's)\n`);
for (const scenario of choice.scenarios) {
  const result = await scoreboard.run(scenario);
  results.push(result);
  console.log(tables.add(rowsOf(scenario, result)));
}
for (const { scenario, cells } of results) {
  for (const { implementation, error } of cells) {
    if (error !== undefined) console.log(`\n${scenario}, ${implementation}: FAILED: ${error}`);
  }
}
await services.close();

if (choice.json !== undefined) writeFileSync(choice.json, JSON.stringify({ machine: machine(), results }, null, 2));
if (choice.profile) {
  for (const file of readdirSync(profiles).sort()) {
    console.log(`\n${file}`);
    for (const { name, share } of largestShares(join(profiles, file), 40)) {
      console.log(`${(share * 100).toFixed(1).padStart(5)} %  ${name}`);
    }
  }
}
process.exitCode = results.some(({ cells }) => cells.some(({ error }) => error !== undefined)) ? 1 : 0;
