import type { Scenario } from "../contract.js";
import { clients } from "./clients.js";
import { clusters } from "./clusters.js";
import { parsers } from "./parsers.js";
import { servers } from "./servers.js";

export const scenarios: readonly Scenario[] = [...servers, ...parsers, ...clients, ...clusters];

export function scenarioNamed(name: string): Scenario {
  const scenario = scenarios.find((candidate) => candidate.name === name);
  if (scenario === undefined) throw new Error(`no scenario ${name}`);
  return scenario;
}

/** Those of a name, or of a family: `echo` is all that begin with `echo-`. */
export function scenariosOf(words: readonly string[]): Scenario[] {
  const isMeant = ({ name }: Scenario) => words.some((word) => name === word || name.startsWith(`${word}-`));
  return words.length === 0 ? [...scenarios] : scenarios.filter(isMeant);
}
