import { createAdapter } from "@socket.io/postgres-adapter";
import pg from "pg";
import { afterAll, beforeAll } from "vitest";
import { type ClusterPlan, clusterSuite } from "./cluster-suite.js";

const url = process.env.POSTGRES_URL;
if (!url) throw new TypeError("POSTGRES_URL is needed: the address of a PostgreSQL in which a table may be made");

const TABLE = "socket_io_attachments";

beforeAll(async () => {
  const client = new pg.Client(url);
  await client.connect();
  await client.query(
    `CREATE TABLE IF NOT EXISTS ${TABLE} (id bigserial UNIQUE, created_at timestamptz DEFAULT NOW(), payload bytea)`,
  );
  await client.end();
});

const pools: pg.Pool[] = [];
afterAll(async () => {
  for (const pool of pools) await pool.end().catch(() => {});
});

function plan(makers: ClusterPlan["makers"], name: string, channelPrefix: string): ClusterPlan {
  return {
    name,
    makers,
    options() {
      const pool = new pg.Pool({ connectionString: url, max: 4 });
      pool.on("error", () => {});
      pools.push(pool);
      const settings = { channelPrefix, heartbeatInterval: 200, errorHandler: () => {} };
      return { adapter: createAdapter(pool, settings) };
    },
  };
}

clusterSuite(plan(["sockeye", "sockeye"], "@socket.io/postgres-adapter, two of our servers", `ours${process.pid}`));
clusterSuite(
  plan(["sockeye", "official"], "@socket.io/postgres-adapter, ours and the incumbent's", `mix${process.pid}`),
);
