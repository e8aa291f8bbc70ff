/** Hands on to the next middleware, or refuses with an error. */
export type Next = (error?: unknown) => void;

/** An Express-style middleware. May return a promise, whose rejection counts as an error. */
// biome-ignore lint/suspicious/noExplicitAny: middlewares are written for the request and response types of many frameworks
export type Middleware = (request: any, response: any, next: Next) => unknown;

/**
 * Runs middlewares one after the other. `done` is called at most once: with the first error (thrown, rejected or handed
 * to `next`), or with nothing when all have handed on. A middleware that answers by itself simply never hands on. Errors
 * after that, and second calls of `next`, change nothing.
 */
export function runMiddlewares(
  middlewares: readonly Middleware[],
  request: unknown,
  response: unknown,
  done: Next,
): void {
  const step = (index: number): void => {
    const middleware = middlewares[index];
    if (middleware === undefined) {
      done();
      return;
    }
    let called = false;
    const next: Next = (error) => {
      if (called) return;
      called = true;
      if (error) done(error);
      else step(index + 1);
    };
    try {
      const result = middleware(request, response, next);
      if (isThenable(result)) result.then(undefined, (error: unknown) => next(error ?? "rejected"));
    } catch (error) {
      next(error);
    }
  };
  step(0);
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as { then?: unknown } | undefined)?.then === "function";
}
