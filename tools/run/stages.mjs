/**
 * The stages of `npm test`, in order. A stage that is chosen brings along those it needs; a stage whose needs failed
 * fails too, and says so: nothing is left out silently.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { basename, join } from "node:path";
import { run } from "./child.mjs";
import { isInstalled, root, scratch, workspaceFolders } from "./repository.mjs";
import { obtain, services } from "./services/service.mjs";
import { add, emptyTally, failuresIn, tallyOfReport } from "./tally.mjs";

/**
 * @typedef {object} Context
 * @property {() => import("./pnpm.mjs").Pnpm} pnpm
 * @property {(line: string) => void} say a line under the stage's title
 * @property {string[]} parts what was chosen inside the stage (`unit:client`); empty is all
 * @property {Record<string, string>} addresses environment variables of the services
 * @property {(() => Promise<void>)[]} closers what to close at the end of the run
 * @property {Set<string>} wanted names of the services that the chosen stages need
 * @property {Map<string, string>} missing services that could not be had, and why
 * @property {boolean} verbose
 *
 * @typedef {object} Stage
 * @property {string} name
 * @property {string} title
 * @property {string[]} needs stages
 * @property {string[]} services
 * @property {(context: Context) => Promise<Outcome>} run
 *
 * @typedef {object} Outcome
 * @property {boolean} ok
 * @property {import("./tally.mjs").Tally} tally tests counted; a stage without tests leaves it empty
 * @property {string} [detail] shown with the result
 * @property {string} [output] shown when not ok
 * @property {string[]} [failures] what failed, a line each: said again at the end of the run
 */

/** @param {string} name */
function logFile(name) {
  mkdirSync(scratch, { recursive: true });
  return join(scratch, `${name}.log`);
}

/**
 * Runs a program with its output in a log file named after the stage.
 * @param {Context} context
 * @param {string} name
 * @param {string} command
 * @param {string[]} args
 * @param {number} seconds
 */
async function program(context, name, command, args, seconds) {
  const { pnpm, verbose } = context;
  const { env } = pnpm();
  const options = { cwd: root, env, log: logFile(name), echo: verbose, timeoutMs: seconds * 1000 };
  return run(command, args, options);
}

/**
 * A program of the workspace's own development dependencies.
 * @param {string} path below node_modules
 */
function installed(path) {
  return join(root, "node_modules", path);
}

/**
 * One stage that is one program: it passes when the program does.
 * @param {string} name @param {number} seconds @param {(context: Context) => [string, string[]]} commandOf
 * @returns {(context: Context) => Promise<Outcome>}
 */
function single(name, seconds, commandOf) {
  return async (context) => {
    const [command, args] = commandOf(context);
    const { ok, output, reason } = await program(context, name, command, args, seconds);
    return ok ? { ok, tally: emptyTally() } : { ok, tally: emptyTally(), detail: reason, output };
  };
}

/**
 * @param {...string} args
 * @returns {(context: Context) => [string, string[]]}
 */
function withPnpm(...args) {
  return ({ pnpm }) => [pnpm().command, [...pnpm().prefix, ...args]];
}

/**
 * @param {string} script
 * @param {...string} args
 * @returns {() => [string, string[]]}
 */
function withNode(script, ...args) {
  return () => [process.execPath, [installed(script), ...args]];
}

/**
 * Runs the tests of one vitest project and counts them from its JSON report.
 * @param {string} project @param {Context} context @param {number} seconds @returns {Promise<Outcome>}
 */
async function testProject(project, context, seconds) {
  const { pnpm, addresses, verbose } = context;
  const log = logFile(`tests-${project}`);
  const report = join(scratch, `tests-${project}.json`);
  rmSync(report, { force: true });
  const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${report}`];
  const args = [installed("vitest/vitest.mjs"), "run", "--project", project, "--maxWorkers=2", ...reporters];
  const env = { ...pnpm().env, ...addresses };
  const options = { cwd: root, env, log, echo: verbose, timeoutMs: seconds * 1000 };
  const { ok, output, reason } = await run(process.execPath, args, options);
  const tally = tallyOfReport(existsSync(report) ? JSON.parse(readFileSync(report, "utf8")) : undefined);
  if (ok && tally.failed === 0) return { ok, tally };
  const failed = Math.max(tally.failed, 1);
  return { ok: false, tally: { ...tally, failed }, detail: reason, output, failures: failuresIn(output) };
}

/** The projects whose tests need neither a build nor a service: every package, and the tools that only help. */
function unitProjects() {
  const helpers = ["tools/testkit", "tools/run", "tools/bench"];
  const hasTests = (/** @type {string} */ folder) =>
    existsSync(join(root, folder, "test")) &&
    readdirSync(join(root, folder, "test"), { recursive: true }).some((file) => /\.test\.(ts|mjs)$/.test(`${file}`));
  return workspaceFolders().filter(
    (folder) => folder.startsWith("packages/") || (helpers.includes(folder) && hasTests(folder)),
  );
}

/**
 * @param {Context} context
 * @returns {Promise<Outcome>}
 */
async function unitTests(context) {
  const projects = unitProjects().map((folder) => basename(folder));
  const chosen = context.parts.length === 0 ? projects : context.parts;
  const total = { ok: true, tally: emptyTally(), output: "", failures: /** @type {string[]} */ ([]) };
  for (const project of chosen) {
    const { ok, tally, output, failures = [] } = await testProject(project, context, 240);
    const { passed, failed, skipped } = tally;
    const counts = [`${passed} passed`, failed > 0 && `${failed} failed`, skipped > 0 && `${skipped} skipped`];
    context.say(`${project}: ${counts.filter(Boolean).join(", ")}`);
    total.tally = add(total.tally, tally);
    if (ok) continue;
    total.ok = false;
    total.output += `\n--- ${project} ---\n${output ?? ""}`;
    total.failures.push(...failures);
  }
  return total;
}

/**
 * Type-checks every package and tool.
 * @param {Context} context
 * @returns {Promise<Outcome>}
 */
async function checkTypes(context) {
  const folders = workspaceFolders().filter((folder) => existsSync(join(root, folder, "tsconfig.json")));
  const checker = join(root, "tools/run/check-types.mjs");
  const outcome = await single("types", 240, () => [process.execPath, [checker, ...folders]])(context);
  return outcome.ok ? { ...outcome, detail: `${folders.length} projects` } : outcome;
}

/**
 * Starts what the chosen stages need; a missing one fails here and in each stage that needs it.
 * @param {Context} context
 * @returns {Promise<Outcome>}
 */
async function startServices(context) {
  const outcome = { ok: true, tally: emptyTally(), detail: "none needed", output: "" };
  for (const service of services) {
    if (!context.wanted.has(service.name)) continue;
    outcome.detail = "";
    const got = await obtain(service, context.say);
    if ("problem" in got) {
      context.missing.set(service.name, got.problem);
      outcome.output += `${got.problem}\n`;
      outcome.ok = false;
      continue;
    }
    context.addresses[service.variable] = got.address;
    context.closers.push(got.close);
    context.say(`${service.variable}=${got.address} (${got.detail})`);
  }
  return outcome;
}

/** @type {(context: Context) => Promise<Outcome>} */
async function install(context) {
  if (isInstalled()) return { ok: true, tally: emptyTally(), detail: "up to date" };
  context.say(`into node_modules, with ${context.pnpm().origin}`);
  return single(
    "install",
    420,
    withPnpm("install", "--frozen-lockfile", "--config.confirmModulesPurge=false"),
  )(context);
}

/**
 * The rules of `.dependency-cruiser.cjs` over the real sources, then the proof that each rule can fail.
 * @param {Context} context
 * @returns {Promise<Outcome>}
 */
async function arrows(context) {
  const cruiser = withNode(
    "dependency-cruiser/bin/dependency-cruise.mjs",
    "--config",
    ".dependency-cruiser.cjs",
    "packages",
    "tools",
  );
  const real = await single("arrows", 120, cruiser)(context);
  const proof = await testProject("house", context, 120);
  const output = [real.output, proof.output].filter(Boolean).join("\n");
  return { ok: real.ok && proof.ok, tally: proof.tally, output };
}

/**
 * Shows the table of bundle sizes that the tests leave behind.
 * @param {Context} context
 * @returns {Promise<Outcome>}
 */
async function packaging(context) {
  const table = join(scratch, "bundle-sizes.txt");
  rmSync(table, { force: true });
  const outcome = await testProject("packaging", context, 300);
  if (existsSync(table)) for (const row of readFileSync(table, "utf8").trim().split("\n")) context.say(row);
  return outcome;
}

/** @type {readonly Stage[]} */
export const stages = [
  { name: "install", title: "dependencies by the lockfile", needs: [], services: [], run: install },
  { name: "services", title: "what the tests need from the system", needs: [], services: [], run: startServices },
  {
    name: "lint",
    title: "biome: lint and format",
    needs: ["install"],
    services: [],
    run: single(
      "lint",
      120,
      withNode("@biomejs/biome/bin/biome", "check", ".", "--error-on-warnings", "--max-diagnostics=100"),
    ),
  },
  {
    name: "arrows",
    title: "who imports whom, contracts, the map of the house",
    needs: ["install"],
    services: [],
    run: arrows,
  },
  { name: "types", title: "TypeScript over every package and tool", needs: ["install"], services: [], run: checkTypes },
  {
    name: "build",
    title: "ESM, CJS and types of every package, and the demo",
    needs: ["install"],
    services: [],
    run: single("build", 300, withPnpm("--filter", "./packages/*", "--filter", "@sockeye/demo", "run", "build")),
  },
  { name: "unit", title: "unit tests, package by package", needs: ["install"], services: [], run: unitTests },
  {
    name: "packaging",
    title: "the packages as packed",
    needs: ["build"],
    services: [],
    run: packaging,
  },
  {
    name: "interop",
    title: "against the official clients, servers and adapters",
    needs: ["install"],
    services: ["redis", "postgres", "chromium"],
    run: (context) => testProject("interop", context, 600),
  },
  {
    name: "cluster",
    title: "servers as one over real brokers, with outages",
    needs: ["install"],
    services: ["redis", "postgres"],
    run: (context) => testProject("cluster", context, 420),
  },
  {
    name: "soak",
    title: "two minutes of 500 clients that come, misbehave and go",
    needs: ["install"],
    services: [],
    run: (context) => testProject("soak", context, 420),
  },
  {
    name: "runtimes",
    title: "client and server as built, in other runtimes and bundles",
    needs: ["build"],
    services: ["chromium"],
    run: (context) => testProject("runtimes", context, 300),
  },
  {
    name: "demo",
    title: "the demo in a real browser",
    needs: ["build"],
    services: ["chromium"],
    run: (context) => testProject("demo", context, 240),
  },
  {
    name: "docs",
    title: "API reference from the sources",
    needs: ["install"],
    services: [],
    run: single("docs", 240, withNode("typedoc/bin/typedoc")),
  },
];

/**
 * The stages to run for names given on the command line: all of them for none; with what they need unless `alone`.
 * @param {string[]} names @param {boolean} alone
 * @returns {Stage[]}
 */
export function choose(names, alone) {
  if (names.length === 0) return [...stages];
  const chosen = new Set(names);
  if (!alone) {
    for (const stage of [...stages].reverse()) {
      if (!chosen.has(stage.name)) continue;
      for (const need of stage.needs) chosen.add(need);
      if (stage.services.length > 0) chosen.add("services");
    }
  }
  return stages.filter((stage) => chosen.has(stage.name));
}
