import type { Cell } from "./cell.js";
import type { Rig, RigPlan } from "./rig.js";

/** What a scenario cannot do without. A cell that lacks one is not run and shows as `-` in the report. */
export interface Needs {
  /** A cable that can be pulled: TCP between client and server. */
  readonly link?: boolean;
  /** HTTP requests: query, headers, `allowRequest`, size limits. */
  readonly http?: boolean;
  /** Only with our server: goes beyond what the incumbent does. */
  readonly sockeyeServer?: boolean;
  readonly sockeyeClient?: boolean;
  /** Only with the incumbent's client: ours does not let it come so far. */
  readonly officialClient?: boolean;
}

/** One row of the matrix. */
export interface Scenario {
  readonly name: string;
  readonly group: string;
  readonly needs?: Needs;
  readonly server?: RigPlan["server"];
  /** Plays the scenario; an assertion that fails, or time that runs out, is the verdict. */
  run(rig: Rig): Promise<void>;
}

/** A cell that is known not to do what the row says, and why. Run nevertheless: one that passes after all is an error. */
export interface DeclaredException {
  readonly scenario: string;
  readonly applies: (cell: Cell) => boolean;
  readonly reason: string;
}

export function fits(scenario: Scenario, cell: Cell): boolean {
  const needs = scenario.needs ?? {};
  if ((needs.link || needs.http) && cell.transport === "memory") return false;
  if (needs.sockeyeServer && cell.server !== "sockeye") return false;
  if (needs.sockeyeClient && cell.client !== "sockeye") return false;
  if (needs.officialClient && cell.client !== "official") return false;
  return true;
}
