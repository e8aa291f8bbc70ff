import type { Scenario } from "../scenario.js";
import { acknowledgementScenarios } from "./acknowledgements.js";
import { bulkScenarios } from "./bulk.js";
import { connectionScenarios } from "./connection.js";
import { eventScenarios } from "./events.js";
import { lifecycleScenarios } from "./lifecycle.js";
import { recoveryScenarios } from "./recovery.js";
import { roomScenarios } from "./rooms.js";

/** The rows of the matrix, in the order of the report. */
export const scenarios: readonly Scenario[] = [
  ...connectionScenarios,
  ...eventScenarios,
  ...acknowledgementScenarios,
  ...roomScenarios,
  ...lifecycleScenarios,
  ...bulkScenarios,
  ...recoveryScenarios,
];
