/**
 * What is used of a PostgreSQL client. The application brings the client along: a pool of `pg`, or what `postgres()` of the
 * package `postgres` returns. Nothing else of them is touched, so any client of this shape will do.
 */
export type PostgresClient = PgPool | PostgresJs;

/** A `Pool` of `pg`. */
export interface PgPool {
  connect(): Promise<PgClient>;
  query(query: PgQuery): Promise<PgResult | PgResult[]>;
  on(event: "error", listener: (error: Error) => void): unknown;
  off(event: "error", listener: (error: Error) => void): unknown;
  /** A pool of one connection is used as such: everything goes over the connection that listens. */
  readonly options?: { readonly max?: number | undefined };
}

/** A connection of such a pool. */
export interface PgClient extends PgQueryable {
  on(event: "notification", listener: (message: PgNotification) => void): unknown;
  on(event: "error", listener: (error: Error) => void): unknown;
  on(event: "end", listener: () => void): unknown;
  off(event: "notification", listener: (message: PgNotification) => void): unknown;
  off(event: "error", listener: (error: Error) => void): unknown;
  off(event: "end", listener: () => void): unknown;
  /** `true`: the connection is closed and not used again. */
  release(destroy?: boolean): void;
}

/** Whatever of `pg` takes a statement: a pool, or a client in the middle of a transaction. */
export interface PgQueryable {
  query(query: PgQuery): Promise<PgResult | PgResult[]>;
}

export interface PgQuery {
  text: string;
  values?: Value[];
  /** The connection prepares the statement under this name, once. */
  name?: string;
  /** Milliseconds. */
  query_timeout?: number;
}

export interface PgResult {
  rows: Row[];
}

export interface PgNotification {
  channel: string;
  payload?: string | undefined;
}

/** A client of the package `postgres`. */
export interface PostgresJs extends PostgresJsQueryable {
  listen(
    channel: string,
    onNotification: (payload: string) => void,
    onListening?: () => void,
  ): Promise<{ unlisten(): Promise<unknown> }>;
}

/** Whatever of `postgres` takes a statement: the client, or what a transaction is given. */
export interface PostgresJsQueryable {
  unsafe(text: string, values?: Value[], options?: { prepare?: boolean }): PromiseLike<Iterable<unknown>>;
}

/** A parameter of a statement. */
export type Value = string | number | boolean | null | Uint8Array;

export type Row = Record<string, unknown>;
