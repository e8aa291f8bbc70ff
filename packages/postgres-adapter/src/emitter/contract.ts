import type { ClusterEmitterOptions, EmitterOptions } from "@sockeye/adapter-base/emitter";
import type { PgQueryable, PostgresJsQueryable } from "../contract.js";
import type { PostgresOptions } from "../options.js";

/** Options of the emitter. What names channels and tables MUST be as the servers have it. */
export interface PostgresEmitterOptions
  extends EmitterOptions,
    Omit<ClusterEmitterOptions, "onError">,
    Pick<
      PostgresOptions,
      "channelPrefix" | "tableName" | "payloadThreshold" | "statementTimeout" | "maxQueuedBytes" | "maxEnvelopeBytes"
    > {
  /**
   * Which messages the servers exchange. With `socket.io`, nobody can answer, and names are `socket.io` and `socket_io_attachments` by
   * default. Default `native`.
   */
  readonly wire?: "native" | "socket.io";
}

/** Where a transaction is open: a client of `pg`, or what `sql.begin()` of `postgres` gives. */
export type Transaction = PgQueryable | PostgresJsQueryable;
