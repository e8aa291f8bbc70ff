import { EmitterError } from "./errors.js";

/** The answers of clients to one question, over several servers. Settles when all have answered or left, or at the deadline. */
export class ClientAnswers {
  readonly settled: Promise<unknown[]>;
  readonly #answers: unknown[] = [];
  readonly #timer: ReturnType<typeof setTimeout>;
  #servers: number;
  #clients = 0;
  #gone = 0;
  #resolve: (answers: unknown[]) => void = () => {};
  #reject: (error: EmitterError) => void = () => {};

  /** @param timeout milliseconds */
  constructor(servers: number, timeout: number) {
    this.#servers = servers;
    this.settled = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    // Whoever asked may have failed before it came to wait.
    this.settled.catch(() => undefined);
    this.#timer = setTimeout(() => this.#fail(), timeout);
    this.#settleWhenComplete();
  }

  /** Once per server. */
  readonly clientCount = (clients: number): void => {
    this.#servers--;
    this.#clients += clients;
    this.#settleWhenComplete();
  };

  readonly ack = (...args: unknown[]): void => {
    this.#answers.push(args[0]);
    this.#settleWhenComplete();
  };

  readonly gone = (): void => {
    this.#gone++;
    this.#settleWhenComplete();
  };

  #settleWhenComplete(): void {
    if (this.#servers > 0 || this.#answers.length + this.#gone < this.#clients) return;
    if (this.#gone > 0) this.#fail();
    else {
      clearTimeout(this.#timer);
      this.#resolve(this.#answers);
    }
  }

  #fail(): void {
    clearTimeout(this.#timer);
    this.#reject(new EmitterError("ERR_SOCKEYE_EMITTER_TIMEOUT", "operation has timed out", this.#answers));
  }
}
