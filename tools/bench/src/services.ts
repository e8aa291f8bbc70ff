/** Redis and PostgreSQL for the scenarios that need them, started once, when the first one comes. */
import { services as known, obtain } from "../../run/services/service.mjs";
import type { Scenario } from "./contract.js";

export class Services {
  readonly addresses: Record<string, string> = {};
  readonly #problems = new Map<string, string>();
  readonly #closers: (() => Promise<void>)[] = [];

  /** Why a scenario cannot run. */
  async problemOf({ services = [] }: Scenario): Promise<string | undefined> {
    for (const name of services) {
      await this.#obtain(name);
      const problem = this.#problems.get(name);
      if (problem !== undefined) return problem;
    }
    return undefined;
  }

  async close(): Promise<void> {
    for (const close of this.#closers) await close();
  }

  async #obtain(name: string): Promise<void> {
    const service = known.find((candidate) => candidate.name === name);
    if (service === undefined) throw new Error(`no service ${name}`);
    if (this.addresses[service.variable] !== undefined || this.#problems.has(name)) return;
    const got = await obtain(service, (line) => console.error(line));
    if ("problem" in got) {
      this.#problems.set(name, got.problem);
      return;
    }
    this.addresses[service.variable] = got.address;
    this.#closers.push(got.close);
  }
}
