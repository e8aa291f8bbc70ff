import { recoveryStoreConformance } from "@sockeye/adapter-base/conformance";
import { createSchema, PostgresDriver } from "@sockeye/postgres-adapter";
import pg from "pg";
import { afterAll, afterEach, beforeAll, beforeEach, describe, it } from "vitest";
import { PostgresServer } from "../../src/postgres/postgres-server.js";

let server: PostgresServer;
let tables = 0;

beforeAll(async () => {
  server = await PostgresServer.start();
});
afterAll(() => server.stop());

for (const durable of [false, true]) {
  recoveryStoreConformance(
    { describe, it, beforeEach, afterEach },
    {
      name: `PostgresDriver, ${durable ? "durable" : "unlogged"}`,
      canFail: true,
      canForget: true,
      async start() {
        const tableName = `store_${++tables}`;
        const setup = new pg.Pool({ connectionString: server.url, max: 1 });
        await createSchema(setup, { tableName, durable });
        await setup.end();
        const pools: pg.Pool[] = [];
        return {
          driver() {
            const pool = new pg.Pool({ connectionString: server.url, max: 3 });
            pools.push(pool);
            const options = { tableName, channelPrefix: tableName, cleanupInterval: 200, statementTimeout: 2_000 };
            return new PostgresDriver(pool, { ...options, errorHandler: () => undefined });
          },
          outage: { kill: () => server.kill(), restart: () => server.restart() },
          async forget() {
            const parts = ["logs", "entries", "sessions", "events"].map((part) => `"${tableName}_${part}"`);
            await server.query(`TRUNCATE ${parts.join()}`);
          },
          async stop() {
            for (const pool of pools) await pool.end();
          },
        };
      },
    },
  );
}
