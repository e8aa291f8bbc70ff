import { randomBytes } from "node:crypto";
import { Deadline, type Deadlines } from "./deadlines.js";

/**
 * Events that a client sends again because it heard no answer, told from new ones.
 *
 * A client that retries (its `retries` option) and asked for this in its CONNECT packet adds one string to each such event:
 * the tag it was given, its own id, a dot, and a number that grows; it has one event in flight at a time. So for each client
 * the last number is enough: a lower one was handled; the same one is being handled, or was answered and the answer is still
 * here, or was left without one. In the last case the application wants it again, and gets it: handlers that fail without
 * acknowledging count on the retry.
 * The window belongs to the namespace, because retries come on the next connection. Bounded by count and time; what has
 * fallen out of it is handled again, as it would be without.
 */

/** How a client's answer finds its way: the socket and packet that asked last. */
export type Reply = (args: unknown[]) => void;

/** What is to be done with an event. */
export type Verdict =
  /** Hand it to the application; its answer goes to `settle`, and `done` is called when its handlers are through. */
  | { readonly run: true; readonly settle: Reply; readonly done: () => void }
  /** Nothing is to be done: the answer is on its way or will be. */
  | { readonly run: false };

const SEEN: Verdict = { run: false };
const SHAPE = /^([A-Za-z0-9_-]{8,24})\.(\d{1,15})$/;

/** Milliseconds that a client's last event is remembered. */
const LIFETIME = 300_000;

export class RetryWindow {
  /** What the strings start with, so that they are told from the application's own. */
  readonly tag: string;
  readonly #clients = new Map<string, LastEvent>();

  /** @param cap number of clients that are remembered; the longest quiet one makes room */
  constructor(
    private readonly deadlines: Deadlines,
    private readonly cap: number,
    tag: string | undefined,
  ) {
    this.tag = tag ?? `~${randomBytes(6).toString("base64url").slice(0, 6)}`;
  }

  get size(): number {
    return this.#clients.size;
  }

  /** Takes the string off the event's arguments; `undefined` when there is none. */
  take(event: unknown[]): string | undefined {
    const last = event.at(-1);
    if (typeof last !== "string" || event.length < 2 || !last.startsWith(this.tag)) return undefined;
    const key = last.slice(this.tag.length);
    if (!SHAPE.test(key)) return undefined;
    event.pop();
    return key;
  }

  /** Judges an event by its key. `reply` answers the packet that carried it, which came through `asker`. */
  judge(key: string, asker: object, reply: Reply): Verdict {
    const dot = key.lastIndexOf(".");
    const client = key.slice(0, dot);
    const number = Number(key.slice(dot + 1));
    const last = this.#clients.get(client);
    if (last === undefined || number > last.number) return this.#begin(client, number, asker, reply);
    this.#touch(client, last);
    if (number === last.number) return last.askedAgain(asker, reply) ? verdictOf(last) : SEEN;
    reply([]);
    return SEEN;
  }

  clear(): void {
    for (const last of this.#clients.values()) this.deadlines.clear(last);
    this.#clients.clear();
  }

  #begin(client: string, number: number, asker: object, reply: Reply): Verdict {
    const event = new LastEvent(number, asker, reply, () => this.#clients.delete(client));
    const before = this.#clients.get(client);
    if (before !== undefined) this.deadlines.clear(before);
    this.#touch(client, event);
    if (this.#clients.size > this.cap) this.#dropOldest();
    return verdictOf(event);
  }

  /** Last in the order of the table, and its time starts again. */
  #touch(client: string, event: LastEvent): void {
    this.#clients.delete(client);
    this.#clients.set(client, event);
    this.deadlines.set(event, LIFETIME);
  }

  #dropOldest(): void {
    const oldest = this.#clients.entries().next();
    if (oldest.done) return;
    this.#clients.delete(oldest.value[0]);
    this.deadlines.clear(oldest.value[1]);
  }
}

function verdictOf(event: LastEvent): Verdict {
  return { run: true, settle: (args) => event.answered(args), done: () => event.handled() };
}

/** The event of one client that was handled last. */
class LastEvent extends Deadline {
  #answer: unknown[] | undefined = undefined;
  #asker: object;
  #reply: Reply;
  /** Its handlers are at work. */
  #running = true;

  constructor(
    readonly number: number,
    asker: object,
    reply: Reply,
    private readonly forget: () => void,
  ) {
    super();
    this.#asker = asker;
    this.#reply = reply;
  }

  /** The application answered: whoever asked last hears it, and so does whoever asks again. */
  answered(args: unknown[]): void {
    if (this.#answer !== undefined) return;
    this.#answer = args;
    this.#reply(args);
  }

  handled(): void {
    this.#running = false;
  }

  /**
   * Whether the handlers are to run again. An answer that was given is repeated. One that may still come is waited for: while
   * a handler is at work, and once when the client is back on another connection, where the retry says nothing about the
   * handler. A client that repeats itself on the same connection has waited long enough for one that will not come.
   */
  askedAgain(asker: object, reply: Reply): boolean {
    const again = this.#answer === undefined && !this.#running && asker === this.#asker;
    this.#asker = asker;
    this.#reply = reply;
    if (this.#answer !== undefined) reply(this.#answer);
    if (again) this.#running = true;
    return again;
  }

  override expire(): void {
    this.forget();
  }
}
