import { asError } from "./errors.js";

/** Calls a function of the application; what it throws, or what its promise is rejected with, goes to `failed`. */
export function callOwned(
  callback: (...args: never[]) => unknown,
  args: readonly unknown[],
  failed: (error: Error) => void,
): void {
  try {
    const outcome = callback(...(args as never[]));
    if (outcome instanceof Promise) outcome.catch((thrown) => failed(asError(thrown)));
  } catch (thrown) {
    failed(asError(thrown));
  }
}
