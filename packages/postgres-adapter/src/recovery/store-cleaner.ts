import type { StoreLimits } from "@sockeye/adapter-base";
import { CleaningRounds } from "../cleaning-rounds.js";
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
  readonly #report: (error: Error) => void;
  readonly #ages = new Map<string, number>();
  readonly #rounds: CleaningRounds;

  constructor(database: Database, statements: RecoveryStatements, interval: number, report: (error: Error) => void) {
    this.#database = database;
    this.#statements = statements;
    this.#report = report;
    this.#rounds = new CleaningRounds(interval, () => this.#clean());
  }

  get isIdle(): boolean {
    return this.#rounds.isIdle;
  }

  opened(namespace: string, { maxAge }: StoreLimits): void {
    this.#ages.set(logKey(namespace), maxAge);
  }

  /** There is something to be removed some time. */
  wrote(): void {
    this.#rounds.start();
  }

  close(): void {
    this.#rounds.close();
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
