/** Told apart from what the promise itself was rejected with. */
export const TIMED_OUT = Symbol("timed out");

/** A promise's outcome, or `TIMED_OUT`. What it does later is of no interest, and does not go unhandled. */
export function within<T>(milliseconds: number, promise: Promise<T>): Promise<T | typeof TIMED_OUT> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => resolve(TIMED_OUT), milliseconds);
    timer.unref();
    promise.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
