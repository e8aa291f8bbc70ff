/** The generated parts of docs/performance.md. The prose around them is written by hand. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../../../run/repository.mjs";
import type { Metric, Scenario } from "../contract.js";
import { scenarios } from "../scenarios/index.js";
import type { Cell } from "../scoreboard.js";
import { type Ratio, ratioOf } from "../statistics.js";
import { INCUMBENT, type Target, targetGroups } from "../targets.js";
import { type Kept, keptResults } from "./kept.js";
import { roundsOf, rowsOf, Tables } from "./table.js";

const page = join(root, "docs/performance.md");

/** Writes each part between its two comments. */
export function render(): void {
  const kept = keptResults();
  const parts: Record<string, string> = {
    circumstances: circumstances([...kept.values()]),
    targets: targets(kept),
    slower: slower(kept),
    failed: failed(kept),
    tables: tables(kept),
  };
  let text = readFileSync(page, "utf8");
  for (const [name, part] of Object.entries(parts)) text = replacePart(text, name, part);
  writeFileSync(page, text);
}

export function replacePart(text: string, name: string, part: string): string {
  const [begin, end] = [`<!-- bench:${name} -->`, `<!-- /bench:${name} -->`];
  const [from, to] = [text.indexOf(begin), text.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`the page has no place for ${name}`);
  return `${text.slice(0, from)}${begin}\n${part}\n${text.slice(to)}`;
}

/** Runs in the same circumstances share a line. */
function circumstances(all: readonly Kept[]): string {
  const lines = new Map<string, Kept[]>();
  for (const kept of all) {
    const { machine, date, commit, rounds, seconds, warmUp } = kept;
    const window = `${rounds} rounds of ${seconds} s${warmUp === undefined ? "" : `, each after ${warmUp} s of the same load`}`;
    const line = `${date}, ${machine}; ${window}; sources of ${commit}`;
    lines.set(line, [...(lines.get(line) ?? []), kept]);
  }
  return [...lines].map(([line, runs]) => `- ${line}, ${loadOf(runs)}: ${namesOf(runs)}`).join("\n");
}

function loadOf(runs: readonly Kept[]): string {
  const loads = runs.map(({ load }) => load).filter((load) => load !== undefined);
  return loads.length === 0 ? "load not noted" : `load average ${Math.min(...loads)} to ${Math.max(...loads)}`;
}

function namesOf(runs: readonly Kept[]): string {
  return runs.map(({ scenario }) => `\`${scenario}\``).join(", ");
}

function tables(kept: ReadonlyMap<string, Kept>): string {
  const all = new Tables();
  return scenarios
    .map((scenario) => ({ scenario, result: kept.get(scenario.name) }))
    .map(({ scenario, result }) => (result === undefined ? undefined : all.add(rowsOf(scenario, result))))
    .filter((part) => part !== undefined)
    .join("\n");
}

function targets(kept: ReadonlyMap<string, Kept>): string {
  const all = targetGroups.map(({ title, targets: group }) => {
    const rows = group.map((target) => targetRow(target, kept));
    return `| ${title} | target | figure | rounds | |\n|---|---:|---:|---:|---|\n${rows.join("\n")}`;
  });
  return all.join("\n\n");
}

function targetRow({ scenario: name, metric: key, of, over, at }: Target, kept: ReadonlyMap<string, Kept>): string {
  const scenario = scenarios.find((candidate) => candidate.name === name) as Scenario;
  const metric = scenario.metrics.find((candidate) => candidate.key === key) as Metric;
  const title = `${scenario.title}: ${metric.label}`;
  const less = metric.better === "less";
  const goal = `${less ? "at most " : ""}${at}`;
  const ratio = compare(kept.get(name), key, of, over);
  if (ratio === undefined) return `| ${title} | ${goal} | | | not measured |`;
  const met = less ? ratio.median <= at : ratio.median >= at;
  return `| ${title} | ${goal} | ${ratio.median.toFixed(2)} | ${spread(ratio)} | ${met ? "met" : "**not met**"} |`;
}

function spread({ least, most }: Ratio): string {
  return `${least.toFixed(2)} to ${most.toFixed(2)}`;
}

function compare(kept: Kept | undefined, key: string, of: string, over: string): Ratio | undefined {
  const rounds = [of, over].map((name) => {
    const cell = kept?.cells.find(({ implementation }) => implementation === name);
    return cell === undefined || cell.error !== undefined ? undefined : roundsOf(cell, key);
  });
  const [ours, theirs] = rounds;
  return ours === undefined || theirs === undefined ? undefined : ratioOf(ours, theirs);
}

/** Every figure in which one of ours is behind the incumbent on the same stack. */
function slower(kept: ReadonlyMap<string, Kept>): string {
  const rows = scenarios.flatMap((scenario) =>
    scenario.metrics.flatMap((metric) => slowerRows(scenario, metric, kept)),
  );
  if (rows.length === 0) return "None.";
  return `| | ours | ratio | rounds |\n|---|---|---:|---:|\n${rows.join("\n")}`;
}

function slowerRows(scenario: Scenario, { key, label, better }: Metric, kept: ReadonlyMap<string, Kept>): string[] {
  return Object.entries(INCUMBENT).flatMap(([ours, theirs]) => {
    const ratio = compare(kept.get(scenario.name), key, ours, theirs);
    if (ratio === undefined || (better === "more" ? ratio.median >= 1 : ratio.median <= 1)) return [];
    return [`| ${scenario.title}: ${label} | ${ours} | ${ratio.median.toFixed(2)} | ${spread(ratio)} |`];
  });
}

function failed(kept: ReadonlyMap<string, Kept>): string {
  const isFailed = ({ error }: Cell) => error !== undefined;
  const lines = [...kept.values()].flatMap(({ scenario, cells }) =>
    cells.filter(isFailed).map(({ implementation, error }) => `- \`${scenario}\`, ${implementation}: ${error}`),
  );
  return lines.length === 0 ? "None." : lines.join("\n");
}
