import { spawn } from "node:child_process";
import { join } from "node:path";
import { inject } from "vitest";
import type { Runtime } from "./runtimes.js";

/** The environment of a program: nothing of the test runner's own. */
function environment(): NodeJS.ProcessEnv {
  const { NODE_OPTIONS: _, VITEST: __, NODE_ENV: ___, ...rest } = process.env;
  return { ...rest, DENO_NO_UPDATE_CHECK: "1", NO_COLOR: "1" };
}

export interface Ended {
  readonly stdout: string;
  readonly stderr: string;
  readonly code: number | null;
  /** Set when the program did not end by itself. */
  readonly signal: string | null;
}

export interface Running {
  readonly firstLine: Promise<string>;
  readonly ended: Promise<Ended>;
  /** Ends its input. */
  hangUp(): void;
}

/** Starts one of the programs, where the tarballs are installed; it has `seconds` to end by itself. */
export function start(runtime: Runtime, program: string, args: readonly string[] = [], seconds = 20): Running {
  const programs = join(inject("consumer"), "programs");
  const child = spawn(runtime.program, [...runtime.flags, join(programs, program), ...args], {
    cwd: programs,
    env: environment(),
    timeout: seconds * 1000,
    killSignal: "SIGKILL",
  });
  let stdout = "";
  let stderr = "";
  child.stderr.on("data", (chunk) => {
    stderr += chunk;
  });
  const ended = new Promise<Ended>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code, signal) => resolve({ stdout, stderr, code, signal }));
  });
  const firstLine = new Promise<string>((resolve, reject) => {
    child.stdout.on("data", (chunk) => {
      stdout += chunk;
      const end = stdout.indexOf("\n");
      if (end >= 0) resolve(stdout.slice(0, end));
    });
    ended.then(({ stderr }) => reject(new TypeError(`${runtime.name} said nothing: ${stderr}`)), reject);
  });
  // Not everyone waits for it.
  firstLine.catch(() => {});
  return { firstLine, ended, hangUp: () => child.stdin.end() };
}
