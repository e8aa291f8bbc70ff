import type { Row, Value } from "../contract.js";
import type { Database, Link, Statement } from "../database/contract.js";
import { within } from "../database/deadline.js";
import { noConnection, PostgresAdapterError } from "../errors.js";
import { Backoff } from "./backoff.js";
import { Ear, type Sink } from "./ear.js";
import { LinkKeeper } from "./link-keeper.js";

export interface LineOptions {
  readonly statementTimeout: number;
  readonly maxQueueTime: number;
  readonly reconnectionDelay: number;
  readonly reconnectionDelayMax: number;
  readonly errorHandler: (error: Error) => void;
}

/** What a line needs of who uses it. */
export interface LinePort {
  /** Before a link is prepared for the first time. */
  prepareTables(link: Link): Promise<void>;
  /** The link listens to everything by now; what it brings may be heard already. */
  prepare(link: Link): Promise<void>;
  up(): void;
  down(): void;
  /** Every now and then. Time in milliseconds. */
  check(now: number): void;
}

const NOTIFY: Statement = { name: "sockeye_probe", text: "SELECT pg_notify($1::text, '')" };

/**
 * The way to the database: one link, made again whenever it is lost, that listens and publishes. It proves itself by hearing its
 * own notifications, once it is made, and whenever it has not heard anything for a while; where nodes send heartbeats, that does
 * not come to pass.
 */
export class Line<S extends Sink = Sink> {
  readonly ear: Ear<S>;
  readonly database: Database;
  readonly #options: LineOptions;
  readonly #keeper: LinkKeeper;
  readonly #own: string;
  #port: LinePort | undefined;
  #hasTables = false;
  /** When anything was last heard. */
  #heardAt = 0;
  #probedAt: number | undefined;
  #onHeard: (() => void) | undefined;
  /** Ends the wait for it. */
  #giveUp: ((error: Error) => void) | undefined;
  #watch: ReturnType<typeof setInterval> | undefined;
  #isClosed = false;

  /** @param own a channel that nobody else listens to */
  constructor(database: Database, own: string, options: LineOptions) {
    this.database = database;
    this.#own = own;
    this.#options = options;
    this.ear = new Ear<S>({
      link: () => this.link,
      linkFailed: (error) => this.fail(error),
      ask: (answer) => this.ask(answer),
    });
    this.#keeper = new LinkKeeper(database, new Backoff(options.reconnectionDelay, options.reconnectionDelayMax), {
      onNotification: (name, payload) => this.#hear(name, payload),
      prepare: (link) => this.#prepare(link),
      onUp: () => this.#up(),
      onDown: (error) => this.#down(error),
    });
  }

  /** The link, when it is ready for use. */
  get link(): Link | undefined {
    return this.#keeper.link;
  }

  /**
   * Resolves with the first link.
   *
   * @throws PostgresAdapterError when trying again would not help
   */
  async start(port: LinePort): Promise<void> {
    this.#port = port;
    await this.#keeper.start();
    if (this.#isClosed) return;
    const interval = Math.max(10, Math.min(1_000, this.#options.statementTimeout / 5));
    this.#watch = setInterval(() => this.#check(performance.now()), interval);
    this.#watch.unref?.();
  }

  /** A statement on the link, in time or not at all. */
  async query(statement: Statement, values: readonly Value[]): Promise<readonly Row[]> {
    const link = this.link;
    if (link === undefined) throw noConnection("it was lost");
    return this.ask(link.query(statement, values));
  }

  ask<T>(answer: Promise<T>): Promise<T> {
    return within(this.#options.statementTimeout, answer);
  }

  /** The link does not do what it should. */
  fail(error: Error): void {
    this.#keeper.fail(error);
  }

  report(error: Error): void {
    try {
      this.#options.errorHandler(error);
    } catch {
      // Whoever hears of errors must not make more of them.
    }
  }

  close(): void {
    this.#isClosed = true;
    clearInterval(this.#watch);
    this.#giveUp?.(noConnection("closed meanwhile"));
    this.ear.close();
    this.#keeper.close();
    this.database.close();
  }

  async #prepare(link: Link): Promise<void> {
    if (!this.#hasTables) await this.#port?.prepareTables(link);
    this.#hasTables = true;
    await this.#proveHearing(link);
    await this.ear.prepare(link);
    await this.#port?.prepare(link);
  }

  /** Behind a pooler that gives each transaction another connection, `LISTEN` succeeds and nothing is ever heard. */
  async #proveHearing(link: Link): Promise<void> {
    const heard = new Promise<void>((resolve, reject) => {
      this.#onHeard = resolve;
      this.#giveUp = reject;
    });
    heard.catch(() => undefined);
    await this.ask(link.listen([this.#own]));
    await this.ask(link.query(NOTIFY, [this.#own]));
    try {
      await this.ask(heard);
    } catch (cause) {
      const message =
        "notifications do not come back: LISTEN needs a connection of its own, not one that a pooler shares";
      throw new PostgresAdapterError("ERR_SOCKEYE_POSTGRES_DEAF", message, { cause });
    }
  }

  #hear(name: string, payload: string): void {
    this.#heardAt = performance.now();
    this.#probedAt = undefined;
    if (name === this.#own) this.#onHeard?.();
    else this.ear.hear(name, payload);
  }

  #up(): void {
    this.#heardAt = performance.now();
    this.#probedAt = undefined;
    this.#port?.up();
    this.ear.linkUp();
  }

  #down(error: Error): void {
    this.#port?.down();
    this.report(error);
  }

  #check(now: number): void {
    this.ear.expire(now - this.#options.maxQueueTime);
    this.#port?.check(now);
    this.#checkHearing(now);
  }

  #checkHearing(now: number): void {
    const { statementTimeout } = this.#options;
    const link = this.link;
    if (link === undefined) return;
    if (this.#probedAt === undefined && now - this.#heardAt > 2 * statementTimeout) {
      this.#probedAt = now;
      link.query(NOTIFY, [this.#own]).catch((error) => {
        if (link === this.link) this.fail(error);
      });
    } else if (this.#probedAt !== undefined && now - this.#probedAt > statementTimeout) {
      this.fail(noConnection(`nothing was heard for ${Math.round(now - this.#heardAt)} ms`));
    }
  }
}
