import type { Database, Link } from "../database/contract.js";
import { isWrongSetup, noConnection, PostgresAdapterError } from "../errors.js";
import type { Backoff } from "./backoff.js";

/** What a keeper needs of its driver. */
export interface KeeperPort {
  onNotification(channel: string, payload: string): void;
  /** Makes a new link ready for use. What it rejects with is why the link is no good. */
  prepare(link: Link): Promise<void>;
  /** The link that was made ready is in use from now on. */
  onUp(link: Link): void;
  /** The link in use is no more, or the first one could not be made. */
  onDown(error: Error): void;
}

/** Keeps one link to the database: makes it, and makes another one when it is lost, for as long as it takes. */
export class LinkKeeper {
  readonly #database: Database;
  readonly #backoff: Backoff;
  readonly #port: KeeperPort;
  /** The link that is in use, or is being made ready. */
  #link: Link | undefined;
  #isUp = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isClosed = false;

  constructor(database: Database, backoff: Backoff, port: KeeperPort) {
    this.#database = database;
    this.#backoff = backoff;
    this.#port = port;
  }

  /** The link, when it is ready for use. */
  get link(): Link | undefined {
    return this.#isUp ? this.#link : undefined;
  }

  /** Resolves with the first link; rejects when it cannot be made for a reason that will not pass. */
  start(): Promise<void> {
    return new Promise((resolve, reject) => {
      const first = async () => {
        const error = await this.#try();
        if (error === undefined) resolve();
        else if (isOurs(error)) reject(error);
        else if (this.#isClosed || isWrongSetup(error)) reject(unreachable(error));
        else {
          this.#port.onDown(unreachable(error));
          this.#later(first);
        }
      };
      void first();
    });
  }

  /** Gives the link up: it does not do what it should. */
  fail(error: Error): void {
    if (this.#link === undefined || this.#isClosed) return;
    const wasUp = this.#isUp;
    this.#drop();
    if (!wasUp) return;
    this.#port.onDown(unreachable(error));
    this.#later(this.#again);
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    this.#drop();
  }

  readonly #again = async (): Promise<void> => {
    if ((await this.#try()) !== undefined && !this.#isClosed) this.#later(this.#again);
  };

  /** Makes a link and makes it ready; gives the error when that did not work. */
  async #try(): Promise<Error | undefined> {
    let lost!: (error: Error) => void;
    const untilLost = new Promise<never>((_, reject) => {
      lost = reject;
    });
    untilLost.catch(() => undefined);
    let link: Link | undefined;
    try {
      link = await this.#database.connect({
        onNotification: (channel, payload) => this.#port.onNotification(channel, payload),
        onLost: (error) => {
          lost(error);
          if (link === this.#link) this.fail(error);
        },
      });
      if (this.#isClosed) throw noConnection("closed meanwhile");
      this.#link = link;
      await Promise.race([this.#port.prepare(link), untilLost]);
      if (this.#link !== link) throw noConnection("it was lost at once");
      this.#isUp = true;
      this.#backoff.reset();
      this.#port.onUp(link);
      return undefined;
    } catch (thrown) {
      link?.close();
      if (this.#link === link) this.#drop();
      return asError(thrown);
    }
  }

  #drop(): void {
    this.#isUp = false;
    this.#link?.close();
    this.#link = undefined;
  }

  #later(run: () => void): void {
    if (!this.#isClosed) this.#timer = setTimeout(run, this.#backoff.next());
  }
}

/** Something is wrong with the setup, and not with the connection. */
function isOurs(error: Error): boolean {
  return error instanceof PostgresAdapterError && error.code !== "ERR_SOCKEYE_POSTGRES_CONNECTION";
}

function unreachable(error: Error): PostgresAdapterError {
  return error instanceof PostgresAdapterError ? error : noConnection(error.message, { cause: error });
}

function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : noConnection(String(thrown));
}
