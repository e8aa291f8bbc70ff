import {
  type AdapterTarget,
  type ClusterAdapter,
  type ClusterAdapterOptions,
  createClusterAdapter,
} from "@sockeye/adapter-base";
import { createOfficialWireAdapter, type OfficialWireAdapter } from "@sockeye/adapter-base/wire";
import type { PostgresClient } from "./contract.js";
import { PostgresAdapterError } from "./errors.js";
import { PostgresDriver } from "./native/driver.js";
import type { PostgresOptions } from "./options.js";
import { PostgresWireBus } from "./wire/wire-bus.js";

export interface PostgresAdapterOptions extends PostgresOptions, Omit<ClusterAdapterOptions, "driver"> {
  /**
   * How servers speak to each other. `socket.io`: as the incumbent's adapter does (`@socket.io/postgres-adapter`), for the time in which
   * there are servers with both. Then `channelPrefix` and `tableName` are `socket.io` and `socket_io_attachments` by default, as they are
   * there. Default `native`.
   */
  readonly wire?: "native" | "socket.io";
}

/** What the `adapter` option of a server takes. */
export type AdapterFactory = (nsp: AdapterTarget) => ClusterAdapter | OfficialWireAdapter;

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
export function createAdapter(client: PostgresClient, options: PostgresAdapterOptions = {}): AdapterFactory {
  const { wire = "native", sources = [], ...rest } = withoutAbsent(options);
  if (wire === "socket.io") return createOfficialWireAdapter({ ...rest, bus: new PostgresWireBus(client, rest) });
  if (wire !== "native") {
    throw new PostgresAdapterError("ERR_SOCKEYE_POSTGRES_OPTION", "wire must be native or socket.io");
  }
  const driver = new PostgresDriver(client, rest);
  const emitters = driver.emitters === undefined ? [] : [driver.emitters];
  return createClusterAdapter({ ...rest, driver, sources: [...sources, ...emitters] });
}

/** What is not given must not hide a default. */
function withoutAbsent(options: PostgresAdapterOptions): PostgresAdapterOptions {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}
