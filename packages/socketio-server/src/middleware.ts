import { Deadline, type Deadlines } from "./deadlines.js";
import { asError, SocketServerError } from "./errors.js";

/** Lets the next middleware run, or refuses with an error. */
export type Next = (error?: Error) => void;

/**
 * A middleware calls `next()`, or returns a promise and takes no `next`: then the end of the promise is its answer, and a
 * rejection its refusal. One that throws refuses, too.
 */
export type Middleware<Subject> = (subject: Subject, next: Next) => unknown;

/** How a chain of middlewares runs. */
export interface MiddlewareSettings {
  readonly deadlines: Deadlines;
  /** Milliseconds each of them has. */
  readonly timeout: number;
  /** Hears of what was thrown, whether or not it still changes the outcome. */
  thrown(error: Error): void;
}

/**
 * One pass through a chain of middlewares, in order, each of which answers once: a second answer is ignored, and one that
 * never comes meets the deadline.
 */
export class MiddlewareRun<Subject> extends Deadline {
  readonly #middlewares: readonly Middleware<Subject>[];
  #turn = 0;
  #done = false;

  constructor(
    middlewares: readonly Middleware<Subject>[],
    private readonly subject: Subject,
    private readonly settings: MiddlewareSettings,
    private readonly finished: (error: Error | null) => void,
  ) {
    super();
    // The application may add some while these run.
    this.#middlewares = [...middlewares];
  }

  start(): void {
    const turn = this.#turn;
    const middleware = this.#middlewares[turn];
    if (middleware === undefined) {
      this.#finish(null);
      return;
    }
    this.settings.deadlines.set(this, this.settings.timeout);
    try {
      const outcome = middleware(this.subject, (error) => this.#answered(turn, error));
      this.#watch(turn, middleware, outcome);
    } catch (thrown) {
      this.#threw(turn, thrown);
    }
  }

  override expire(): void {
    this.#finish(
      new SocketServerError("MIDDLEWARE_TIMEOUT", `a middleware did not answer within ${this.settings.timeout} ms`),
    );
  }

  #watch(turn: number, middleware: Middleware<Subject>, outcome: unknown): void {
    // Only a function that names the subject and nothing else cannot have meant to call `next` later.
    const answersByReturning = middleware.length === 1;
    if (isThenable(outcome)) {
      outcome.then(
        () => {
          if (answersByReturning) this.#answered(turn, undefined);
        },
        (thrown) => this.#threw(turn, thrown),
      );
    } else if (answersByReturning) {
      this.#answered(turn, undefined);
    }
  }

  #threw(turn: number, thrown: unknown): void {
    const error = asError(thrown);
    this.settings.thrown(error);
    this.#answered(turn, error);
  }

  #answered(turn: number, error: unknown): void {
    if (this.#done || turn !== this.#turn) return;
    if (error) {
      this.#finish(asError(error));
    } else {
      this.#turn++;
      this.start();
    }
  }

  #finish(error: Error | null): void {
    if (this.#done) return;
    this.#done = true;
    this.settings.deadlines.clear(this);
    this.finished(error);
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as { then?: unknown } | null | undefined)?.then === "function";
}
