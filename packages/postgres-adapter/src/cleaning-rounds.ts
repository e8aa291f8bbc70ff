/**
 * A clean-up that comes round now and then, as long as there is something left; where there is nothing, there is no timer. Each
 * node does it at a time of its own.
 */
export class CleaningRounds {
  readonly #interval: number;
  readonly #clean: () => Promise<boolean>;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** More came while it was being cleaned. */
  #more = false;
  #isClosed = false;

  /**
   * @param interval milliseconds, more or less
   * @param clean resolves with whether something is left; does not reject
   */
  constructor(interval: number, clean: () => Promise<boolean>) {
    this.#interval = interval;
    this.#clean = clean;
  }

  get isIdle(): boolean {
    return this.#timer === undefined;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** There is something to be removed, some time. */
  start(): void {
    this.#more = true;
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
    this.#more = false;
    const remains = await this.#clean();
    this.#timer = undefined;
    if (remains || this.#more) this.start();
  }
}
