import { type AdapterTarget, type ClusterAdapter, createClusterAdapter } from "@sockeye/adapter-base";
import { adapterConformance, driverConformance } from "@sockeye/adapter-base/conformance";
import { createSchema, PostgresDriver, type PostgresOptions } from "@sockeye/postgres-adapter";
import pg from "pg";
import { afterAll, afterEach, beforeAll, beforeEach, describe, it } from "vitest";
import { PostgresServer } from "../../src/postgres/postgres-server.js";

const runner = { describe, it, beforeEach, afterEach };
let server: PostgresServer;

beforeAll(async () => {
  server = await PostgresServer.start();
});
afterAll(() => server.stop());

let clusters = 0;

async function cluster(options: PostgresOptions = {}) {
  const tableName = `cluster_${++clusters}`;
  const pools: pg.Pool[] = [];
  const setup = new pg.Pool({ connectionString: server.url });
  await createSchema(setup, { tableName });
  await setup.end();
  const errors: Error[] = [];
  return {
    errors,
    driver() {
      const pool = new pg.Pool({ connectionString: server.url, max: 3 });
      pools.push(pool);
      return new PostgresDriver(pool, {
        tableName,
        channelPrefix: tableName,
        errorHandler: (error) => errors.push(error),
        ...options,
      });
    },
    async stop() {
      for (const pool of pools) await pool.end();
    },
  };
}

driverConformance(runner, {
  name: "PostgresDriver",
  canFail: true,
  async start() {
    const { driver, stop } = await cluster({ maxQueueTime: 300, statementTimeout: 1000 });
    return { driver, stop, outage: { kill: () => server.kill(), restart: () => server.restart() } };
  },
});

for (const recovery of [false, true]) {
  adapterConformance(runner, {
    name: `ClusterAdapter over PostgresDriver, ${recovery ? "with" : "without"} connection state recovery`,
    supports: recovery
      ? { cluster: true, gone: true, recovery: true, clusterRecovery: true, sessions: true }
      : { cluster: true, gone: true },
    async start() {
      const { driver, stop } = await cluster();
      const nodes = new Map<number, (namespace: AdapterTarget) => ClusterAdapter>();
      return {
        create(node, namespace) {
          if (!nodes.has(node)) nodes.set(node, createClusterAdapter({ driver: driver(), heartbeatInterval: 100 }));
          return nodes.get(node)!(namespace);
        },
        stop,
      };
    },
  });
}
