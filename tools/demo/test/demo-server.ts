import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** The demo as `npm start` runs it: the built server in a process of its own. */

const PROGRAM = fileURLToPath(new URL("../dist/server.js", import.meta.url));

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Starts the program; `ended` resolves with all it printed. */
export function run(args: string[], env: Record<string, string> = {}): { child: ChildProcess; ended: Promise<Ended> } {
  if (!existsSync(PROGRAM)) throw new TypeError("the demo is not built: pnpm --filter '@sockeye/demo...' run build");
  const child = spawn(process.execPath, [PROGRAM, ...args], { env: { PATH: process.env.PATH, ...env } });
  const printed = { stdout: "", stderr: "" };
  child.stdout.on("data", (data) => {
    printed.stdout += data;
  });
  child.stderr.on("data", (data) => {
    printed.stderr += data;
  });
  return { child, ended: new Promise((resolve) => child.once("close", (code) => resolve({ code, ...printed }))) };
}

export interface DemoServer {
  readonly url: string;
  readonly port: number;
  /** Ends it with a signal and waits until it is gone. */
  end(signal: NodeJS.Signals): Promise<Ended>;
}

/** Starts the demo and waits for its address. */
export async function startDemo(port = 0): Promise<DemoServer> {
  const { child, ended } = run([], { PORT: String(port) });
  const url = await Promise.race([address(child), ended.then(failedToStart)]);
  const end = (signal: NodeJS.Signals) => {
    child.kill(signal);
    return ended;
  };
  return { url, port: Number(new URL(url).port), end };
}

function address(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    let text = "";
    child.stdout?.on("data", (data) => {
      text += data;
      const found = /http:\/\/\S+/.exec(text);
      if (found) resolve(found[0]);
    });
  });
}

function failedToStart({ code, stderr }: Ended): never {
  throw new TypeError(`the demo ended with ${code}: ${stderr}`);
}
