/** `npm test`: every check of this repository, stage by stage. `npm test -- --help` says how to run a part of it. */
import "./node-version.mjs";
import { findPnpm } from "./pnpm.mjs";
import { choose, stages } from "./stages.mjs";
import { add, emptyTally, inWords } from "./tally.mjs";

const help = `npm test [-- [options] [stage ...]]

Runs the stages below in order, or only the named ones and what they need.

${stages.map(({ name, title }) => `  ${name.padEnd(10)} ${title}`).join("\n")}

  unit:client         the unit tests of one package
  --list              print the names of the stages
  --only              run the named stages without those they need
  --verbose           show what the programs print; it is always kept in .tmp/*.log
  --help              print this

It writes node_modules, dist, .tmp and docs/api (all ignored by git). When a chosen stage needs them, it starts a Redis
and a PostgreSQL on free ports of 127.0.0.1 with temporary folders, and stops and removes them at the end; with REDIS_URL
and POSTGRES_URL set it uses those instead and stops nothing. The browser is Debian's chromium, or CHROMIUM_PATH. What
is missing is installed with apt-get where that needs no question (root, or sudo without a password); else the stages
that need it fail and say what to do.`;

/** @param {string[]} args */
function parse(args) {
  const flags = new Set(args.filter((arg) => arg.startsWith("-")));
  const words = args.filter((arg) => !arg.startsWith("-"));
  const known = new Set(["--help", "-h", "--list", "--only", "--verbose"]);
  const names = words.map((word) => word.split(":")[0] ?? "");
  const unknown = [
    ...[...flags].filter((flag) => !known.has(flag)),
    ...names.filter((name) => !stages.some((stage) => stage.name === name)),
  ];
  if (unknown.length > 0) {
    console.error(`Unknown: ${unknown.join(", ")}\n\n${help}`);
    process.exit(2);
  }
  /** @param {string} name */
  const partsOf = (name) =>
    words.filter((word) => word.startsWith(`${name}:`)).map((word) => word.slice(name.length + 1));
  return { flags, names, partsOf };
}

/** @param {number} since */
function seconds(since) {
  return `${((Date.now() - since) / 1000).toFixed(1)} s`;
}

/** @param {string} text */
function tail(text) {
  const lines = text.trimEnd().split("\n");
  const kept = lines.slice(-150);
  return lines.length > kept.length ? [`(${lines.length - kept.length} lines before this in .tmp)`, ...kept] : kept;
}

/** @type {import("./pnpm.mjs").Pnpm | undefined} */
let pnpm;

/**
 * @param {import("./stages.mjs").Stage} stage
 * @param {import("./stages.mjs").Context} context
 * @param {Set<string>} failedStages
 * @returns {Promise<import("./stages.mjs").Outcome>}
 */
async function runStage(stage, context, failedStages) {
  const needed = stage.needs.find((need) => failedStages.has(need));
  if (needed !== undefined) return { ok: false, tally: emptyTally(), detail: `not run: stage ${needed} failed` };
  const absent = stage.services.map((name) => context.missing.get(name)).filter(Boolean);
  if (absent.length > 0) return { ok: false, tally: emptyTally(), detail: `not run: ${absent.join("; ")}` };
  try {
    return await stage.run(context);
  } catch (error) {
    return {
      ok: false,
      tally: emptyTally(),
      detail: "the stage itself broke",
      output: `${/** @type {Error} */ (error).stack}`,
    };
  }
}

/** Says now and then that a long stage is alive. */
function heartbeat() {
  const began = Date.now();
  return setInterval(() => console.log(`          ... ${seconds(began)}`), 30_000);
}

/**
 * What all stages share.
 * @param {import("./stages.mjs").Stage[]} chosen
 * @param {boolean} verbose
 * @returns {import("./stages.mjs").Context}
 */
function contextFor(chosen, verbose) {
  return {
    pnpm: () => {
      pnpm ??= findPnpm();
      return pnpm;
    },
    say: (line) => console.log(`          ${line}`),
    parts: [],
    addresses: {},
    closers: [],
    wanted: new Set(chosen.flatMap((stage) => stage.services)),
    missing: new Map(),
    verbose,
  };
}

/**
 * Prints the result of a stage and gives what it counts for: a stage that fails without a failed test (a linter, one
 * that could not run) is one failure.
 * @param {import("./stages.mjs").Outcome} outcome
 * @param {number} began
 */
function report({ ok, tally, detail, output }, began) {
  const hasTests = tally.passed + tally.failed > 0;
  const facts = [hasTests && inWords(tally), detail, seconds(began)].filter(Boolean).join(", ");
  if (!ok && output !== undefined) for (const line of tail(output)) console.log(`        | ${line}`);
  console.log(`          ${ok ? "ok" : "FAILED"}, ${facts}`);
  return { facts, tally: ok || tally.failed > 0 ? tally : { ...tally, failed: 1 } };
}

/** @param {ReturnType<typeof parse>} choice */
async function main({ flags, names, partsOf }) {
  const began = Date.now();
  const chosen = choose(names, flags.has("--only"));
  const context = contextFor(chosen, flags.has("--verbose"));
  let total = emptyTally();
  /** @type {Set<string>} */
  const failedStages = new Set();
  /** @type {string[]} */
  const summary = [];
  for (const [index, stage] of chosen.entries()) {
    console.log(`[${`${index + 1}`.padStart(2)}/${chosen.length}]   ${stage.name}: ${stage.title}`);
    const stageBegan = Date.now();
    const alive = heartbeat();
    const outcome = await runStage(stage, { ...context, parts: partsOf(stage.name) }, failedStages);
    clearInterval(alive);
    const { facts, tally } = report(outcome, stageBegan);
    total = add(total, tally);
    if (!outcome.ok) failedStages.add(stage.name);
    summary.push(`${outcome.ok ? "ok    " : "FAILED"}  ${stage.name.padEnd(10)} ${facts}`);
    for (const failure of outcome.failures ?? []) summary.push(`${" ".repeat(19)}${failure}`);
  }

  await Promise.all(context.closers.map((close) => close()));
  if (context.closers.length > 0) console.log("\nStopped what was started here.");
  console.log(`\n${summary.join("\n")}\n\n${chosen.length} stages in ${seconds(began)}\n`);
  console.log(inWords(total));
  process.exitCode = total.failed === 0 ? 0 : 1;
}

const choice = parse(process.argv.slice(2));
if (choice.flags.has("--help") || choice.flags.has("-h")) console.log(help);
else if (choice.flags.has("--list")) console.log(stages.map(({ name }) => name).join("\n"));
else await main(choice);
