import type { Row, Value } from "../contract.js";

/**
 * PostgreSQL as the rest of this package sees it, whatever the client library.
 *
 * A database
 * - MUST NOT throw or emit outside the promises it returned; what happens to a link is told once, through `onLost`.
 * - MUST NOT retry by itself.
 */
export interface Database {
  /** One statement, on whatever connection is free; gives up after the time it was made with. */
  query(statement: Statement, values: readonly Value[]): Promise<readonly Row[]>;
  /** Several statements without parameters, as one transaction. */
  run(script: string): Promise<void>;
  /** Opens a link. Its listener hears of nothing before the promise has resolved, and of nothing after `close`. */
  connect(listener: LinkListener): Promise<Link>;
  /** Lets go of the client that was given. Idempotent. */
  close(): void;
}

/** The one connection that listens and publishes. Statements on it run one after the other. */
export interface Link {
  query(statement: Statement, values: readonly Value[]): Promise<readonly Row[]>;
  /** Resolves when notifications on these channels arrive. */
  listen(channels: readonly string[]): Promise<void>;
  unlisten(channels: readonly string[]): Promise<void>;
  /** Ends the connection at once, whatever it is doing. Idempotent. */
  close(): void;
}

export interface LinkListener {
  /** MUST NOT throw. */
  onNotification(channel: string, payload: string): void;
  /** The connection is gone, or has been another one for a moment: notifications may be missing. Called once. */
  onLost(error: Error): void;
}

export interface Statement {
  /** Short and unique: connections keep it prepared under this name. */
  readonly name: string;
  readonly text: string;
}
