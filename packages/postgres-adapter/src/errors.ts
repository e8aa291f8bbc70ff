/** Codes of {@link PostgresAdapterError}. */
export type PostgresAdapterErrorCode =
  /** An option has a value it cannot have. */
  | "ERR_SOCKEYE_POSTGRES_OPTION"
  /** What was given is neither a pool of `pg` nor a client of `postgres`. */
  | "ERR_SOCKEYE_POSTGRES_CLIENT"
  /** The tables are not there, or of another version: `createSchema()` makes them. */
  | "ERR_SOCKEYE_POSTGRES_SCHEMA"
  /** The database cannot be reached, or the connection to it was lost; it is tried again. */
  | "ERR_SOCKEYE_POSTGRES_CONNECTION"
  /** Notifications do not come back: a pooler in between gives each transaction another connection. */
  | "ERR_SOCKEYE_POSTGRES_DEAF"
  /** In a cluster with the incumbent's servers, or for its emitters: a namespace whose name PostgreSQL does not take for a channel. */
  | "ERR_SOCKEYE_POSTGRES_NAMESPACE"
  /** A row of the database was not cleared away. */
  | "ERR_SOCKEYE_POSTGRES_CLEANUP";

/** Something this process did, or its database did to it. */
export class PostgresAdapterError extends Error {
  override readonly name = "PostgresAdapterError";

  constructor(
    readonly code: PostgresAdapterErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** Why a link is no good, or is none. */
export function noConnection(reason: string, options?: ErrorOptions): PostgresAdapterError {
  return new PostgresAdapterError(
    "ERR_SOCKEYE_POSTGRES_CONNECTION",
    `no connection to the database: ${reason}`,
    options,
  );
}

/** A notification on a channel of ours that none of us has written. It was dropped. */
export class PostgresViolation extends Error {
  override readonly name = "PostgresViolation";
  readonly code = "ERR_SOCKEYE_POSTGRES_NOTIFICATION";
}

/** The five characters by which PostgreSQL says what is wrong with a statement; `undefined`: something else went wrong. */
export function sqlStateOf(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | undefined)?.code;
  return typeof code === "string" && /^[0-9A-Z]{5}$/.test(code) && code !== "EPIPE" ? code : undefined;
}

/** Connection exceptions, too many connections, the operator's intervention; a server that is being replaced; conflicts. */
const PASSING = /^(08|53300|57P0|25006|40|55P03)/;

/** Whether the same statement may well succeed a little later, perhaps on another connection. */
export function isPassing(error: unknown): boolean {
  const state = sqlStateOf(error);
  return state === undefined || PASSING.test(state);
}

/** Refused credentials, an unknown database, missing tables or rights: waiting does not help. */
const WRONG_SETUP = /^(28|3D|3F|42)/;

export function isWrongSetup(error: unknown): boolean {
  return WRONG_SETUP.test(sqlStateOf(error) ?? "");
}
