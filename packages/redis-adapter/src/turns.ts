/**
 * When to write what is said. The first of a turn of the event loop goes out as soon as the code that said it is done, for nearly always
 * it is the only one; what else is said in that turn goes out together, at its end.
 */
export class Turns {
  #isFirst = true;
  readonly #ended = (): void => {
    this.#isFirst = true;
  };

  readonly soon = (callback: () => void): void => {
    if (!this.#isFirst) {
      setImmediate(callback);
      return;
    }
    this.#isFirst = false;
    // Cheaper than `queueMicrotask`, which keeps track of where it was called.
    void Promise.resolve().then(callback);
    setImmediate(this.#ended);
  };
}
