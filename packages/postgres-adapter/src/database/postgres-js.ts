import type { PostgresJs, Row, Value } from "../contract.js";
import { noConnection } from "../errors.js";
import type { Database, Link, LinkListener, Statement } from "./contract.js";
import { within } from "./deadline.js";

export interface PostgresJsOptions {
  /** Milliseconds for a statement. */
  readonly timeout: number;
}

/**
 * A client of the package `postgres`. It listens on a connection of its own, which it restores by itself; statements go over
 * its pool. A link is both together, and counts as lost when the listening connection was replaced.
 */
export class PostgresJsDatabase implements Database {
  readonly #sql: PostgresJs;
  readonly #timeout: number;

  constructor(sql: PostgresJs, { timeout }: PostgresJsOptions) {
    this.#sql = sql;
    this.#timeout = timeout;
  }

  async query({ text }: Statement, values: readonly Value[]): Promise<readonly Row[]> {
    return rowsOf(await within(this.#timeout, this.#sql.unsafe(text, [...values])));
  }

  async run(script: string): Promise<void> {
    await within(this.#timeout, this.#sql.unsafe(script));
  }

  async connect(listener: LinkListener): Promise<Link> {
    // It would make the listening connection whenever the server is back; whether it is there is to be known now.
    await within(this.#timeout, this.#sql.unsafe("SELECT 1"));
    return new PostgresJsLink(this.#sql, listener);
  }

  close(): void {}
}

type Subscription = Awaited<ReturnType<PostgresJs["listen"]>>;

class PostgresJsLink implements Link {
  readonly #sql: PostgresJs;
  readonly #listener: LinkListener;
  readonly #subscriptions = new Map<string, Promise<Subscription>>();
  #closed = false;

  constructor(sql: PostgresJs, listener: LinkListener) {
    this.#sql = sql;
    this.#listener = listener;
  }

  async query({ text }: Statement, values: readonly Value[]): Promise<readonly Row[]> {
    return rowsOf(await this.#sql.unsafe(text, [...values], { prepare: true }));
  }

  async listen(channels: readonly string[]): Promise<void> {
    await Promise.all(channels.map((channel) => this.#listenTo(channel)));
  }

  async unlisten(channels: readonly string[]): Promise<void> {
    await Promise.all(channels.map((channel) => this.#leave(channel)));
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const channel of this.#subscriptions.keys()) this.#leave(channel).catch(ignore);
  }

  async #listenTo(channel: string): Promise<void> {
    let isFirst = true;
    const heard = (payload: string) => {
      if (!this.#closed) this.#listener.onNotification(channel, payload);
    };
    // Called again when the connection was lost and there is another one.
    const listening = () => {
      if (!isFirst) this.#lost();
      isFirst = false;
    };
    const subscription = Promise.resolve(this.#sql.listen(channel, heard, listening));
    this.#subscriptions.set(channel, subscription);
    await subscription;
  }

  async #leave(channel: string): Promise<void> {
    const subscription = this.#subscriptions.get(channel);
    this.#subscriptions.delete(channel);
    await (await subscription)?.unlisten();
  }

  #lost(): void {
    if (this.#closed) return;
    this.close();
    this.#listener.onLost(noConnection("the one that listens was replaced"));
  }
}

/** Its results are lists with properties of their own. */
function rowsOf(result: Iterable<unknown>): Row[] {
  return [...result] as Row[];
}

function ignore(): void {}
