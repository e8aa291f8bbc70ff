import type { EncodedPacket } from "@sockeye/socketio-parser";
import type { BroadcastOptions, OutgoingEvent } from "../../contract.js";
import { asError } from "../../errors.js";
import type { SocketId } from "../../names.js";
import { SharedLog } from "../../recovery/shared-log.js";
import type { NodeId } from "../contract.js";
import { ClusterError } from "../errors.js";
import { Arrears } from "./arrears.js";
import type { LogPosition, RecoveryStore, StoreLimits } from "./contract.js";
import { RecentEntries } from "./recent-entries.js";
import { Sequencer } from "./sequencer.js";
import { Timeline } from "./timeline.js";
import { Turnstile, type Waiting } from "./turnstile.js";

/** A recoverable broadcast of any node, as this node delivers it. */
export interface LogEntry {
  readonly origin: NodeId;
  /** Number of its envelope. */
  readonly sequence: number;
  readonly options: BroadcastOptions;
  /** Absent when this node cannot read it. */
  readonly encoded: EncodedPacket | undefined;
  /** What it was encoded from, where that is known. */
  readonly packet?: OutgoingEvent | undefined;
}

/** A recoverable broadcast of this node. */
export interface OwnBroadcast extends LogEntry {
  readonly encoded: EncodedPacket;
  /** It as an envelope. */
  readonly envelope: Uint8Array;
}

/** What the order asks of the adapter. */
export interface OrderPort {
  readonly self: NodeId;
  /** Writes to the sockets of this node. MUST NOT throw. */
  deliver(entry: LogEntry, position: LogPosition | undefined): void;
  /** Tells the other nodes of a broadcast that could not be logged. Resolves when the bus has it, or will not take it. */
  tell(broadcast: OwnBroadcast): Promise<void>;
  /** An envelope that was read from the log; `undefined` when it is no broadcast. */
  entryOf(envelope: Uint8Array): LogEntry | undefined;
  /** The log was lost, and begins anew. */
  epochChanged(): void;
  /** The store did not take a broadcast. */
  refused(error: Error): void;
  /** It takes broadcasts again. */
  answered(): void;
  report(error: Error): void;
}

export interface OrderOptions {
  readonly namespace: string;
  readonly limits: StoreLimits;
  /** Milliseconds a broadcast waits for its place before it is delivered without one. */
  readonly logTimeout: number;
  /** Milliseconds between two looks whether the log has more than arrived. */
  readonly checkInterval: number;
  /** Bytes of the broadcasts that this node keeps of the log. */
  readonly maxBytes: number;
  /** How far back in time places in the log are asked for, in milliseconds. */
  readonly span: number;
}

interface Pending extends Waiting {
  readonly broadcast: OwnBroadcast;
  /** A session of this node may ask for it. */
  readonly wanted: boolean;
  /** The store was given it. */
  readonly tried: boolean;
  /** Where it is in the log, once that is known. */
  position: LogPosition | undefined;
  /**
   * How it ended, when it got no place in the log in time: published all the same; not at all; or not yet, and then it may get one when
   * the store is back.
   */
  outcome: "unlogged" | "refused" | "deferred" | undefined;
  /** Sockets that could not wait for it. */
  expedited: Set<SocketId> | undefined;
}

/** An entry that is missing is read from the log when it has not come by itself in this many milliseconds. */
const GAP_PATIENCE = 60;
/** What cannot be read either is given up after this many. */
const GAP_LIMIT = 15_000;
const TICK = 50;
const PAGE = 500;
/** Broadcasts that came without a place, and commands that wait behind a gap. */
const MAX_REMEMBERED = 2_000;
/** Steps that may wait behind a broadcast without a place; beyond them the log counts as down. */
const MAX_STEPS = 50_000;

/**
 * The one order in which a node delivers recoverable broadcasts, its own included: that of the shared log. It also holds back
 * what this node does to its own sockets behind a broadcast of its own that has no place yet.
 *
 * A broadcast is up to the store from `broadcast` on until its number is known, from the answer or from the bus. If that takes too
 * long, it is delivered without one, and told to the others the ordinary way; should it turn out to be in the log after all,
 * its place is passed over here (`delivered`), and the other nodes know its sequence number.
 */
export class SharedOrder {
  readonly #store: RecoveryStore;
  readonly #options: OrderOptions;
  readonly #port: OrderPort;
  readonly #turnstile = new Turnstile<Pending>();
  readonly timeline: Timeline;
  #sequencer = new Sequencer<LogEntry>({ epoch: "", number: 0 });
  #history = new SharedLog();
  readonly #pastEpochs = new Set<string>();
  /** Recoverable broadcasts that were delivered here without a place: origin and sequence. */
  readonly #unplaced = new Set<string>();
  /** Broadcasts of other nodes that had a place in the log. */
  readonly #recent = new RecentEntries(MAX_REMEMBERED);
  /** Places of the log whose broadcast had been delivered here before. */
  #delivered: number[] = [];
  /** Commands of other nodes that came behind a gap, or behind the first sign of a new epoch. */
  #held: (() => void)[] = [];
  /** An entry of an epoch that is not known yet was heard, and is looked up. */
  #turning = false;
  /** What was heard before the log had been opened; some of it is past. */
  readonly #early: [LogPosition, LogEntry][] = [];
  #isUp = false;
  /** It is not known yet whether the log can be opened. What is broadcast meanwhile waits for it. */
  #isOpening = true;
  readonly #unopened: Pending[] = [];
  readonly #arrears: Arrears<OwnBroadcast>;
  /** Milliseconds for which this process stood still while something waited: nobody else is late for that. */
  #stalled = 0;
  /** When the timer should call. */
  #dueAt = 0;
  /** Broadcasts without a place that are still on their way to the bus: what is logged meanwhile would overtake them. */
  #telling = 0;
  #isOpen = false;
  #pumping = false;
  #checking: Promise<boolean> | undefined;
  #lastCheck = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(store: RecoveryStore, options: OrderOptions, port: OrderPort) {
    this.#store = store;
    this.#options = options;
    this.#port = port;
    this.timeline = new Timeline(options.span);
    const limits = { maxEntries: options.limits.maxEntries, maxBytes: options.maxBytes };
    this.#arrears = new Arrears<OwnBroadcast>(limits, {
      append: ({ envelope }, wanted) => store.append(options.namespace, envelope, wanted),
      place: (position, broadcast) => {
        this.#place(position, broadcast);
        this.#pump();
      },
      refused: (error) => {
        this.#isUp = false;
        port.refused(error);
      },
      tell: (broadcast) => this.#tell(broadcast),
    });
  }

  /** What comes before this is of no concern here. */
  async open(): Promise<void> {
    const head = await this.#store.open(this.#options.namespace, this.#options.limits);
    this.#begin(head);
    this.#isUp = true;
    this.#isOpen = true;
    this.#isOpening = false;
    this.timeline.note(now(), head.number);
    for (const [position, entry] of this.#early.splice(0)) this.#place(position, entry);
    for (const pending of this.#unopened.splice(0)) this.#append(pending);
    this.#pump();
    this.#watch();
  }

  close(): void {
    this.#giveUp(Number.POSITIVE_INFINITY);
    this.#arrears.close();
    this.#isOpen = false;
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  /** The entry delivered last. */
  get position(): LogPosition {
    return this.#sequencer.position;
  }

  /** What this node keeps of the log. */
  get history(): SharedLog {
    return this.#history;
  }

  /** Places whose broadcast had been delivered here before it got them. */
  get delivered(): readonly number[] {
    return this.#delivered;
  }

  /** Whether broadcasts can be logged, as far as is known. */
  get isUp(): boolean {
    return this.#isUp;
  }

  /** Whether something of this node waits for its turn. */
  get behind(): boolean {
    return this.#pumping || this.#turnstile.size > 0;
  }

  get waiting(): number {
    return this.#turnstile.size + this.#sequencer.size + this.#arrears.size;
  }

  // --- what this node does --------------------------------------------------------------------------------------------

  /** Does something to sockets of this node after everything before it. `socket`: the only one concerned. */
  after(operation: () => void, socket?: SocketId): void {
    this.#turnstile.after(operation, socket);
    this.#pump();
  }

  /** Resolves when everything that waits now has had its turn. */
  drained(): Promise<void> {
    return new Promise((resolve) => this.after(resolve));
  }

  /**
   * Does something after everything before it, and when what this node delivered without a place has got one, where the store can
   * give any.
   */
  afterPlaces(operation: () => void): void {
    this.#arrears.whenNone(() => (this.behind ? this.after(operation) : operation()));
  }

  /** The same, but does not wait for a store that is away: `false`, then. */
  async placed(): Promise<boolean> {
    await this.drained();
    if (this.#arrears.size === 0) return true;
    return this.#isUp && (await this.#arrears.settled());
  }

  /** `wanted`: a session of this node may ask for it. */
  broadcast(broadcast: OwnBroadcast, wanted: boolean): void {
    const outcome = this.#outlook;
    const pending: Pending = {
      broadcast,
      wanted,
      tried: outcome === undefined,
      sequence: broadcast.sequence,
      since: this.#clock(),
      position: undefined,
      outcome,
      expedited: undefined,
    };
    this.#turnstile.wait(pending);
    if (this.#isOpening) this.#unopened.push(pending);
    else if (outcome === undefined) this.#append(pending);
    if (this.#turnstile.size > MAX_STEPS) this.#giveUp(Number.POSITIVE_INFINITY);
    this.#pump();
    this.#watch();
  }

  /** What is known of a broadcast before it is tried. None may overtake one that has not got its place, or its way, yet. */
  get #outlook(): Pending["outcome"] {
    if (this.#isOpening) return undefined;
    if (this.#telling > 0 || !this.#isOpen) return "refused";
    return this.#isUp && this.#arrears.owed === 0 ? undefined : "deferred";
  }

  /** One socket cannot wait: `deliver` gets what is broadcast before, in order with what concerns this socket alone. */
  expedite(socket: SocketId, deliver: (entry: LogEntry) => void): void {
    this.#turnstile.expedite(socket, (pending) => {
      pending.expedited ??= new Set();
      if (pending.expedited.has(socket)) return;
      pending.expedited.add(socket);
      deliver(pending.broadcast);
    });
  }

  #append(pending: Pending): void {
    this.#store.append(this.#options.namespace, pending.broadcast.envelope, pending.wanted).then(
      (position) => this.#appended(pending, position),
      (thrown) => this.#refused(pending, asError(thrown)),
    );
  }

  #appended(pending: Pending, position: LogPosition | undefined): void {
    this.#answered();
    if (this.#arrears.owed > 0) this.returned();
    pending.position = position;
    if (position === undefined) pending.outcome ??= "unlogged";
    else this.#place(position, pending.broadcast);
    this.#pump();
  }

  #refused(pending: Pending, error: Error): void {
    const isTooLarge = (error as { code?: unknown }).code === "ERR_SOCKEYE_CLUSTER_TOO_LARGE";
    pending.outcome ??= isTooLarge || this.#telling > 0 ? "refused" : "deferred";
    this.#port.refused(error);
    if (!isTooLarge) this.#isUp = false;
    this.#pump();
  }

  #answered(): void {
    if (this.#isUp) return;
    this.#isUp = true;
    this.#port.answered();
  }

  // --- what comes from the log ----------------------------------------------------------------------------------------

  /** An entry arrived, with its place. */
  heard(position: LogPosition, entry: LogEntry): void {
    this.#place(position, this.#pendingOf(entry)?.broadcast ?? entry);
    this.#pump();
    this.#watch();
  }

  /** A broadcast of another node came without a place, and was delivered; it may get one yet. */
  unplaced(origin: NodeId, sequence: number): void {
    remember(this.#unplaced, `${origin}#${sequence}`);
  }

  /** A command of another node: not before the entries that are known to have come before it. */
  behindGap(command: () => void): void {
    if (this.#holds && this.#held.length < MAX_REMEMBERED) this.#held.push(command);
    else command();
  }

  #place(position: LogPosition, entry: LogEntry): void {
    if (!this.#isOpen) {
      if (this.#early.length < MAX_REMEMBERED) this.#early.push([position, entry]);
      return;
    }
    const arrival = this.#sequencer.offer(position, entry, this.#clock());
    if (arrival !== "other-epoch") return;
    if (this.#pastEpochs.has(position.epoch)) this.#late(entry);
    else void this.#turn();
  }

  /** Goes over to the epoch that an entry has told of; what is sent behind that entry waits for it. */
  async #turn(): Promise<void> {
    if (this.#turning) return;
    this.#turning = true;
    await this.check();
    this.#turning = false;
    this.#pump();
  }

  get #holds(): boolean {
    return this.#turning || this.#sequencer.hasGap;
  }

  /** Of an epoch that is over: it has no place any more. */
  #late(entry: LogEntry): void {
    const pending = this.#pendingOf(entry);
    if (pending !== undefined) pending.outcome ??= "unlogged";
    else if (!this.#wasOwed(entry) && !this.#unplaced.has(keyOf(entry))) {
      this.unplaced(entry.origin, entry.sequence);
      this.#port.deliver(entry, undefined);
    }
  }

  #pendingOf({ origin, sequence }: LogEntry): Pending | undefined {
    return origin === this.#port.self ? this.#turnstile.waiting(sequence) : undefined;
  }

  // --- the order ------------------------------------------------------------------------------------------------------

  /** Lets everything pass whose turn it is. What is done meanwhile waits for its turn too, so this never runs within itself. */
  #pump(): void {
    if (this.#pumping) return;
    this.#pumping = true;
    try {
      while (this.#step());
    } finally {
      this.#pumping = false;
    }
    if (!this.#holds) for (const command of this.#held.splice(0)) command();
  }

  #step(): boolean {
    if (this.#runOperation()) return true;
    const { front } = this.#turnstile;
    const entry = this.#sequencer.next();
    const own = entry && this.#pendingOf(entry);
    if (front?.outcome !== undefined && own !== front) {
      this.#turnstile.shiftBroadcast();
      this.#deliverUnplaced(front);
      return true;
    }
    // Nothing has come, or one of ours of which it is not known yet what became of those that were sent before it.
    if (entry === undefined || (own !== undefined && own !== front)) return false;
    if (own !== undefined) this.#turnstile.shiftBroadcast();
    this.#deliverPlaced(entry);
    return true;
  }

  #runOperation(): boolean {
    try {
      return this.#turnstile.runOperation();
    } catch (thrown) {
      this.#port.report(asError(thrown));
      return true;
    }
  }

  #deliverPlaced(entry: LogEntry): void {
    this.#sequencer.advance(this.#clock());
    const number = this.#keep(entry, now());
    const wasUnplaced = this.#unplaced.delete(keyOf(entry));
    if (entry.origin !== this.#port.self && entry.origin !== "") this.#recent.note(entry.origin, entry.sequence);
    if (this.#wasOwed(entry) || wasUnplaced) this.#delivered.push(number);
    else if (entry.encoded !== undefined) this.#port.deliver(entry, this.position);
  }

  #wasOwed({ origin, sequence }: LogEntry): boolean {
    return origin === this.#port.self && this.#arrears.placed(sequence);
  }

  #deliverUnplaced({ broadcast, wanted, tried, outcome }: Pending): void {
    this.unplaced(broadcast.origin, broadcast.sequence);
    this.#port.deliver(broadcast, undefined);
    if (outcome === "deferred") this.#arrears.add({ broadcast, wanted, tried, since: now() });
    else if (outcome === "refused") this.#tell(broadcast);
  }

  #tell(broadcast: OwnBroadcast): void {
    this.#telling++;
    void this.#port.tell(broadcast).then(() => {
      this.#telling--;
    });
  }

  #keep({ encoded, options }: LogEntry, time: number): number {
    const history = this.#history;
    const { rooms, except = new Set() } = options;
    const number =
      encoded === undefined ? history.appendNothing(time) : history.append({ encoded, rooms, except }, time);
    while (history.size > this.#options.limits.maxEntries || history.bytes > this.#options.maxBytes) {
      history.dropOldest();
    }
    return number;
  }

  // --- what does not come by itself -----------------------------------------------------------------------------------

  /** Called every second or so. */
  sweep(time: number): void {
    if (!this.#isOpen) return;
    this.#arrears.sweep(time);
    this.timeline.note(time, this.#sequencer.last);
    this.#history.dropOlderThan(time - this.#options.limits.maxAge);
    const horizon = this.#history.first;
    if (this.#delivered.length > 0) this.#delivered = this.#delivered.filter((number) => number >= horizon);
    if (!this.#isUp || time - this.#lastCheck >= this.#options.checkInterval) void this.check();
  }

  /** The store may be back, if it was away: looks at once, not with the next sweep, until which nothing would be logged. */
  returned(): void {
    if (!this.#isOpen || (this.#isUp && this.#arrears.owed === 0)) return;
    const before = this.#checking ?? Promise.resolve(false);
    void before.then((isBack) => (isBack && this.#arrears.owed === 0) || this.check());
  }

  /** Reads what the log has and this node has not. `false`: the store does not answer. */
  check(): Promise<boolean> {
    this.#checking ??= this.#readOn().finally(() => {
      this.#checking = undefined;
    });
    return this.#checking;
  }

  async #readOn(): Promise<boolean> {
    this.#lastCheck = now();
    // Of what is added later, the answer may know nothing.
    const { latest } = this.#arrears;
    try {
      let after: LogPosition | undefined = this.position;
      while (after !== undefined && this.#isOpen) after = await this.#readPage(after);
      this.#answered();
      if (this.#isOpen) this.#settle(latest);
      return true;
    } catch (thrown) {
      if (this.#isOpen) this.#port.refused(asError(thrown));
      this.#isUp = false;
      return false;
    }
  }

  #settle(latest: number): void {
    this.#arrears.settle(latest);
    if (this.#arrears.owed > 0) this.returned();
  }

  /** The place from which to read on; `undefined` when nothing is left. */
  async #readPage(after: LogPosition): Promise<LogPosition | undefined> {
    const entries = await this.#store.read(this.#options.namespace, after, PAGE);
    if (!this.#isOpen) return undefined;
    if (entries === "trimmed") return this.#reopen();
    for (const { epoch, number, envelope } of entries) {
      this.#sequencer.offer({ epoch, number }, this.#entryOf(envelope), this.#clock());
    }
    this.#pump();
    return entries.length < PAGE ? undefined : entries.at(-1);
  }

  /** What could not be read has to hold its place, or nothing comes after it. */
  #entryOf(envelope: Uint8Array): LogEntry {
    const entry = this.#port.entryOf(envelope);
    if (entry === undefined) return UNREADABLE;
    return this.#pendingOf(entry)?.broadcast ?? entry;
  }

  /** The log is not what it was: it begins anew, or this node was away for too long. */
  async #reopen(): Promise<LogPosition | undefined> {
    const head = await this.#store.open(this.#options.namespace, this.#options.limits);
    if (head.epoch !== this.#sequencer.epoch) {
      this.#pastEpochs.add(this.#sequencer.epoch);
      // Who said one of them may have heard of no place before the log was gone, and gives it another one.
      for (const [origin, sequence] of this.#recent.all()) this.unplaced(origin, sequence);
      this.#jump({ epoch: head.epoch, number: 0 });
      this.#port.epochChanged();
      return this.position;
    }
    this.#skipTo(head);
    return undefined;
  }

  #skipTo(position: LogPosition): void {
    const count = position.number - this.#sequencer.last;
    this.#port.report(new ClusterError("ERR_SOCKEYE_CLUSTER_GAP", `${count} broadcasts are no longer in the log`));
    this.#jump(position);
  }

  #jump(to: LogPosition): void {
    this.#begin(to);
    for (const pending of this.#turnstile.allWaiting()) {
      const { position } = pending;
      const isPassedOver = position !== undefined && (position.epoch !== to.epoch || position.number <= to.number);
      if (isPassedOver) pending.outcome ??= "refused";
    }
    this.#pump();
  }

  #begin(position: LogPosition): void {
    this.#sequencer.jump(position, this.#clock());
    this.#history = new SharedLog(position.number + 1);
    this.#delivered = [];
    this.#arrears.forgetPlaces();
    this.timeline.reset();
  }

  /** One timer, while something waits. */
  #watch(): void {
    if (this.#timer !== undefined || !(this.#isOpen || this.#isOpening)) return;
    if (this.#turnstile.oldest === undefined && !this.#sequencer.hasGap) return;
    this.#dueAt = now() + TICK;
    this.#timer = setTimeout(() => this.#tick(), TICK);
    (this.#timer as { unref?(): void }).unref?.();
  }

  /** After a standstill of this process, what came meanwhile is still to be read. */
  #tick(): void {
    this.#timer = undefined;
    const late = now() - this.#dueAt;
    if (late > TICK) this.#stalled += late;
    const time = this.#clock();
    const missing = this.#sequencer.missingFor(time);
    if (missing > GAP_LIMIT) this.#skipTo(this.#sequencer.beforeFirstWaiting());
    else if (missing > GAP_PATIENCE) void this.check();
    this.#giveUp(time - this.#options.logTimeout);
    this.#watch();
  }

  /** Broadcasts that have waited since then get no place. */
  #giveUp(since: number): void {
    const { oldest } = this.#turnstile;
    if (oldest === undefined || oldest.since > since) return;
    this.#isUp = false;
    this.#isOpening = false;
    this.#unopened.length = 0;
    for (const pending of this.#turnstile.allWaiting()) if (pending.since <= since) pending.outcome ??= "refused";
    const message = "the recovery store does not say where a broadcast is in the log";
    this.#port.refused(new ClusterError("ERR_SOCKEYE_CLUSTER_PUBLISH", message));
    this.#pump();
  }

  /** For how long others may take: milliseconds, without those in which this process stood still. */
  #clock(): number {
    return now() - this.#stalled;
  }
}

const UNREADABLE: LogEntry = { origin: "", sequence: 0, options: { rooms: new Set() }, encoded: undefined };

function keyOf({ origin, sequence }: LogEntry): string {
  return `${origin}#${sequence}`;
}

/** Adds to a set that forgets the oldest. */
function remember(set: Set<string>, key: string): void {
  set.add(key);
  if (set.size <= MAX_REMEMBERED) return;
  const [oldest] = set;
  set.delete(oldest!);
}

function now(): number {
  return performance.now();
}
