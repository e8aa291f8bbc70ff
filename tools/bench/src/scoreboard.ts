/** Runs the rounds: every implementation of a scenario in turn, so that whatever the machine does, it does to all. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { root } from "../../run/repository.mjs";
import { output } from "../bundle.mjs";
import type { Choice } from "./command-line.js";
import type { Figures, Scenario } from "./contract.js";
import type { Programs } from "./programs.js";
import type { Services } from "./services.js";
import { type Outcome, runTrial } from "./trial.js";

export interface Cell {
  readonly implementation: string;
  /** By round. */
  readonly rounds: Figures[];
  /** Why there are no figures: a trial that failed takes the implementation out of the scenario. */
  error?: string;
}

export interface Result {
  readonly scenario: string;
  readonly cells: readonly Cell[];
}

export const profiles = join(output, "profiles");

export class Scoreboard {
  constructor(
    private readonly choice: Choice,
    private readonly programs: Programs,
    private readonly services: Services,
  ) {
    if (choice.profile) mkdirSync(profiles, { recursive: true });
  }

  async run(scenario: Scenario): Promise<Result> {
    const cells = this.#implementationsOf(scenario).map((implementation): Cell => ({ implementation, rounds: [] }));
    const problem = await this.services.problemOf(scenario);
    if (problem !== undefined) {
      for (const cell of cells) cell.error = problem;
      return { scenario: scenario.name, cells };
    }
    const rounds = scenario.once ? 1 : this.choice.rounds;
    for (let round = 0; round < rounds; round++) {
      // Forth and back, so that nobody always comes after the same one.
      for (const cell of round % 2 === 0 ? cells : [...cells].reverse()) await this.#trial(scenario, cell);
    }
    return { scenario: scenario.name, cells };
  }

  #implementationsOf({ implementations }: Scenario): string[] {
    const { only } = this.choice;
    if (only !== undefined) return only.filter((word) => implementations.includes(split(word).name));
    const ours = implementations.filter((name) => name.startsWith("ours"));
    return [...implementations, ...this.programs.labels.flatMap((label) => ours.map((name) => `${name}:${label}`))];
  }

  async #trial(scenario: Scenario, cell: Cell): Promise<void> {
    if (cell.error !== undefined) return;
    try {
      const outcome = await this.#outcomeOf(scenario, cell);
      if ("figures" in outcome) cell.rounds.push(outcome.figures);
      else cell.error = outcome.error;
    } catch (error) {
      // Its program could not be made: a package that this checkout does not have, say.
      cell.error = (error as Error).message;
    }
  }

  async #outcomeOf(scenario: Scenario, cell: Cell): Promise<Outcome> {
    const { name, label } = split(cell.implementation);
    return runTrial(
      {
        scenario: scenario.name,
        implementation: name,
        seconds: this.choice.seconds,
        warmUpSeconds: this.choice.warmUp,
        scale: this.choice.scale,
        services: this.services.addresses,
        home: join(root, "tools/bench"),
        checkout: this.programs.checkoutOf(label),
        programs: await this.programs.folderFor(label, scenario.programs?.(name) ?? [name]),
        ...(this.choice.profile ? { profiles: join(profiles, `${scenario.name}.${cell.implementation}`) } : {}),
      },
      join(output, "tool"),
    );
  }
}

function split(implementation: string): { name: string; label: string } {
  const [name = "", label = ""] = implementation.split(":");
  return { name, label };
}
