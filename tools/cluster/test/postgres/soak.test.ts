import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { PostgresServer } from "../../src/postgres/postgres-server.js";
import { ALL, numbered, Stage } from "../../src/postgres/stage.js";

const SECONDS = Number(process.env.SOAK_SECONDS ?? 20);
const EACH_TURN = 40;
const PAUSE = 20;
const SIZE = 200;
const LARGE = 20_000;
const MEGABYTE = 1024 * 1024;

let server: PostgresServer;

beforeAll(async () => {
  // As in a day of a real server, in which it comes round every minute.
  server = await PostgresServer.start("autovacuum_naptime=1s", "autovacuum_vacuum_cost_delay=0");
});
afterAll(() => server.stop());

async function footprint(stage: Stage): Promise<{ bytes: number; wal: number }> {
  const [row] = await server.query(
    `SELECT sum(pg_total_relation_size(oid))::float8 AS bytes, pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::float8 AS wal
     FROM pg_class WHERE relkind = 'r' AND relname LIKE $1`,
    [`${stage.tableName}%`],
  );
  return row as { bytes: number; wal: number };
}

it("keeps its tables and the write-ahead log small under a steady load", async () => {
  const stage = await Stage.open(server);
  const options = { replayWindow: 1_000, cleanupInterval: 250 };
  const [one, two] = [await stage.node([], options), await stage.node([ALL], options)];
  const end = performance.now() + SECONDS * 1000;
  let sent = 0;
  let sentHalf = 0;
  let half: { bytes: number; wal: number } | undefined;
  while (performance.now() < end) {
    const sizes = Array.from({ length: EACH_TURN }, (_, i) => (i === 0 ? LARGE : SIZE));
    await Promise.all(sizes.map((size) => one.driver.publish(ALL, numbered(++sent, size))));
    if (half === undefined && performance.now() > end - SECONDS * 500) {
      half = await footprint(stage);
      sentHalf = sent;
    }
    await sleep(PAUSE);
  }
  const whole = await footprint(stage);
  const perMessage = (whole.wal - half!.wal) / (sent - sentHalf);
  const figures = { sent, half: half!.bytes, whole: whole.bytes, rows: await stage.rows(), walPerMessage: perMessage };
  if (process.env.CHAOS_PRINT !== undefined) console.log(figures);
  expect(two.faults(sent)).toEqual({ missing: [], late: [] });
  // What was sent in the second half would take more than this by itself.
  expect(figures.whole).toBeLessThan(figures.half + 4 * MEGABYTE);
  expect((sent - sentHalf) * SIZE + ((sent - sentHalf) / EACH_TURN) * LARGE).toBeGreaterThan(8 * MEGABYTE);
  expect(figures.rows).toBeLessThan(sent / 3);
  expect(figures.walPerMessage).toBeLessThan(SIZE);
  await stage.close();
}, 120_000);
