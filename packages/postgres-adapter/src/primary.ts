import { type IpcLimits, type Primary, setupPrimary as setupPrimaryWith } from "@sockeye/adapter-base/node-cluster";
import type { PostgresClient } from "./contract.js";
import { PostgresDriver } from "./native/driver.js";
import type { PostgresOptions } from "./options.js";

export interface PrimaryOptions extends Omit<PostgresOptions, "emitters">, IpcLimits {}

/**
 * In the primary process of node:cluster, before the first `cluster.fork()`: the workers, whose adapters are those of
 * `createNodeClusterAdapter()`, act as one with all servers that are given the same database, over one connection of the primary.
 *
 * ```ts
 * import cluster from "node:cluster";
 * import { createNodeClusterAdapter } from "@sockeye/adapter-base/node-cluster";
 * import { setupPrimary } from "@sockeye/postgres-adapter";
 *
 * if (cluster.isPrimary) {
 *   setupPrimary(new pg.Pool({ connectionString: process.env.DATABASE_URL }), { createSchema: true });
 *   for (let i = 0; i < 4; i++) cluster.fork();
 * } else {
 *   const io = new Server(3000, { adapter: createNodeClusterAdapter() });
 * }
 * ```
 *
 * Workers hear each other over the database as well, and not while it is away. What the incumbent's emitters say is not
 * heard by them. `errorHandler` hears of what was not published, too. `maxQueuedBytes` bounds what waits for the database, and
 * what waits for each worker; default 32 MiB and 64 MiB.
 *
 * @returns `ready`: the start of the connection, which may be awaited; `close()`: leaves the database
 * @throws PostgresAdapterError `ERR_SOCKEYE_POSTGRES_OPTION`, `ERR_SOCKEYE_POSTGRES_CLIENT`
 */
export function setupPrimary(client: PostgresClient, options: PrimaryOptions = {}): Primary {
  const { errorHandler, maxQueuedBytes } = options;
  const uplink = new PostgresDriver(client, { ...options, emitters: false, echo: true });
  return setupPrimaryWith({
    uplink,
    ...(maxQueuedBytes === undefined ? {} : { maxQueuedBytes }),
    ...(errorHandler === undefined ? {} : { onError: errorHandler }),
  });
}
