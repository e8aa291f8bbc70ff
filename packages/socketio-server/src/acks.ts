import type { BroadcastAckSink } from "@sockeye/adapter-base";
import { Deadline, type Deadlines } from "./deadlines.js";
import { AckError, ackTimeout, peerGone } from "./errors.js";

/**
 * Acknowledgements that peers owe. Each socket that is owed something has an {@link AckTable}; every entry leaves it by
 * exactly one of four doors: the answer, the deadline, the peer's departure, the cap.
 */

/** An entry of the table; a bare function (an adapter from elsewhere puts those in) takes the answer's arguments. */
export type AckEntry = PendingAck | BroadcastAck | ((...args: never[]) => void);

/** What a callback gets: the answer's arguments, after an error (`null`, if all went well) where one was asked for. */
export type AckCallback = (...args: unknown[]) => void;

/** Runs a callback of the application; what it throws goes to the hook. */
export type CallbackRunner = (callback: AckCallback, args: unknown[]) => void;

export class AckTable {
  readonly entries = new Map<number, AckEntry>();

  constructor(
    private readonly deadlines: Deadlines,
    private readonly cap: number,
    private readonly run: CallbackRunner,
  ) {}

  add(id: number, entry: AckEntry): void {
    if (this.entries.size >= this.cap) this.#makeRoom();
    this.entries.set(id, entry);
  }

  /** Registers a callback; `withError` says whether it takes an error first, `timeout` (ms) when it gets one. */
  expect(id: number, callback: AckCallback, withError: boolean, timeout: number | undefined): void {
    const pending = new PendingAck(this, id, callback, withError);
    this.add(id, pending);
    if (timeout !== undefined) this.deadlines.set(pending, timeout);
  }

  /** The peer answered. Answers nobody waits for are ignored: they may simply be late. */
  answer(id: number, args: readonly unknown[]): void {
    const entry = this.entries.get(id);
    if (entry === undefined) return;
    this.entries.delete(id);
    if (typeof entry === "function") this.run(entry as AckCallback, [...args]);
    else entry.answered([...args]);
  }

  /** The peer has left: everything it owed is settled now. */
  settle(error: () => AckError = peerGone): void {
    const entries = [...this.entries.values()];
    this.entries.clear();
    for (const entry of entries) if (typeof entry !== "function") entry.failed(error());
  }

  /** A pending acknowledgement is over: calls back, and stops the clock. */
  finish(pending: PendingAck, error: AckError | null, args: unknown[]): void {
    this.entries.delete(pending.id);
    this.deadlines.clear(pending);
    if (pending.withError) this.run(pending.callback, [error, ...args]);
    else if (error === null) this.run(pending.callback, args);
  }

  #makeRoom(): void {
    const oldest = this.entries.entries().next();
    if (oldest.done) return;
    const [id, entry] = oldest.value;
    this.entries.delete(id);
    if (typeof entry === "function") return;
    entry.failed(new AckError("TOO_MANY_ACKS", `more than ${this.cap} acknowledgements are outstanding`));
  }
}

/** One acknowledgement asked of one socket. */
export class PendingAck extends Deadline {
  constructor(
    private readonly table: AckTable,
    readonly id: number,
    readonly callback: AckCallback,
    readonly withError: boolean,
  ) {
    super();
  }

  answered(args: unknown[]): void {
    this.table.finish(this, null, args);
  }

  failed(error: AckError): void {
    this.table.finish(this, error, []);
  }

  override expire(): void {
    this.failed(ackTimeout());
  }
}

/**
 * One acknowledgement asked of many sockets of this process: the entry that all of their tables share. The deadline only
 * tidies the tables; the caller of the broadcast, here or on another node, has its own.
 */
export class BroadcastAck extends Deadline {
  readonly #tables: AckTable[] = [];
  #open = 0;

  constructor(
    private readonly id: number,
    private readonly sink: BroadcastAckSink,
    private readonly deadlines: Deadlines,
  ) {
    super();
  }

  ask(table: AckTable): void {
    this.#tables.push(table);
    this.#open++;
    table.add(this.id, this);
  }

  get asked(): number {
    return this.#tables.length;
  }

  answered(args: unknown[]): void {
    this.#close();
    this.sink.onAck(args);
  }

  failed(_error: AckError): void {
    this.#close();
    this.sink.onGone();
  }

  override expire(): void {
    for (const table of this.#tables) if (table.entries.get(this.id) === this) table.entries.delete(this.id);
    this.#tables.length = 0;
  }

  #close(): void {
    this.#open--;
    if (this.#open === 0) this.deadlines.clear(this);
  }
}

/**
 * Gathers the answers to one broadcast from all nodes, and calls back once: when every node has said how many recipients it
 * has and each of them has answered or left, or when the time is over.
 */
export class BroadcastAnswers extends Deadline {
  readonly #responses: unknown[] = [];
  #servers: number | undefined = undefined;
  #reported = 0;
  #recipients = 0;
  #gone = 0;
  #done = false;

  constructor(
    private readonly deadlines: Deadlines,
    private readonly single: boolean,
    private readonly callback: (error: AckError | null, responses: unknown) => void,
  ) {
    super();
  }

  /** Number of nodes that will report. */
  expectServers(count: number): void {
    this.#servers = count;
    this.#check();
  }

  readonly onClientCount = (count: number): void => {
    this.#reported++;
    this.#recipients += count;
    this.#check();
  };

  readonly onAck = (...args: unknown[]): void => {
    if (this.#done) return;
    this.#responses.push(args[0]);
    this.#check();
  };

  readonly onGone = (): void => {
    this.#gone++;
    this.#check();
  };

  override expire(): void {
    this.#finish(ackTimeout());
  }

  #check(): void {
    if (this.#servers === undefined || this.#reported < this.#servers) return;
    if (this.#responses.length + this.#gone < this.#recipients) return;
    this.#finish(this.#gone > 0 ? peerGone() : null);
  }

  #finish(error: AckError | null): void {
    if (this.#done) return;
    this.#done = true;
    this.deadlines.clear(this);
    if (error !== null) error.responses = this.#responses;
    this.callback(error, this.single ? (error === null ? this.#responses[0] : null) : this.#responses);
  }
}
