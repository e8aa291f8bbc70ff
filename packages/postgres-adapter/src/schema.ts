import type { PostgresClient } from "./contract.js";
import type { Database } from "./database/contract.js";
import { databaseOf } from "./database/database-of.js";
import { PostgresAdapterError } from "./errors.js";
import { checkTableName, type Names, namesOf } from "./names.js";
import { attachmentStatementsFor } from "./wire/attachments.js";

/** The version of the tables that this package works with. */
export const SCHEMA_VERSION = 1;

export interface SchemaOptions {
  /** How the names of the tables begin. The adapter needs the same. Default `sockeye`. */
  readonly tableName?: string;
  /**
   * Whether what is kept outlives a crash of the database. By default the tables are `UNLOGGED`: they cost next to nothing in the
   * write-ahead log, and are empty after a crash (not after an orderly restart), which nodes notice and report. `true`: they
   * are ordinary tables, and a message is on disk when it counts as published. Takes effect when the tables are made.
   */
  readonly durable?: boolean;
  /** `socket.io`: the one table of the incumbent's adapter, for `wire: "socket.io"`; `tableName` then is its whole name. */
  readonly wire?: "native" | "socket.io";
}

/**
 * Makes the tables, or brings them up to date; does nothing when they are. Several processes may do it at once.
 *
 * ```ts
 * await createSchema(new pg.Pool());
 * ```
 *
 * @throws PostgresAdapterError `ERR_SOCKEYE_POSTGRES_OPTION`, `ERR_SOCKEYE_POSTGRES_CLIENT`, or `ERR_SOCKEYE_POSTGRES_SCHEMA` when the
 * tables are of a later version, or could not be made (the `cause` says why)
 */
export async function createSchema(client: PostgresClient, options: SchemaOptions = {}): Promise<void> {
  const script = schemaSql(options);
  const database = databaseOf(client, { timeout: 60_000 });
  try {
    if (options.wire === "socket.io") await runScript(database, script);
    else await migrate(database, options);
  } finally {
    database.close();
  }
}

/** As {@link createSchema}, on a database that is open already. */
export async function migrate(database: Database, options: SchemaOptions): Promise<void> {
  const names = namesOf(options.tableName ?? "sockeye");
  try {
    const version = await versionOf(database, names);
    if (version === SCHEMA_VERSION) return;
    if (version > SCHEMA_VERSION) throw tooNew(version);
    await runScript(database, schemaSql(options));
  } catch (cause) {
    throw unmade(cause);
  }
}

async function runScript(database: Database, script: string): Promise<void> {
  await database.run(script).catch((cause) => {
    throw unmade(cause);
  });
}

function unmade(cause: unknown): PostgresAdapterError {
  if (cause instanceof PostgresAdapterError) return cause;
  return new PostgresAdapterError("ERR_SOCKEYE_POSTGRES_SCHEMA", "the tables could not be made", { cause });
}

/** Whether this package can work with the tables as they are; an error says why not. */
export async function checkSchema(database: Database, base: string): Promise<void> {
  const names = namesOf(base);
  const version = await versionOf(database, names);
  if (version === SCHEMA_VERSION) return;
  if (version > SCHEMA_VERSION) throw tooNew(version);
  const found = version === 0 ? "there are no tables" : `the tables are of version ${version}, not ${SCHEMA_VERSION}`;
  throw new PostgresAdapterError(
    "ERR_SOCKEYE_POSTGRES_SCHEMA",
    `${found} for "${base}": call createSchema(), or run what schemaSql() gives`,
  );
}

/**
 * The statements that {@link createSchema} runs, for those who keep migrations elsewhere. Running them again does no harm.
 *
 * ```ts
 * console.log(schemaSql());
 * ```
 *
 * @throws PostgresAdapterError `ERR_SOCKEYE_POSTGRES_OPTION`
 */
export function schemaSql({ durable = false, wire = "native", ...options }: SchemaOptions = {}): string {
  const { tableName = wire === "native" ? "sockeye" : "socket_io_attachments" } = options;
  checkTableName(tableName);
  if (wire === "socket.io") return attachmentStatementsFor(tableName).create;
  const names = namesOf(tableName);
  const table = durable ? "TABLE" : "UNLOGGED TABLE";
  return `\
SELECT pg_advisory_xact_lock(hashtext('sockeye schema'));

CREATE TABLE IF NOT EXISTS ${names.version} (
  version integer PRIMARY KEY,
  applied timestamptz NOT NULL DEFAULT now()
);

-- One row, which is gone after a crash of the database, so that nodes notice one.
CREATE UNLOGGED TABLE IF NOT EXISTS ${names.life} (
  one  boolean PRIMARY KEY DEFAULT true CHECK (one),
  life bigint  NOT NULL
);

-- What nodes said to each other in the last minute or so, as message n of a transaction.
CREATE ${table} IF NOT EXISTS ${names.messages} (
  life    bigint  NOT NULL,
  xid     bigint  NOT NULL,
  n       integer NOT NULL,
  sender  text    NOT NULL COLLATE "C",
  channel text    NOT NULL COLLATE "C",
  payload bytea,
  PRIMARY KEY (life, xid, n)
) WITH (
  autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000, autovacuum_vacuum_cost_delay = 0
);

-- One row: the latest transaction whose messages were removed.
CREATE ${table} IF NOT EXISTS ${names.state} (
  one          boolean PRIMARY KEY DEFAULT true CHECK (one),
  cleaned_life bigint  NOT NULL,
  cleaned_xid  bigint  NOT NULL
);

-- Connection state recovery: where the log of a namespace is; from first on its entries are kept.
CREATE ${table} IF NOT EXISTS ${names.logs} (
  log   uuid   PRIMARY KEY,
  epoch text   NOT NULL,
  head  bigint NOT NULL,
  first bigint NOT NULL DEFAULT 1
) WITH (fillfactor = 50);

CREATE ${table} IF NOT EXISTS ${names.entries} (
  log     uuid        NOT NULL,
  number  bigint      NOT NULL,
  at      timestamptz NOT NULL,
  payload bytea       NOT NULL,
  PRIMARY KEY (log, number)
) WITH (
  autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000, autovacuum_vacuum_cost_delay = 0
);

CREATE ${table} IF NOT EXISTS ${names.sessions} (
  session     uuid        PRIMARY KEY,
  log         uuid        NOT NULL,
  incarnation bigint      NOT NULL,
  owner       text COLLATE "C",
  seen        timestamptz NOT NULL,
  expires     timestamptz NOT NULL,
  events      integer     NOT NULL DEFAULT 0,
  record      bytea       NOT NULL
) WITH (
  autovacuum_vacuum_scale_factor = 0.1, autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_cost_delay = 0
);
CREATE INDEX IF NOT EXISTS ${names.sessionsIndex} ON ${names.sessions} (log, expires);

CREATE ${table} IF NOT EXISTS ${names.events} (
  session uuid   NOT NULL,
  number  bigint NOT NULL,
  payload bytea  NOT NULL,
  PRIMARY KEY (session, number)
) WITH (
  autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000, autovacuum_vacuum_cost_delay = 0
);

INSERT INTO ${names.version} (version) VALUES (${SCHEMA_VERSION}) ON CONFLICT DO NOTHING;
`;
}

/** 0: there are no tables. */
async function versionOf(database: Database, names: Names): Promise<number> {
  const exists = { name: "sockeye_exists", text: "SELECT to_regclass($1::text) IS NOT NULL AS found" };
  const found = await database.query(exists, [names.version]);
  if (found[0]?.found !== true) return 0;
  const text = `SELECT coalesce(max(version), 0)::text AS version FROM ${names.version}`;
  const [row] = await database.query({ name: "sockeye_version", text }, []);
  return Number(row?.version);
}

function tooNew(version: number): PostgresAdapterError {
  return new PostgresAdapterError(
    "ERR_SOCKEYE_POSTGRES_SCHEMA",
    `the tables are of version ${version}, and this package knows ${SCHEMA_VERSION}`,
  );
}
