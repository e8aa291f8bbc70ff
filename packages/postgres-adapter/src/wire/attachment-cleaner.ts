import { CleaningRounds } from "../cleaning-rounds.js";
import type { Statement } from "../database/contract.js";
import { isPassing, PostgresAdapterError } from "../errors.js";
import type { Ask } from "./attachments.js";

/** Removes attachments when they have been there for a while, as long as there are any. */
export class AttachmentCleaner {
  readonly #ask: Ask;
  readonly #clean: Statement;
  readonly #interval: number;
  readonly #report: (error: Error) => void;
  readonly #rounds: CleaningRounds;

  constructor(ask: Ask, clean: Statement, interval: number, report: (error: Error) => void) {
    this.#ask = ask;
    this.#clean = clean;
    this.#interval = interval;
    this.#report = report;
    this.#rounds = new CleaningRounds(interval, () => this.#remove());
  }

  /** There is at least one. */
  sawAttachment(): void {
    this.#rounds.start();
  }

  close(): void {
    this.#rounds.close();
  }

  /** Whether there are some left. */
  async #remove(): Promise<boolean> {
    try {
      const [row] = await this.#ask(this.#clean, [this.#interval]);
      return row?.remains === true;
    } catch (cause) {
      if (isPassing(cause)) return true;
      const message = "old attachments were not removed";
      this.#report(new PostgresAdapterError("ERR_SOCKEYE_POSTGRES_CLEANUP", message, { cause }));
      return false;
    }
  }
}
