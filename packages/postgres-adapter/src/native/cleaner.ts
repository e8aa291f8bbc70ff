import { CleaningRounds } from "../cleaning-rounds.js";
import type { Database, Statement } from "../database/contract.js";
import { isPassing, PostgresAdapterError } from "../errors.js";
import type { Floor } from "./reader.js";

/** Rows removed by one statement. */
const AT_ONCE = 5_000;

export interface CleanerOptions {
  /** Milliseconds for which a message is kept at least. */
  readonly replayWindow: number;
  readonly cleanupInterval: number;
}

/** What a cleaner needs of its driver. */
export interface CleanerPort {
  /** What was said before is over by now. */
  floor(): Floor | undefined;
  report(error: Error): void;
}

interface Mark {
  readonly time: number;
  readonly floor: Floor;
}

/**
 * Removes messages that are old enough, now and then, as long as there have been any: where nobody says anything, nothing is
 * asked of the database. How old they are is known without asking it: floors that were seen a while ago are its clock.
 */
export class Cleaner {
  readonly #database: Database;
  readonly #clean: Statement;
  readonly #options: CleanerOptions;
  readonly #port: CleanerPort;
  #marks: Mark[] = [];
  /** The latest transaction that is known to have left rows. */
  #latest = 0;
  readonly #rounds: CleaningRounds;

  constructor(database: Database, clean: Statement, options: CleanerOptions, port: CleanerPort) {
    this.#database = database;
    this.#clean = clean;
    this.#options = options;
    this.#port = port;
    this.#rounds = new CleaningRounds(options.cleanupInterval, () => this.#run());
  }

  get isIdle(): boolean {
    return this.#rounds.isIdle;
  }

  /** There are rows of this transaction in the table. */
  sawRows(xid: number): void {
    this.#latest = Math.max(this.#latest, xid);
    this.#rounds.start();
  }

  close(): void {
    this.#rounds.close();
  }

  /** Whether something is left: not when all rows that were seen are below a mark that was worked off. */
  async #run(): Promise<boolean> {
    const mark = this.#dueMark(performance.now());
    const isDone = mark !== undefined && (await this.#remove(mark.floor)) && mark.floor.xid > this.#latest;
    if (isDone) this.#marks = [];
    return !isDone;
  }

  /** Notes how far things are now, and gives the latest mark that is old enough. */
  #dueMark(now: number): Mark | undefined {
    const floor = this.#port.floor();
    if (floor !== undefined) this.#marks.push({ time: now, floor });
    const fresh = this.#marks.findIndex(({ time }) => time > now - this.#options.replayWindow);
    const due = this.#marks[(fresh === -1 ? this.#marks.length : fresh) - 1];
    if (due !== undefined) this.#marks = this.#marks.filter(({ time }) => time >= due.time);
    return due;
  }

  /** Whether it was done, and not left to another node or to a better time. */
  async #remove({ life, xid }: Floor): Promise<boolean> {
    try {
      for (;;) {
        const [row] = await this.#database.query(this.#clean, [life, xid, AT_ONCE]);
        if (row?.removed !== AT_ONCE || this.#rounds.isClosed) return row?.ok === true;
      }
    } catch (cause) {
      // An outage is told by others.
      if (!isPassing(cause)) {
        const message = "old rows were not removed";
        this.#port.report(new PostgresAdapterError("ERR_SOCKEYE_POSTGRES_CLEANUP", message, { cause }));
      }
      return false;
    }
  }
}
