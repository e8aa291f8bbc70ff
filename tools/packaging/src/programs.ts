/** Runs the programs that people use on packages, and gives what they print. */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const repository = fileURLToPath(new URL("../../../", import.meta.url));

export interface Outcome {
  readonly ok: boolean;
  readonly output: string;
}

export function runIn(cwd: string, command: string, args: readonly string[], timeout = 80_000): Outcome {
  // NODE_PATH would let a consumer find packages of this workspace.
  const env = { ...process.env, NODE_PATH: "", NODE_OPTIONS: "", FORCE_COLOR: "0" };
  const { status, stdout, stderr, error } = spawnSync(command, args, { cwd, env, encoding: "utf8", timeout });
  return { ok: status === 0, output: `${stdout ?? ""}${stderr ?? ""}${error === undefined ? "" : error.message}` };
}

/** A script of the workspace's development dependencies, run by Node. */
export function runInstalled(cwd: string, script: string, args: readonly string[]): Outcome {
  return runIn(cwd, process.execPath, [join(repository, "node_modules", script), ...args]);
}

/** Runs a program that has to succeed for anything else here to make sense. */
export function mustRun(cwd: string, command: string, args: readonly string[]): string {
  const { ok, output } = runIn(cwd, command, args, 180_000);
  if (!ok) throw new Error(`${command} ${args.join(" ")} failed in ${cwd}:\n${output}`);
  return output;
}
