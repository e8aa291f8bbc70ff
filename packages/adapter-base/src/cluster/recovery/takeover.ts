import { asError } from "../../errors.js";
import type { RecoveryFailure, ResumeResult } from "../../recovery/contract.js";
import { SharedLog } from "../../recovery/shared-log.js";
import type { NodeId } from "../contract.js";
import type { ClusterSessions } from "./cluster-sessions.js";
import type { RecoveryStore, TakenSession } from "./contract.js";
import { type ClusterOffset, formatOffset, parseOffset } from "./offset.js";
import { Resumption, type TakenState } from "./resumption.js";
import { decodePrivateEvent, decodeSession, type StoredSession } from "./session-record.js";
import type { LogEntry, SharedOrder } from "./shared-order.js";

export interface TakeoverPort {
  readonly self: NodeId;
  /** Whether a node may be in the cluster, as far as is known. */
  mayBeMember(node: NodeId): boolean;
  /** Asks the node that has a session to let go of it; resolves when it has, or did not in time. */
  askFor(node: NodeId, pid: string): Promise<void>;
  entryOf(envelope: Uint8Array): LogEntry | undefined;
  report(error: Error): void;
}

export interface TakeoverOptions {
  readonly namespace: string;
  readonly tag: string;
  readonly port: TakeoverPort;
  /** Milliseconds a session can be resumed after its end. */
  readonly longestSleep: number;
  /** Milliseconds a live session may go without being written or touched. */
  readonly touchInterval: number;
  /** What a session was sent longer ago than this, in milliseconds, before the store heard of it last, it has received. */
  readonly receivedAfter: number;
}

const PAGE = 500;

/** A session that changes its owner more often than this while it is asked for is left to them. */
const MOST_OWNERS = 8;

/** What peers report as their session is looked up if it is no longer than this. */
const LONGEST_PID = 256;

/** Why nothing is resumed. */
class Refusal {
  constructor(readonly reason: RecoveryFailure) {}
}

/**
 * How a session comes to this node: taken over in the store, once the node that has it has let go of it, and then given what it
 * has missed, from where its peer was up to where this node is. What is broadcast from then on reaches it here, so nothing is
 * missed in between and nothing comes twice.
 */
export class Takeover {
  /** Resumptions under way, by session. */
  readonly #underway = new Map<string, Promise<unknown>>();

  constructor(
    private readonly store: RecoveryStore,
    private readonly order: SharedOrder,
    private readonly sessions: ClusterSessions,
    private readonly options: TakeoverOptions,
  ) {}

  /** Of two for one session, the second waits for what becomes of the first. */
  resume(pid: string, reported: string | undefined): Promise<ResumeResult> {
    const result = this.#resumeAfter(this.#underway.get(pid), pid, reported);
    this.#underway.set(pid, result);
    result.then(() => {
      if (this.#underway.get(pid) === result) this.#underway.delete(pid);
    });
    return result;
  }

  /** Another node wants a session of this one: resolves when the store has all that is known here. */
  async release(pid: string): Promise<void> {
    await hasArrived(this.#underway.get(pid));
    await this.sessions.release(pid);
  }

  async #resumeAfter(
    other: Promise<unknown> | undefined,
    pid: string,
    reported: string | undefined,
  ): Promise<ResumeResult> {
    await hasArrived(other);
    if (pid.length > LONGEST_PID || this.sessions.isLive(pid) || this.sessions.isResumed(pid))
      return failure("unknown");
    return this.#settle(pid, reported);
  }

  async #settle(pid: string, reported: string | undefined): Promise<ResumeResult> {
    try {
      return await this.#resume(pid, reported);
    } catch (thrown) {
      if (thrown instanceof Refusal) return failure(thrown.reason);
      this.options.port.report(asError(thrown));
      return failure("unavailable");
    }
  }

  async #resume(pid: string, reported: string | undefined): Promise<ResumeResult> {
    const { taken, wasLive } = await this.#take(pid);
    const state = await this.#read(pid, taken);
    const { longestSleep, touchInterval } = this.options;
    try {
      // One that was live may not have been touched for that long.
      if (taken.idle > longestSleep + (wasLive ? touchInterval : 0)) throw new Refusal("expired");
      return await this.#replay(pid, reported, state, taken.idle);
    } catch (thrown) {
      const isOver = thrown instanceof Refusal && thrown.reason !== "unavailable";
      if (isOver) this.sessions.end(pid, state.incarnation);
      else this.sessions.putBack(pid, this.#resumptionOf(state));
      throw thrown;
    }
  }

  /** From the store; what this node, or the one that has it, had yet to write is there then. */
  async #take(pid: string): Promise<{ taken: TakenSession; wasLive: boolean }> {
    const { namespace, port } = this.options;
    const isKnown = (await this.order.placed()) && (await this.sessions.writer.flush());
    if (!isKnown) throw new Refusal("unavailable");
    let taken = await this.store.take(namespace, pid, port.self);
    let owner: NodeId | undefined;
    // A peer that is cut again and again may be on its way to several nodes.
    for (let attempt = 0; taken !== undefined && "owner" in taken && attempt < MOST_OWNERS; attempt++) {
      owner = taken.owner;
      if (owner !== port.self && port.mayBeMember(owner)) await port.askFor(owner, pid);
      // Whether it has answered or not: the peer is here.
      taken = await this.store.take(namespace, pid, port.self, owner);
    }
    if (taken === undefined || "owner" in taken) throw new Refusal("unknown");
    return { taken, wasLive: owner !== undefined };
  }

  async #read(pid: string, taken: TakenSession): Promise<TakenState> {
    try {
      return stateOf(taken);
    } catch (thrown) {
      // Of another version, perhaps: a node of that version may read it.
      const { namespace, longestSleep } = this.options;
      await this.store.save(namespace, [{ pid, incarnation: taken.incarnation, bytes: taken.bytes }], longestSleep);
      throw thrown;
    }
  }

  // --- what it has missed ---------------------------------------------------------------------------------------------

  async #replay(pid: string, reported: string | undefined, state: TakenState, idle: number): Promise<ResumeResult> {
    const { record } = state;
    const offset = this.#offsetOf(reported, record);
    await this.#catchUp(offset, state);
    const resumption = this.#resumptionOf(state);
    const missed = await this.#missedBy(resumption, offset, idle);
    if (typeof missed === "string") throw new Refusal(missed);
    this.sessions.resumed(pid, resumption);
    const { sid, rooms, data } = record;
    return { ok: true, session: { pid, sid, rooms, data }, missed };
  }

  /** Reads older parts of the log until it is whole; what happens in that time happens before the last look. */
  async #missedBy(resumption: Resumption, offset: ClusterOffset, idle: number) {
    const { record } = resumption;
    const seen = performance.now() - idle - this.options.receivedAfter;
    let older: SharedLog | undefined;
    for (;;) {
      this.#check(offset, record);
      const after = older === undefined ? this.#firstNeeded(offset, record, seen) : older.first - 1;
      const { history } = this.order;
      const covered = older?.last ?? after;
      if (covered + 1 >= history.first) {
        return resumption.missedSince(offset, after, older === undefined ? [history] : [older, history]);
      }
      older ??= new SharedLog(after + 1);
      await this.#readOn(older, offset.epoch);
    }
  }

  #offsetOf(reported: string | undefined, record: StoredSession): ClusterOffset {
    if (reported === undefined) return { epoch: record.epoch, shared: record.start, private: 0 };
    const offset = parseOffset(this.options.tag, reported);
    if (offset === undefined) throw new Refusal("invalid-offset");
    return offset;
  }

  /** This node has to have delivered all that the session was sent elsewhere, or it would deliver that once more. */
  async #catchUp(offset: ClusterOffset, { record, events }: TakenState): Promise<void> {
    const needed = Math.max(record.at, offset.shared, events.at(-1)?.sharedPosition ?? 0);
    const isBehind = (): boolean => {
      const { epoch, number } = this.order.position;
      return epoch !== record.epoch || number < needed;
    };
    // A check that was under way already may have looked before.
    for (let attempt = 0; attempt < 2 && isBehind(); attempt++) {
      if (!(await this.order.check())) throw new Refusal("unavailable");
      await this.order.drained();
    }
  }

  /** A peer can have received no more than was sent, and nothing from before its session. */
  #check(offset: ClusterOffset, record: StoredSession): void {
    const { epoch, number } = this.order.position;
    if (record.epoch !== epoch || offset.epoch !== epoch) throw new Refusal("trimmed");
    if (offset.shared < record.start || offset.shared > number) throw new Refusal("invalid-offset");
  }

  /** The place after which the log has to be looked at. A peer in quiet rooms has an old offset though it missed nothing. */
  #firstNeeded({ shared }: ClusterOffset, record: StoredSession, seen: number): number {
    const { history, timeline } = this.order;
    if (shared + 1 >= history.first) return shared;
    const received = Math.max(shared, record.received, timeline.reachedAt(seen) ?? 0);
    return Math.min(received, history.first - 1);
  }

  /** What this node no longer has, or never had. */
  async #readOn(log: SharedLog, epoch: string): Promise<void> {
    const entries = await this.store.read(this.options.namespace, { epoch, number: log.last }, PAGE);
    if (entries === "trimmed" || entries.length === 0) throw new Refusal("trimmed");
    const time = performance.now();
    for (const { envelope } of entries) this.#keep(log, envelope, time);
  }

  #keep(log: SharedLog, envelope: Uint8Array, time: number): void {
    const entry = this.options.port.entryOf(envelope);
    if (entry?.encoded === undefined) log.appendNothing(time);
    else {
      const { rooms, except = new Set() } = entry.options;
      log.append({ encoded: entry.encoded, rooms, except }, time);
    }
  }

  // --- how it ends ----------------------------------------------------------------------------------------------------

  #resumptionOf(state: TakenState): Resumption {
    const { order } = this;
    const { epoch } = state.record;
    return new Resumption(state, performance.now(), order, (number, privateNumber) =>
      formatOffset(this.options.tag, { epoch, number }, privateNumber),
    );
  }
}

/** Events of an epoch that is over are no longer asked for. */
function stateOf({ incarnation, bytes, events }: TakenSession): TakenState {
  const record = decodeSession(bytes);
  const byNumber = new Map(events.map((event) => [event.number, event]));
  const decoded = [...byNumber.values()]
    .map((event) => decodePrivateEvent(event.number, event.bytes))
    .filter(({ epoch }) => epoch === record.epoch)
    .sort((a, b) => a.number - b.number);
  return { incarnation, record, events: decoded };
}

/** A session that is on its way to a connection here has arrived, or has not: who resumed it acts in the same turn. */
async function hasArrived(resumption: Promise<unknown> | undefined): Promise<void> {
  if (resumption === undefined) return;
  await resumption;
  await new Promise((resolve) => setTimeout(resolve, 0));
}

function failure(reason: RecoveryFailure): ResumeResult {
  return { ok: false, reason };
}
