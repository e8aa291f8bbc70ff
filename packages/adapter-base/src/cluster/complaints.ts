/** An error of one code is reported once in this many milliseconds: an outage must not flood the log. */
const INTERVAL = 1_000;

/** Whether an error is worth another report. Pure: time comes in as an argument, in milliseconds. */
export class Complaints {
  readonly #last = new Map<string, number>();

  admit(error: Error, now: number): boolean {
    const code = String((error as { code?: unknown }).code ?? error.name);
    if (now - (this.#last.get(code) ?? Number.NEGATIVE_INFINITY) < INTERVAL) return false;
    this.#last.set(code, now);
    return true;
  }
}
