import assert from "node:assert/strict";
import { Bench, type ConformanceCase } from "./bench.js";
import { closing } from "./cases/closing.js";
import { guards } from "./cases/guards.js";
import { handshake } from "./cases/handshake.js";
import { headers } from "./cases/headers.js";
import { heartbeat } from "./cases/heartbeat.js";
import { hostile } from "./cases/hostile.js";
import { limits } from "./cases/limits.js";
import { polling } from "./cases/polling.js";
import { revision3 } from "./cases/revision3.js";
import { upgrade } from "./cases/upgrade.js";
import { webSocket } from "./cases/websocket.js";
import { webTransport } from "./cases/webtransport.js";
import type { ConformanceRunner } from "./runner.js";
import type { ConformanceSubject, DeclaredException, SubjectSupports } from "./subject.js";

/** The table: groups of cases, in reading order of the protocol. */
export const conformanceTable: Readonly<Record<string, readonly ConformanceCase[]>> = {
  handshake,
  guards,
  polling,
  websocket: webSocket,
  upgrade,
  heartbeat,
  headers,
  closing,
  limits,
  hostile,
  "revision 3": revision3,
  webtransport: webTransport,
};

/** A case that fails mostly does so by waiting for what never comes. */
const PATIENCE = 8_000;
/** As long is waited for one that is expected to. */
const EXCEPTION_PATIENCE = 1_500;

/**
 * The conformance suite of Engine.IO servers: one table, run against any engine on any HTTP stack. What a subject does
 * not support is not run; what it is known to do otherwise is declared, with a reason, and must really be so.
 *
 * @example
 * engineConformance({ describe, it, beforeEach, afterEach }, {
 *   start: async (options) => ({ url, engine, stop }),
 *   supports: { webTransport: false },
 *   exceptions: [{ name: "polling: answers an upload that is no payload with 400", reason: "answers 200" }],
 * });
 */
export function engineConformance(runner: ConformanceRunner, subject: ConformanceSubject): void {
  const exceptions = new Map((subject.exceptions ?? []).map((exception) => [exception.name, exception]));
  for (const [group, cases] of Object.entries(conformanceTable)) {
    const rows = cases.filter((one) => isSupported(one, subject.supports ?? {}));
    if (rows.length > 0) runner.describe(group, () => defineGroup(runner, subject, group, rows, exceptions));
  }
  runner.it("declares exceptions of cases that exist", () => {
    const unknown = [...exceptions.keys()].filter((name) => !names(subject.supports ?? {}).has(name));
    assert.deepEqual(unknown, []);
  });
}

function defineGroup(
  runner: ConformanceRunner,
  subject: ConformanceSubject,
  group: string,
  rows: readonly ConformanceCase[],
  exceptions: ReadonlyMap<string, DeclaredException>,
): void {
  for (const row of rows) {
    const exception = exceptions.get(`${group}: ${row.name}`);
    const title = exception === undefined ? row.name : `does otherwise (${exception.reason}): ${row.name}`;
    runner.it(title, () => (exception === undefined ? play(subject, row, PATIENCE) : playExcepted(subject, row)));
  }
}

async function playExcepted(subject: ConformanceSubject, row: ConformanceCase): Promise<void> {
  const passed = await play(subject, row, EXCEPTION_PATIENCE).then(
    () => true,
    () => false,
  );
  if (passed) assert.fail("the case passes: take the exception out");
}

async function play(subject: ConformanceSubject, row: ConformanceCase, patience: number): Promise<void> {
  const running = await subject.start(row.options ?? {});
  const bench = new Bench(running, subject.supports?.http2 === true);
  try {
    await within(row.run(bench), patience);
  } finally {
    bench.close();
    await running.stop();
  }
}

async function within(work: Promise<void>, ms: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new assert.AssertionError({ message: `not done after ${ms} ms` })), ms);
  });
  await Promise.race([work, late]).finally(() => clearTimeout(timer));
}

function isSupported(row: ConformanceCase, supports: SubjectSupports): boolean {
  return (row.needs ?? []).every((need) => {
    if (need === "http1") return supports.http2 !== true;
    return supports[need] !== false;
  });
}

function names(supports: SubjectSupports): Set<string> {
  const all = Object.entries(conformanceTable).flatMap(([group, cases]) =>
    cases.filter((one) => isSupported(one, supports)).map(({ name }) => `${group}: ${name}`),
  );
  return new Set(all);
}
