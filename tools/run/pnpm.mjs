/**
 * The package manager of this workspace, in the version that package.json pins, on a machine that may have only Node
 * and npm: pnpm from PATH when its major version fits, else npm fetches the pinned one into npm's own cache.
 */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { readJson, root } from "./repository.mjs";

/**
 * @typedef {object} Pnpm
 * @property {string} command
 * @property {string[]} prefix arguments that come before pnpm's own
 * @property {NodeJS.ProcessEnv} env an environment in which `pnpm` is on PATH for scripts further down
 * @property {string} origin one phrase for people
 */

export function pinnedVersion() {
  const { packageManager } = readJson("package.json");
  return /^pnpm@(\d+\.\d+\.\d+)/.exec(packageManager)?.[1] ?? "10";
}

/** Corepack's shim asks before it downloads; nobody is there to answer. */
const quiet = { ...process.env, COREPACK_ENABLE_DOWNLOAD_PROMPT: "0" };

/** npm itself: the one that runs this script when there is one, else the one on PATH. */
function npm() {
  const cli = process.env.npm_execpath;
  if (cli !== undefined && /npm-cli\.c?js$/.test(cli)) return { command: process.execPath, prefix: [cli] };
  return { command: process.platform === "win32" ? "npm.cmd" : "npm", prefix: [] };
}

/** @returns {Pnpm | undefined} */
function fromPath() {
  const asked = spawnSync("pnpm", ["--version"], { cwd: root, env: quiet, encoding: "utf8", timeout: 60_000 });
  const version = asked.status === 0 ? asked.stdout.trim() : "";
  if (version.split(".")[0] !== pinnedVersion().split(".")[0]) return undefined;
  return { command: "pnpm", prefix: [], env: quiet, origin: `pnpm ${version} from PATH` };
}

/** @returns {Pnpm | undefined} */
function fromNpm() {
  const version = pinnedVersion();
  const { command, prefix } = npm();
  const finder = fileURLToPath(new URL("find-pnpm.mjs", import.meta.url));
  const args = [...prefix, "exec", "--yes", `--package=pnpm@${version}`, "--", "node", finder];
  const asked = spawnSync(command, args, {
    cwd: root,
    env: quiet,
    encoding: "utf8",
    timeout: 180_000,
    stdio: ["ignore", "pipe", "inherit"],
    shell: command.endsWith(".cmd"),
  });
  const script = asked.stdout?.trim().split("\n").at(-1) ?? "";
  if (asked.status !== 0 || !existsSync(script)) return undefined;
  const bin = join(dirname(script), "..", "..", ".bin");
  const env = { ...quiet, PATH: `${bin}${delimiter}${process.env.PATH ?? ""}` };
  return { command: process.execPath, prefix: [script], env, origin: `pnpm ${version} through npm` };
}

/** @returns {Pnpm} */
export function findPnpm() {
  const found = fromPath() ?? fromNpm();
  if (found !== undefined) return found;
  console.error(
    `No package manager: pnpm ${pinnedVersion()} is not on PATH, and npm could not fetch it. ` +
      "Is the npm registry within reach? (`npm ping` tells.)",
  );
  process.exit(1);
}
