import type { EncodedPacket } from "@sockeye/socketio-parser";
import type { Room, SocketId } from "../../names.js";
import type { LiveSession, MissedPacket, SessionRecord } from "../../recovery/contract.js";
import { Membership } from "../../recovery/membership.js";
import type { MemoryLogOptions } from "../../recovery/options.js";
import type { NodeId } from "../contract.js";
import { ClusterError } from "../errors.js";
import { ClusterSession } from "./cluster-session.js";
import type { LogPosition, RecoveryStore, StoredRecord } from "./contract.js";
import { PendingMoves } from "./pending-moves.js";
import type { Resumption } from "./resumption.js";
import { encodePrivateEvent } from "./session-record.js";
import { SessionWriter } from "./session-writer.js";
import type { SharedOrder } from "./shared-order.js";

export interface SessionsOptions extends MemoryLogOptions {
  readonly namespace: string;
  readonly self: NodeId;
  /** Milliseconds after which the store is told that a session still lives. */
  readonly touchInterval: number;
  /** Milliseconds for which the store keeps a session that it hears nothing of. */
  readonly lifetime: number;
  report(error: unknown): void;
}

/** All data is looked at once in this many sweeps. */
const DATA_SWEEPS = 5;

/** A session that was resumed and not opened within this many milliseconds is forgotten. */
const RESUMPTION_LIMIT = 60_000;

/**
 * The sessions of one namespace on this node: those that are live, and those that ended here and may still be written to. The
 * store has their records from the beginning, so that they outlive the node.
 */
export class ClusterSessions {
  /** Joins and leaves whose turn has not come. */
  readonly moves = new PendingMoves();
  readonly writer: SessionWriter;
  readonly #order: SharedOrder;
  readonly #options: SessionsOptions;
  readonly #sessions = new Map<string, ClusterSession>();
  readonly #live = new Map<SocketId, ClusterSession>();
  /** In the order in which they ended. */
  readonly #asleep = new Map<string, ClusterSession>();
  readonly #resumed = new Map<string, Resumption>();
  #sweeps = 0;

  constructor(store: RecoveryStore, order: SharedOrder, options: SessionsOptions) {
    this.#order = order;
    this.#options = options;
    this.writer = new SessionWriter(store, {
      namespace: options.namespace,
      lifetime: options.lifetime,
      maxBytes: options.maxTotalPrivateBytes,
      recordOf: (pid) => this.#recordOf(pid),
      saved: (pids) => this.#saved(pids),
      failed: options.report,
    });
  }

  get size(): number {
    return this.#sessions.size;
  }

  get sleeping(): number {
    return this.#asleep.size;
  }

  isLive(pid: string): boolean {
    return this.#sessions.get(pid)?.isLive === true;
  }

  /** Whether it was resumed here, and its new connection does not stand yet. */
  isResumed(pid: string): boolean {
    return this.#resumed.has(pid);
  }

  /** Number of the last event that was sent to a session alone. */
  lastPrivateOf(pid: string): number | undefined {
    return this.#sessions.get(pid)?.lastPrivate;
  }

  // --- beginning and end ----------------------------------------------------------------------------------------------

  /** Returns what a session that was resumed has missed since. */
  open(live: LiveSession): readonly MissedPacket[] {
    const resumption = this.#resumed.get(live.pid);
    const session = this.#sessionOf(live, this.#order.position);
    const late = resumption?.sinceThen() ?? [];
    session.begin(live);
    this.#live.set(live.sid, session);
    if (resumption !== undefined) this.#recordMoves(session, resumption.rooms, live.rooms);
    this.writer.save(live.pid);
    return late;
  }

  persist(record: SessionRecord): void {
    const known = this.#sessions.get(record.pid);
    if (known?.isLive === false) return;
    const session = this.#sessionOf(record, { epoch: this.#order.position.epoch, number: 0 });
    if (this.#live.get(session.sid) === session) this.#live.delete(session.sid);
    session.fallAsleep(record, now());
    this.#asleep.set(session.pid, session);
    if (this.#asleep.size > this.#options.maxSessions) this.#forgetOldest();
    // What was done for it before its end is still to be written down.
    this.#order.afterPlaces(() => this.#finish(session));
  }

  forget(pid: string): void {
    const resumption = this.#resumed.get(pid);
    const session = this.#sessions.get(pid);
    this.#drop(pid);
    if (session !== undefined) this.writer.remove({ pid, incarnation: session.incarnation });
    else if (resumption !== undefined) this.writer.remove({ pid, incarnation: resumption.incarnation });
  }

  /** It is over; what another node may still write of it does not stay. */
  end(pid: string, incarnation: number): void {
    this.#drop(pid);
    this.writer.remove({ pid, incarnation });
  }

  /** The session is taken out of the store; here it goes on when it is opened or persisted. */
  resumed(pid: string, resumption: Resumption): void {
    this.#drop(pid);
    this.#resumed.set(pid, resumption);
  }

  /** Nothing was resumed after all: it waits on, as if it had ended here. */
  putBack(pid: string, resumption: Resumption): void {
    this.resumed(pid, resumption);
    const { sid, rooms, data } = resumption.record;
    this.persist({ pid, sid, rooms, data });
  }

  #sessionOf(of: Pick<LiveSession, "pid" | "sid">, start: LogPosition): ClusterSession {
    const resumption = this.#resumed.get(of.pid);
    const known = this.#sessions.get(of.pid);
    if (resumption === undefined && known !== undefined) return known;
    const session = new ClusterSession(of, resumption?.incarnation ?? 1, resumption?.start ?? start);
    this.#sessions.set(of.pid, session);
    if (resumption !== undefined) this.#continue(session, resumption);
    return session;
  }

  /** Its peer may come back once more for what it has missed. */
  #continue(session: ClusterSession, resumption: Resumption): void {
    this.#resumed.delete(session.pid);
    session.membership = new Membership(resumption.record.changes, resumption.record.forgottenUpTo);
    session.continue(resumption);
  }

  #finish(session: ClusterSession): void {
    const { position, timeline, delivered } = this.#order;
    const received = timeline.reachedAt(now() - this.#options.cutNoticedWithin) ?? 0;
    session.finish({ at: position.number, received, delivered: session.alsoDelivered(delivered) });
    this.writer.save(session.pid);
  }

  #drop(pid: string): void {
    this.#resumed.delete(pid);
    this.#asleep.delete(pid);
    const session = this.#sessions.get(pid);
    if (session === undefined) return;
    this.#sessions.delete(pid);
    if (this.#live.get(session.sid) === session) this.#live.delete(session.sid);
  }

  #forgetOldest(): void {
    const [pid] = this.#asleep.keys();
    this.#drop(pid!);
  }

  // --- to another node ------------------------------------------------------------------------------------------------

  /** The peer of a session is back on another node: resolves when the store has what this node knows of it. */
  async release(pid: string): Promise<void> {
    const resumption = this.#resumed.get(pid);
    if (resumption !== undefined) this.putBack(pid, resumption);
    this.#sessions.get(pid)?.live?.abandon?.();
    // Its end may wait for its turn.
    await new Promise<void>((resolve) => this.#order.afterPlaces(resolve));
    await this.writer.flush();
  }

  // --- rooms ----------------------------------------------------------------------------------------------------------

  moved(id: SocketId, room: Room, joined: boolean): void {
    const session = this.#live.get(id);
    if (session === undefined) return;
    if (!this.#order.behind) {
      this.#recordMove(session, room, joined);
      return;
    }
    const move = { id, room, joined };
    this.moves.add(move);
    const settle = (): void => {
      this.moves.settle(move);
      this.#recordMove(session, room, joined);
    };
    this.#order.after(settle, id);
  }

  #recordMove(session: ClusterSession, room: Room, joined: boolean): void {
    const { position, history } = this.#order;
    session.membership.forgetBefore(history.first);
    const nothingToMiss = position.number === session.start.number;
    if (!nothingToMiss) session.membership.record(room, joined, position.number, this.#options.maxRoomChanges);
    this.writer.save(session.pid);
  }

  #recordMoves(session: ClusterSession, before: readonly Room[], rooms: ReadonlySet<Room>): void {
    const known = new Set(before);
    for (const room of known) if (!rooms.has(room)) this.#recordMove(session, room, false);
    for (const room of rooms) if (!known.has(room)) this.#recordMove(session, room, true);
  }

  // --- events to one session alone ------------------------------------------------------------------------------------

  /** The socket of a session that ended here, and may have gone on elsewhere. */
  sleeper(pid: string): SocketId | undefined {
    const session = this.#asleep.get(pid);
    return session === undefined || session.isOpen ? undefined : session.sid;
  }

  /** Its number; `undefined` when there is no such session, or it sleeps. */
  appendPrivate(pid: string, encoded: EncodedPacket): number | undefined {
    const session = this.#sessions.get(pid);
    if (session?.isOpen !== true) return undefined;
    const { epoch, number: sharedPosition } = this.#order.position;
    const { lastPrivate: previous, lastPrivateAt: previousAt, incarnation } = session;
    const number = previous + 1;
    const bytes = encodePrivateEvent({ number, epoch, sharedPosition, previous, previousAt, encoded });
    session.lastPrivate = number;
    session.lastPrivateAt = sharedPosition;
    this.writer.append({ pid, incarnation, number, bytes });
    return number;
  }

  // --- the store ------------------------------------------------------------------------------------------------------

  #recordOf(pid: string): StoredRecord | undefined {
    const session = this.#sessions.get(pid);
    if (session === undefined || (!session.isLive && !session.isFinished)) return undefined;
    const bytes = this.#encode(session);
    if (bytes === undefined) return undefined;
    session.writtenAt = now();
    const owner = session.isLive ? this.#options.self : undefined;
    return { pid, incarnation: session.incarnation, bytes, owner };
  }

  #encode(session: ClusterSession): Uint8Array | undefined {
    try {
      const bytes = session.encode(this.#order.position);
      session.isBroken = false;
      return bytes;
    } catch (cause) {
      this.#reportBroken(session, cause);
      return undefined;
    }
  }

  /** A session whose data cannot be written down cannot be resumed: better than one with other data. */
  #reportBroken(session: ClusterSession, cause: unknown): void {
    if (session.isBroken) return;
    session.isBroken = true;
    this.writer.remove({ pid: session.pid, incarnation: session.incarnation });
    const message = "the data of a socket cannot be written down: its session cannot be recovered";
    this.#options.report(new ClusterError("ERR_SOCKEYE_CLUSTER_UNSERIALIZABLE", message, { cause }));
  }

  #saved(pids: readonly string[]): void {
    for (const pid of pids) {
      const session = this.#sessions.get(pid);
      if (session?.isFinished && !this.writer.isDirty(pid)) session.forgetRecord();
    }
  }

  /** The store lost everything, or may have: what lives is written anew. */
  writeAll(): void {
    for (const pid of this.#sessions.keys()) this.writer.save(pid);
  }

  epochChanged(position: LogPosition): void {
    for (const session of this.#live.values()) session.startAnew(position);
    this.writeAll();
  }

  /** Called every second or so. */
  sweep(time: number): void {
    this.#sweeps++;
    this.writer.retry();
    this.#forgetExpired(time);
    let nth = 0;
    for (const session of this.#live.values()) {
      if (nth++ % DATA_SWEEPS === this.#sweeps % DATA_SWEEPS) this.#lookAtData(session);
      if (time - session.writtenAt < this.#options.touchInterval) continue;
      session.writtenAt = time;
      this.writer.touch({ pid: session.pid, incarnation: session.incarnation });
    }
  }

  #lookAtData(session: ClusterSession): void {
    try {
      if (session.hasNewData()) this.writer.save(session.pid);
    } catch (cause) {
      this.#reportBroken(session, cause);
    }
  }

  #forgetExpired(time: number): void {
    for (const [pid, { endedAt = time }] of this.#asleep) {
      if (time - endedAt < this.#options.lifetime) break;
      this.#drop(pid);
    }
    for (const [pid, { since }] of this.#resumed) {
      if (time - since < RESUMPTION_LIMIT) break;
      this.#resumed.delete(pid);
    }
  }

  /** Writes what there is to write, and lets go. */
  async close(): Promise<void> {
    await this.writer.flush();
    this.#sessions.clear();
    this.#live.clear();
    this.#asleep.clear();
    this.#resumed.clear();
  }
}

function now(): number {
  return performance.now();
}
