/** Results as Markdown tables: a row per scenario and metric, a column per implementation. */
import type { Metric, Scenario } from "../contract.js";
import type { Cell, Result } from "../scoreboard.js";
import { median, ratioOf } from "../statistics.js";

export interface Row {
  readonly title: string;
  readonly implementations: readonly string[];
  readonly cells: readonly string[];
}

export function rowsOf(scenario: Scenario, { cells }: Result): Row[] {
  const base = cells.find(({ implementation }) => implementation === scenario.base);
  return scenario.metrics.map((metric) => ({
    title: `${scenario.title}: ${metric.label}${metric.unit === "per CPU s" ? "" : `, ${metric.unit}`}`,
    implementations: cells.map(({ implementation }) => implementation),
    cells: cells.map((cell) => inWords(metric, cell, base)),
  }));
}

/** The median figure and the median of the ratios to the base; what failed says so. */
function inWords({ key, unit }: Metric, cell: Cell, base: Cell | undefined): string {
  if (cell.error !== undefined) return "FAILED";
  const figures = roundsOf(cell, key);
  if (figures.length === 0) return "-";
  const ratio = base === undefined || base.error !== undefined ? undefined : ratioOf(figures, roundsOf(base, key));
  const figure = format(median(figures), unit);
  return ratio === undefined ? figure : `${figure} (${ratio.median.toFixed(2)})`;
}

export function roundsOf({ rounds }: Cell, key: string): number[] {
  return rounds.map((figures) => figures[key]).filter((figure) => figure !== undefined);
}

export function format(figure: number, unit: Metric["unit"]): string {
  if (unit === "ms" || unit === "CPU ms") return figure < 10 ? figure.toFixed(2) : figure.toFixed(1);
  if (figure >= 1e6) return `${(figure / 1e6).toFixed(2)}M`;
  if (unit === "per CPU s" && figure >= 1e4) return `${Math.round(figure / 1e3)}k`;
  return `${Math.round(figure)}`;
}

/** Rows of the same columns share a table, whenever they come. */
export class Tables {
  #columns = "";

  add(rows: readonly Row[]): string {
    return rows.flatMap((row) => this.#linesOf(row)).join("\n");
  }

  #linesOf({ title, implementations, cells }: Row): string[] {
    const line = `| ${title} | ${cells.join(" | ")} |`;
    const columns = implementations.join(" | ");
    if (columns === this.#columns) return [line];
    const space = this.#columns === "" ? [] : [""];
    this.#columns = columns;
    return [...space, `| | ${columns} |`, `|---|${"---:|".repeat(implementations.length)}`, line];
  }
}
