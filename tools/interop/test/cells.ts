import { afterAll, describe, inject, it } from "vitest";
import { type Cell, cellName } from "../src/cell.js";
import { type Outcome, play, rowsOf } from "../src/matrix.js";
import { record } from "../src/report.js";

/** Turns columns of the matrix into tests and leaves their outcomes for the report. */
export function testCells(cells: readonly Cell[]): void {
  for (const cell of cells) describe(cellName(cell), () => testCell(cell));
}

function testCell(cell: Cell): void {
  const outcomes: Record<string, Outcome> = {};
  for (const row of rowsOf(cell)) {
    const { name } = row.scenario;
    outcomes[name] = row.applicable ? "failed" : "not applicable";
    if (!row.applicable) continue;
    it(name, async () => {
      outcomes[name] = await play(cell, row);
    });
  }
  afterAll(() => record(inject("interopOutcomes"), cell, outcomes));
}
