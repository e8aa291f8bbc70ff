import type { PgClient, PgNotification, PgPool, PgQuery, PgResult, Row, Value } from "../contract.js";
import { noConnection } from "../errors.js";
import { quoted } from "../names.js";
import type { Database, Link, LinkListener, Statement } from "./contract.js";
import { within } from "./deadline.js";

export interface NodePgOptions {
  /** Milliseconds for a statement, and for a connection to be made. */
  readonly timeout: number;
}

/** A pool of `pg`. One connection is taken out of it for as long as the adapter lives. */
export class PgDatabase implements Database {
  readonly #pool: PgPool;
  readonly #timeout: number;
  /** Everything has to go over the link: there is no other connection. */
  readonly #isSingle: boolean;
  #link: PgLink | undefined;
  #closed = false;

  constructor(pool: PgPool, { timeout }: NodePgOptions) {
    this.#pool = pool;
    this.#timeout = timeout;
    this.#isSingle = pool.options?.max === 1;
    pool.on("error", ignore);
  }

  async query(statement: Statement, values: readonly Value[]): Promise<readonly Row[]> {
    if (this.#isSingle && this.#link !== undefined) return this.#link.query(statement, values);
    // Not prepared: a pooler may stand between, and hand out another connection each time.
    const query = { text: statement.text, values: [...values], query_timeout: this.#timeout };
    return rowsOf(await within(this.#timeout, this.#pool.query(query)));
  }

  async run(script: string): Promise<void> {
    const link = this.#isSingle ? this.#link : undefined;
    await within<unknown>(this.#timeout, link?.run({ text: script }) ?? this.#pool.query({ text: script }));
  }

  async connect(listener: LinkListener): Promise<Link> {
    const asked = this.#pool.connect();
    const client = await within(this.#timeout, asked).catch((error) => {
      asked.then(discard, ignore);
      throw error;
    });
    const link = new PgLink(client, listener);
    if (this.#isSingle) this.#link = link;
    return link;
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#pool.off("error", ignore);
  }
}

class PgLink implements Link {
  readonly #client: PgClient;
  readonly #listener: LinkListener;
  /** The statement before: `pg` wants one at a time on a connection. */
  #previous: Promise<unknown> = Promise.resolve();
  #closed = false;

  constructor(client: PgClient, listener: LinkListener) {
    this.#client = client;
    this.#listener = listener;
    client.on("notification", this.#notified);
    client.on("error", this.#failed);
    client.on("end", this.#ended);
  }

  run(query: PgQuery): Promise<Row[]> {
    const result = this.#previous
      .then(() => {
        if (this.#closed) throw noConnection("it was closed");
        return this.#client.query(query);
      })
      .then(rowsOf);
    this.#previous = result.catch(ignore);
    return result;
  }

  query({ name, text }: Statement, values: readonly Value[]): Promise<readonly Row[]> {
    return this.run({ name, text, values: [...values] });
  }

  async listen(channels: readonly string[]): Promise<void> {
    if (channels.length > 0) await this.run({ text: commands("LISTEN", channels) });
  }

  async unlisten(channels: readonly string[]): Promise<void> {
    if (channels.length > 0) await this.run({ text: commands("UNLISTEN", channels) });
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#client.off("notification", this.#notified);
    this.#client.off("error", this.#failed);
    this.#client.off("end", this.#ended);
    discard(this.#client);
  }

  readonly #notified = ({ channel, payload }: PgNotification): void => {
    this.#listener.onNotification(channel, payload ?? "");
  };

  readonly #failed = (error: Error): void => this.#lost(error);

  readonly #ended = (): void => this.#lost(noConnection("it was ended"));

  #lost(error: Error): void {
    if (this.#closed) return;
    this.close();
    this.#listener.onLost(error);
  }
}

function commands(verb: string, channels: readonly string[]): string {
  return channels.map((channel) => `${verb} ${quoted(channel)}`).join(";");
}

/** Out of the pool, and closed. Until it is, it may still have an error to tell, which would end the process unheard. */
function discard(client: PgClient): void {
  client.on("error", ignore);
  client.on("end", function ended() {
    client.off("error", ignore);
    client.off("end", ended);
  });
  client.release(true);
}

/** `pg` gives a list of results for a list of statements. */
function rowsOf(result: PgResult | PgResult[]): Row[] {
  return Array.isArray(result) ? (result.at(-1)?.rows ?? []) : result.rows;
}

function ignore(): void {}
