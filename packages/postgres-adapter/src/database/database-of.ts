import type { PgPool, PostgresClient, PostgresJs } from "../contract.js";
import { PostgresAdapterError } from "../errors.js";
import type { Database } from "./contract.js";
import { type NodePgOptions, PgDatabase } from "./pg.js";
import { PostgresJsDatabase } from "./postgres-js.js";

/** @throws PostgresAdapterError `ERR_SOCKEYE_POSTGRES_CLIENT` */
export function databaseOf(client: PostgresClient, options: NodePgOptions): Database {
  if (isPostgresJs(client)) return new PostgresJsDatabase(client, options);
  if (isPgPool(client)) return new PgDatabase(client, options);
  throw new PostgresAdapterError(
    "ERR_SOCKEYE_POSTGRES_CLIENT",
    "expected a Pool of pg, or a client of the package postgres",
  );
}

function isPostgresJs(client: PostgresClient): client is PostgresJs {
  const { unsafe, listen } = (client ?? {}) as Partial<PostgresJs>;
  return typeof unsafe === "function" && typeof listen === "function";
}

/** A single `Client` has much of that too, but it cannot be given back. */
function isPgPool(client: PostgresClient): client is PgPool {
  const { connect, query, on, off, processID } = (client ?? {}) as Partial<PgPool> & { processID?: unknown };
  return [connect, query, on, off].every((method) => typeof method === "function") && processID === undefined;
}
