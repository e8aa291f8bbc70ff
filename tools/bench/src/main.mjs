/**
 * Runs scenarios for several servers, interleaved, each run in a fresh process, and prints work per second of server CPU
 * and the median of the paired ratios to the incumbent.
 *
 *   pnpm --filter @sockeye/bench bench -- --rounds 5 --seconds 2 --servers ours-ws,official-ws --only "echo"
 */
import { parseArgs } from "node:util";
import { memory, scenarios } from "./scenarios.mjs";
import { ServerProcess } from "./server-process.mjs";

const { values } = parseArgs({
  args: process.argv.slice(2).filter((arg) => arg !== "--"),
  options: {
    rounds: { type: "string", default: "5" },
    seconds: { type: "string", default: "2" },
    servers: { type: "string", default: "official-ws,ours-ws,raw-ws" },
    base: { type: "string", default: "official-ws" },
    only: { type: "string", default: "" },
    connections: { type: "string", default: "5000" },
    help: { type: "boolean", default: false },
  },
});
if (values.help) {
  console.log(`Options: --rounds N  --seconds N  --servers a,b  --base a  --only TEXT  --connections N
Servers: official-ws, official-uws, ours-ws, ours-uws, raw-ws
Scenarios: ${[...Object.keys(scenarios), "memory"].join("; ")}`);
  process.exit(0);
}
const servers = values.servers.split(",");
const rounds = Number(values.rounds);

async function once(name, run) {
  const server = await ServerProcess.start(name);
  try {
    return await run(server);
  } finally {
    await server.stop();
  }
}

function median(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

async function compare(title, run, value) {
  const results = new Map(servers.map((name) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    for (const name of servers) results.get(name).push(value(await once(name, run)));
  }
  const base = results.get(values.base);
  const cells = servers.map((name) => {
    const figures = results.get(name);
    const ratio = base ? median(figures.map((figure, i) => figure / base[i])).toFixed(2) : "-";
    return `${Math.round(median(figures)).toLocaleString("en")} (${ratio})`;
  });
  console.log(`| ${title} | ${cells.join(" | ")} |`);
}

console.log(`| median of ${rounds} rounds of ${values.seconds} s (ratio to ${values.base}) | ${servers.join(" | ")} |`);
console.log(`|---|${servers.map(() => "---:|").join("")}`);
for (const [title, run] of Object.entries(scenarios)) {
  if (!title.includes(values.only)) continue;
  await compare(
    `${title}, per CPU second`,
    (server) => run(server, Number(values.seconds)),
    (result) => result.perCpuSecond,
  );
}
if ("memory".includes(values.only)) {
  const count = Number(values.connections);
  for (const key of ["heap", "rss", "left"]) {
    await compare(
      `memory, ${key}: bytes per connection, ${count} idle`,
      (server) => memory(server, count),
      (m) => m[key],
    );
  }
}
process.exit(0);
