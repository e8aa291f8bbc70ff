import assert from "node:assert/strict";
import { type AdapterCase, type AdapterSubject, type AdapterSupports, Bench } from "./bench.js";
import { ackCases } from "./cases/acks.js";
import { broadcastCases } from "./cases/broadcast.js";
import { clusterCases } from "./cases/cluster.js";
import { clusterRecoveryCases } from "./cases/cluster-recovery.js";
import { recoveryCases } from "./cases/recovery.js";
import { roomCases } from "./cases/rooms.js";
import { sessionCases } from "./cases/sessions.js";
import { strangerCases } from "./cases/strangers.js";
import { utilityCases } from "./cases/utilities.js";
import { impatiently } from "./eventually.js";
import type { TestRunner } from "./runner.js";

const GROUPS: readonly (readonly [name: string, cases: readonly AdapterCase[]])[] = [
  ["rooms", roomCases],
  ["broadcast", broadcastCases],
  ["acknowledgements", ackCases],
  ["utilities", utilityCases],
  ["cluster", clusterCases],
  ["strangers on the bus", strangerCases],
  ["recovery", recoveryCases],
  ["recovery over the cluster", clusterRecoveryCases],
  ["sessions in the incumbent's way", sessionCases],
];

/**
 * Proves that an adapter keeps the `Adapter` contract.
 *
 * ```ts
 * import { describe, it, beforeEach, afterEach } from "node:test";
 * adapterConformance({ describe, it, beforeEach, afterEach }, {
 *   name: "MyAdapter",
 *   supports: { gone: true },
 *   start: () => ({ create: (_node, namespace) => new MyAdapter(namespace) }),
 * });
 * ```
 */
export function adapterConformance(runner: TestRunner, subject: AdapterSubject): void {
  runner.describe(`${subject.name} keeps the adapter contract`, () => {
    let bench: Bench;
    runner.beforeEach(async () => {
      bench = new Bench(await subject.start());
    });
    runner.afterEach(() => bench.close());
    for (const [group, cases] of GROUPS) {
      const supported = cases.filter((one) => isDemanded(one, subject.supports));
      if (supported.length === 0) continue;
      runner.describe(group, () => {
        for (const one of supported) define(runner, subject, one, () => bench);
      });
    }
  });
}

function isDemanded({ needs, unless }: AdapterCase, supports: AdapterSupports): boolean {
  return (needs === undefined || supports[needs] === true) && (unless === undefined || supports[unless] !== true);
}

function define(
  runner: TestRunner,
  { exceptions }: AdapterSubject,
  { title, run }: AdapterCase,
  bench: () => Bench,
): void {
  const reason = exceptions && Object.hasOwn(exceptions, title) ? exceptions[title] : undefined;
  if (reason === undefined) runner.it(title, async () => run(bench()));
  else
    runner.it(`does not: ${title} (${reason})`, () =>
      assert.rejects(
        impatiently(() => run(bench())),
        "it does, by now",
      ),
    );
}
