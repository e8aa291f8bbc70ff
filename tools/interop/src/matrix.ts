import { type Cell, cellName } from "./cell.js";
import { exceptions } from "./exceptions.js";
import { Rig } from "./rig.js";
import { type DeclaredException, fits, type Scenario } from "./scenario.js";
import { scenarios } from "./scenarios/index.js";

/** Generates the rows of one column and plays them. */

export type Outcome = "passed" | "failed" | "excepted" | "not applicable";

export interface Row {
  readonly scenario: Scenario;
  readonly exception: DeclaredException | undefined;
  readonly applicable: boolean;
}

export function rowsOf(cell: Cell): Row[] {
  return scenarios.map((scenario) => ({
    scenario,
    exception: exceptions.find((e) => e.scenario === scenario.name && e.applies(cell)),
    applicable: fits(scenario, cell),
  }));
}

/** Plays one row. Throws what the scenario threw; a declared exception that holds does not throw, one that does not hold does. */
export async function play(cell: Cell, row: Row): Promise<Outcome> {
  if (!row.applicable) return "not applicable";
  if (row.exception === undefined) {
    await playScenario(cell, row.scenario);
    return "passed";
  }
  const failed = await playScenario(cell, row.scenario, EXCEPTION_PATIENCE).then(
    () => false,
    () => true,
  );
  if (!failed) throw new Error(`${cellName(cell)} passes now: take the exception "${row.exception.reason}" out`);
  return "excepted";
}

/** A scenario that is expected to fail often does so by waiting for what never comes. */
const EXCEPTION_PATIENCE = 2_000;

async function playScenario(cell: Cell, scenario: Scenario, patience?: number): Promise<void> {
  const rig = await Rig.open(cell, { server: scenario.server, link: scenario.needs?.link });
  try {
    await (patience === undefined ? scenario.run(rig) : within(scenario.run(rig), patience));
  } finally {
    await rig.close();
  }
}

async function within(work: Promise<void>, ms: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not done after ${ms} ms`)), ms);
  });
  await Promise.race([work, late]).finally(() => clearTimeout(timer));
}
