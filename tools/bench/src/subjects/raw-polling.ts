/** The sessions of the ceilings on HTTP long-polling: what is to be said waits for a poll, a poll for something to say. */
import { type Message, newSession, type RawApplication, type RawConnection } from "./raw-application.js";

const SEPARATOR = "\x1e";

export class RawSession implements RawConnection {
  next = 0;
  #waiting: string[] = [];
  #answer: ((payload: string) => void) | undefined;
  #flushing = false;
  #upgrading = false;

  received(payload: string, application: RawApplication): void {
    for (const packet of payload.split(SEPARATOR)) application.text(this, packet);
  }

  poll(answer: (payload: string) => void): void {
    this.#answer = answer;
    if (this.#upgrading) this.send("6");
    else this.#flush();
  }

  send(message: Message): void {
    this.#waiting.push(message as string);
    if (this.#flushing) return;
    this.#flushing = true;
    // After the request that led to this was answered: on uWebSockets.js a response inside another one's handler costs many writes.
    setImmediate(() => this.#flush());
  }

  join(): void {}

  /** Lets a pending poll return, as an upgrade needs it to, and those that are on their way. */
  release(): void {
    this.#upgrading = true;
    if (this.#answer !== undefined) this.send("6");
  }

  /** What still waits goes out on the transport that comes after. */
  handOver(to: RawConnection): void {
    for (const message of this.#waiting) to.send(message);
    this.#waiting = [];
  }

  #flush(): void {
    this.#flushing = false;
    if (this.#answer === undefined || this.#waiting.length === 0) return;
    const answer = this.#answer;
    this.#answer = undefined;
    answer(this.#waiting.join(SEPARATOR));
    this.#waiting = [];
  }
}

/** By id. They are few, and end with the process. */
export const sessions = {
  all: new Map<string, RawSession>(),

  open(upgrades: readonly string[]): string {
    const { sid, open } = newSession(upgrades);
    this.all.set(sid, new RawSession());
    return open;
  },

  of(target: string): RawSession {
    const session = this.all.get(target.slice(target.indexOf("&sid=") + 5));
    if (session === undefined) throw new Error(`no session in ${target}`);
    return session;
  },
};
