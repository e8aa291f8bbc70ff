import { randomUUID } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Cell, cellName, stackName } from "./cell.js";
import { exceptions } from "./exceptions.js";
import type { Outcome } from "./matrix.js";
import { mixedClusters, ring } from "./ring.js";

/** Outcomes of a run, gathered from the test workers by way of a folder, and drawn as a table. */

export interface CellOutcomes {
  readonly cell: Cell;
  readonly outcomes: Readonly<Record<string, Outcome>>;
}

export function record(folder: string, cell: Cell, outcomes: Record<string, Outcome>): void {
  writeFileSync(join(folder, `${randomUUID()}.json`), JSON.stringify({ cell, outcomes }));
}

export function gather(folder: string): CellOutcomes[] {
  const all = readdirSync(folder).map((file) => JSON.parse(readFileSync(join(folder, file), "utf8")) as CellOutcomes);
  return all.sort((a, b) => (cellName(a.cell) < cellName(b.cell) ? -1 : 1));
}

interface Column {
  readonly title: string;
  readonly cells: readonly CellOutcomes[];
}

/** One column per client, stack and codec; the transports of each are folded into one mark. */
function columnsOf(all: readonly CellOutcomes[]): Column[] {
  const columns = new Map<string, CellOutcomes[]>();
  for (const one of all) {
    const title = `${one.cell.client} client / ${stackName(one.cell)} / ${one.cell.codec}`;
    columns.set(title, [...(columns.get(title) ?? []), one]);
  }
  return [...columns].map(([title, cells]) => ({ title, cells })).sort((a, b) => (a.title < b.title ? -1 : 1));
}

function mark(column: Column, scenario: string): string {
  const outcomes = column.cells.map((one) => one.outcomes[scenario] ?? "failed");
  if (outcomes.includes("failed")) {
    const where = column.cells.filter((one) => one.outcomes[scenario] === "failed").map((one) => one.cell.transport);
    return `FAIL ${where.join(" ")}`;
  }
  if (outcomes.includes("excepted")) return "except";
  return outcomes.every((outcome) => outcome === "not applicable") ? "-" : "ok";
}

/** A few lines for the terminal: totals per column and what failed. */
export function summary(all: readonly CellOutcomes[]): string {
  const lines = columnsOf(all).map((column) => {
    const counts = { passed: 0, failed: 0, excepted: 0, "not applicable": 0 };
    for (const { outcomes } of column.cells) for (const outcome of Object.values(outcomes)) counts[outcome]++;
    const transports = column.cells.map((one) => one.cell.transport).join(" ");
    const notes = [
      counts.failed && `${counts.failed} FAILED`,
      counts.excepted && `${counts.excepted} declared exceptions`,
    ];
    return `  ${column.title} (${transports}): ${[`${counts.passed} passed`, ...notes.filter(Boolean)].join(", ")}`;
  });
  return ["interop matrix", ...lines].join("\n");
}

/** The whole table as a Markdown page. */
export function markdown(all: readonly CellOutcomes[]): string {
  const columns = columnsOf(all);
  const legend = columns.map((column, n) => {
    const transports = column.cells.map((one) => one.cell.transport).join(", ");
    return `- **${letter(n)}** ${column.title} (${transports})`;
  });
  const head = ["scenario", ...columns.map((_, n) => letter(n))];
  const names = new Set(all.flatMap(({ outcomes }) => Object.keys(outcomes)));
  const rows = [...names].map((name) => [name, ...columns.map((column) => mark(column, name))]);
  const declared = exceptions.map((e) => `- ${e.scenario}: ${e.reason}`);
  return [
    "# Interoperability",
    "",
    "Written by `pnpm --filter @sockeye/interop report`; do not edit. Each mark is the outcome on every transport of its",
    "column: `ok`, `-` where the scenario does not apply, `except` where a declared exception holds.",
    "",
    "Columns:",
    "",
    ...legend,
    "",
    `| ${head.join(" | ")} |`,
    `|${head.map(() => "---").join("|")}|`,
    ...rows.map((row) => `| ${row.join(" | ")} |`),
    "",
    ...(declared.length > 0 ? ["Declared exceptions:", "", ...declared, ""] : []),
    "## Other people's packages with our server",
    "",
    "| package | proven | remarks |",
    "|---|---|---|",
    ...ring.map((member) => `| ${member.package} | ${member.proven} | ${member.remarks} |`),
    "",
    "## Clusters of both makes",
    "",
    'Official servers, ours with `wire: "socket.io"`, and our adapter on the official server, in one cluster (`tools/cluster`).',
    "",
    "| cluster | proven |",
    "|---|---|",
    ...mixedClusters.map(({ cluster, proven }) => `| ${cluster} | ${proven} |`),
    "",
  ].join("\n");
}

function letter(n: number): string {
  return n < 26 ? String.fromCharCode(65 + n) : `A${String.fromCharCode(65 + n - 26)}`;
}
