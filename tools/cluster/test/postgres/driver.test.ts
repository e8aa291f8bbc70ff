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
    driver(more: PostgresOptions = {}, config: pg.PoolConfig = {}) {
      const pool = new pg.Pool({ connectionString: server.url, max: 3, ...config });
      pools.push(pool);
      const names = { tableName, channelPrefix: tableName };
      const errorHandler = (error: Error) => errors.push(error);
      return { pool, driver: new PostgresDriver(pool, { ...names, errorHandler, ...options, ...more }) };
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
    return {
      driver: () => driver().driver,
      stop,
      outage: { kill: () => server.kill(), restart: () => server.restart() },
    };
  },
});

/** Ends a node without a word: its connections are cut, and it gets no others. */
async function kill(pool: pg.Pool, name: string): Promise<void> {
  const dead = () => Promise.reject(new Error("this node is dead"));
  Object.assign(pool, { connect: dead, query: dead });
  // Those that lie idle in the pool tell of their end when they hear of it, which may be after the adapter has let go of the pool.
  pool.on("error", () => {});
  await server.terminate(`application_name = '${name}'`);
}

let killable = 0;

for (const recovery of [false, true]) {
  adapterConformance(runner, {
    name: `ClusterAdapter over PostgresDriver, ${recovery ? "with" : "without"} connection state recovery`,
    supports: recovery
      ? { cluster: true, gone: true, recovery: true, clusterRecovery: true, logsAlways: true, sessions: true }
      : { cluster: true, gone: true },
    async start() {
      const { driver, stop } = await cluster();
      const nodes = new Map<number, { create(namespace: AdapterTarget): ClusterAdapter; kill(): Promise<void> }>();
      return {
        create(node, namespace) {
          if (!nodes.has(node)) {
            const application_name = `node ${++killable}`;
            const made = driver({}, { application_name });
            const times = { heartbeatInterval: 100, heartbeatTimeout: 1_000, handOverTimeout: 200 };
            const create = createClusterAdapter({ driver: made.driver, ...times });
            nodes.set(node, { create, kill: () => kill(made.pool, application_name) });
          }
          return nodes.get(node)!.create(namespace);
        },
        kill: (node) => nodes.get(node)!.kill(),
        stop,
      };
    },
  });
}
