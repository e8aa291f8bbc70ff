import { noConnection } from "../errors.js";

/** The promise, unless it takes longer than so many milliseconds: then a rejection with `ERR_SOCKEYE_POSTGRES_CONNECTION`. */
export async function within<T>(milliseconds: number, promise: PromiseLike<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(noConnection(`it did not answer within ${milliseconds} ms`)), milliseconds);
    // What is waited for keeps the process alive, if anything does.
    timer.unref?.();
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
