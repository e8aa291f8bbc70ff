/** `npm start`: installs, builds what the demo needs, and serves it. `npm start -- --help` only prints the options. */
import "./node-version.mjs";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { run, start } from "./child.mjs";
import { findPnpm } from "./pnpm.mjs";
import { fingerprint, isInstalled, root, scratch } from "./repository.mjs";

const demo = join(root, "tools", "demo");
const server = join(demo, "dist", "server.js");
const stamp = join(scratch, "demo-built-from");
const args = process.argv.slice(2);

/** @param {string} message @param {string} detail @returns {never} */
function fail(message, detail) {
  console.error(`\n${detail.trim().split("\n").slice(-40).join("\n")}\n\n${message}`);
  process.exit(1);
}

/** @param {string} title @param {import("./pnpm.mjs").Pnpm} pnpm @param {string[]} pnpmArgs */
async function step(title, pnpm, pnpmArgs) {
  const began = Date.now();
  console.log(`${title} ...`);
  const result = await run(pnpm.command, [...pnpm.prefix, ...pnpmArgs], {
    cwd: root,
    env: pnpm.env,
    timeoutMs: 600_000,
  });
  if (!result.ok) fail(`${title} failed (${result.reason}).`, result.output);
  console.log(`  done in ${((Date.now() - began) / 1000).toFixed(1)} s`);
}

/** Only what the demo needs: the tools that test against other people's packages are left to `npm test`. */
const installArgs = [
  "install",
  "--frozen-lockfile",
  "--config.confirmModulesPurge=false",
  "--filter",
  "sockeye",
  "--filter",
  "@sockeye/demo...",
];
const buildArgs = ["--filter", "@sockeye/demo...", "run", "build"];

async function prepare() {
  const sources = fingerprint(["packages", "tools/demo"]);
  if (isBuiltFrom(sources)) return;
  const pnpm = findPnpm();
  if (!isInstalled()) await step(`Installing dependencies into node_modules (${pnpm.origin})`, pnpm, installArgs);
  await step("Building the packages and the demo", pnpm, buildArgs);
  if (!existsSync(server)) fail("The demo was not built.", `${server} is missing`);
  mkdirSync(scratch, { recursive: true });
  writeFileSync(stamp, sources);
}

/** @param {string} sources */
function isBuiltFrom(sources) {
  const there = [server, stamp, join(root, "node_modules", ".modules.yaml")].every((path) => existsSync(path));
  return there && readFileSync(stamp, "utf8") === sources;
}

/** Hands over to the demo: its output is ours, its end is ours. */
function serve() {
  const child = start(process.execPath, [server, ...args], { cwd: demo, stdio: ["ignore", "inherit", "inherit"] });
  child.once("exit", (code) => process.exit(code ?? 1));
}

if (args.includes("--help") || args.includes("-h")) {
  console.log(readFileSync(join(demo, "help.txt"), "utf8").trimEnd());
} else {
  await prepare();
  serve();
}
