import type { StoreLimits } from "@sockeye/adapter-base";
import type { Database } from "../database/contract.js";
import { isPassing, PostgresAdapterError } from "../errors.js";
import { logKey } from "./keys.js";
import type { RecoveryStatements } from "./statements.js";

/**
 * Removes entries and sessions whose time is over, now and then, as long as there are any. Several nodes may do it at once: what
 * one has removed, the other does not find.
 */
export class StoreCleaner {
  readonly #database: Database;
  readonly #statements: RecoveryStatements;
  readonly #interval: number;
  readonly #report: (error: Error) => void;
  readonly #ages = new Map<string, number>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isClosed = false;

  constructor(database: Database, statements: RecoveryStatements, interval: number, report: (error: Error) => void) {
    this.#database = database;
    this.#statements = statements;
    this.#interval = interval;
    this.#report = report;
  }

  get isIdle(): boolean {
    return this.#timer === undefined;
  }

  opened(namespace: string, { maxAge }: StoreLimits): void {
    this.#ages.set(logKey(namespace), maxAge);
  }

  /** There is something to be removed some time. */
  wrote(): void {
    if (this.#timer !== undefined || this.#isClosed) return;
    this.#timer = setTimeout(() => this.#run(), this.#interval * (0.75 + Math.random() / 2));
    this.#timer.unref?.();
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  async #run(): Promise<void> {
    const remains = await this.#clean();
    this.#timer = undefined;
    if (remains) this.wrote();
  }

  /** Whether there is something left that will be over some time. */
  async #clean(): Promise<boolean> {
    try {
      const [logs, ages] = [[...this.#ages.keys()], [...this.#ages.values()]];
      await this.#database.query(this.#statements.trim, [`{${logs.join()}}`, `{${ages.join()}}`]);
      const [row] = await this.#database.query(this.#statements.expire, []);
      return row?.remains === true;
    } catch (cause) {
      // An outage is told by others.
      if (!isPassing(cause)) {
        const message = "expired sessions were not removed";
        this.#report(new PostgresAdapterError("ERR_SOCKEYE_POSTGRES_CLEANUP", message, { cause }));
      }
      return true;
    }
  }
}
