/** Runs one trial in its process, and ends it when it does not end by itself. */
import { join } from "node:path";
import { start, stop } from "../../run/child.mjs";
import type { Figures } from "./contract.js";

export interface TrialOrder {
  readonly scenario: string;
  readonly implementation: string;
  readonly seconds: number;
  readonly warmUpSeconds: number;
  readonly scale: number;
  readonly services: Readonly<Record<string, string>>;
  /** The folder of this tool, from which uWebSockets.js is found. */
  readonly home: string;
  readonly checkout: string;
  /** The folder of the programs of subjects. */
  readonly programs: string;
  /** How the files of CPU profiles begin, when there are to be any. */
  readonly profiles?: string;
}

export type Outcome = { readonly figures: Figures } | { readonly error: string };

const DEADLINE_MS = 150_000;

export async function runTrial(order: TrialOrder, tool: string): Promise<Outcome> {
  const child = start(process.execPath, ["--expose-gc", join(tool, "trial.mjs"), JSON.stringify(order)], {
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
  let timer: NodeJS.Timeout | undefined;
  const outcome = await new Promise<Outcome>((resolve) => {
    child.once("message", (message) => resolve(message as Outcome));
    child.once("error", (error) => resolve({ error: error.message }));
    child.once("exit", (code) => resolve({ error: `the load generator ended with ${code}` }));
    timer = setTimeout(() => resolve({ error: `not done after ${DEADLINE_MS / 1000} s` }), DEADLINE_MS);
  });
  clearTimeout(timer);
  await stop(child, { signal: "SIGKILL" });
  return outcome;
}
