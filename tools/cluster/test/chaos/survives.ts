import { expect } from "vitest";
import { type Broker, chaosRun } from "../../src/chaos/chaos-run.js";

const CLIENTS = Number(process.env.CHAOS_CLIENTS ?? 300);

/** What has to hold on every backend. With `CHAOS_PRINT`, the figures are printed. */
export async function survives(adapter: string, broker: Broker): Promise<void> {
  const outcome = await chaosRun({ adapter, broker, clients: CLIENTS, pace: 150 });
  if (process.env.CHAOS_PRINT !== undefined) console.log(adapter, outcome);
  expect(outcome).toMatchObject({ lost: 0, doubled: 0, reordered: 0, unlogged: 0, surplus: 0, died: [] });
  expect(outcome.before.reconnections).toBeGreaterThan(CLIENTS / 3);
  expect(outcome.before.recovered).toBe(outcome.before.reconnections);
  expect(outcome.after.reconnections).toBeGreaterThan(CLIENTS / 5);
  expect(outcome.after.recovered).toBe(outcome.after.reconnections);
  expect(outcome.healedAfterNode).toBeLessThan(5_000);
  expect(outcome.healedAfterBroker).toBeLessThan(5_000);
  expect(outcome.growth).toBeLessThan(32 * 1024 * 1024);
}
