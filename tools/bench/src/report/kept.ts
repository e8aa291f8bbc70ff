/** The last results of each scenario, kept beside this tool, so that a scenario can be measured again without the others. */
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { loadavg } from "node:os";
import { join } from "node:path";
import { root } from "../../../run/repository.mjs";
import type { Figures, Scenario } from "../contract.js";
import type { Cell, Result } from "../scoreboard.js";
import { machine } from "./machine.js";

const file = join(root, "tools/bench/results.jsonl");

export interface Kept extends Result {
  readonly machine: string;
  readonly date: string;
  readonly commit: string;
  readonly rounds: number;
  readonly seconds: number;
  /** Seconds of load before the window. */
  readonly warmUp?: number;
  /** How many processes wanted a core, on average over the last minute of it. More than there are cores: others were at work. */
  readonly load?: number;
}

export function keptResults(): Map<string, Kept> {
  if (!existsSync(file)) return new Map();
  const lines = readFileSync(file, "utf8").trim().split("\n");
  return new Map(lines.map((line) => JSON.parse(line) as Kept).map((kept) => [kept.scenario, kept]));
}

export interface Circumstances {
  readonly rounds: number;
  readonly seconds: number;
  readonly warmUp: number;
}

/** Replaces what was kept of these scenarios. */
export function keep(
  results: readonly (readonly [Scenario, Result])[],
  { rounds, seconds, warmUp }: Circumstances,
): void {
  const all = keptResults();
  const date = new Date().toISOString().slice(0, 10);
  const load = Math.round(loadavg()[0] ?? 0);
  const about = { machine: machine(), date, commit: commit(), rounds, seconds, warmUp, load };
  for (const [scenario, { cells }] of results) {
    all.set(scenario.name, { scenario: scenario.name, ...about, cells: cells.map((cell) => short(scenario, cell)) });
  }
  writeFileSync(file, [...all.values()].map((kept) => `${JSON.stringify(kept)}\n`).join(""));
}

/** What tables show, to five digits. */
function short({ metrics }: Scenario, cell: Cell): Cell {
  const keys = [...metrics.map(({ key }) => key), "userMicros", "systemMicros"];
  const rounds = cell.rounds.map((figures) => {
    const kept: Figures = {};
    for (const key of keys) if (figures[key] !== undefined) kept[key] = Number(figures[key].toPrecision(5));
    return kept;
  });
  return { ...cell, rounds };
}

function commit(): string {
  const git = (...args: string[]) => spawnSync("git", args, { cwd: root, encoding: "utf8" }).stdout.trim();
  const changed = git("status", "--porcelain", "--", "packages") === "" ? "" : " and changes";
  return git("rev-parse", "--short", "HEAD") + changed;
}
