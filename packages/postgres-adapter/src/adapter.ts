import {
  type AdapterTarget,
  type ClusterAdapter,
  type ClusterAdapterOptions,
  createClusterAdapter,
} from "@sockeye/adapter-base";
import type { PostgresClient } from "./contract.js";
import { PostgresDriver } from "./native/driver.js";
import type { PostgresOptions } from "./options.js";

export interface PostgresAdapterOptions extends PostgresOptions, Omit<ClusterAdapterOptions, "driver"> {}

/**
 * For the `adapter` option of a server: servers that are given the same database act as one.
 *
 * ```ts
 * import { createAdapter, createSchema } from "@sockeye/postgres-adapter";
 * import { Server } from "@sockeye/socketio-server";
 * import pg from "pg";
 *
 * const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL });
 * await createSchema(pool);
 * const io = new Server(3000, { adapter: createAdapter(pool) });
 * ```
 *
 * @param client a `Pool` of `pg`, or a client of `postgres`; it stays yours: close the server first, then end it
 * @throws PostgresAdapterError `ERR_SOCKEYE_POSTGRES_OPTION`, `ERR_SOCKEYE_POSTGRES_CLIENT`
 * @throws ClusterError `ERR_SOCKEYE_CLUSTER_OPTION`
 */
export function createAdapter(
  client: PostgresClient,
  options: PostgresAdapterOptions = {},
): (nsp: AdapterTarget) => ClusterAdapter {
  return createClusterAdapter({ ...options, driver: new PostgresDriver(client, options) });
}
