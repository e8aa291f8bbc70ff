import type { EncodedPacket } from "@sockeye/socketio-parser";
import type { Room, SocketId } from "../names.js";
import { RoomIndex } from "../rooms.js";
import { selectsAnyone } from "../select.js";
import type { AdapterLog } from "./adapter-log.js";
import type { LiveSession, MissedPacket, RecoveryFailure, ResumeResult, SessionRecord } from "./contract.js";
import { encodedBytes } from "./encoded-bytes.js";
import { inOrderOfSending } from "./missed-packets.js";
import { createTag, formatOffset, type Offset, parseOffset } from "./offset.js";
import { type MemoryLogOptions, memoryLogOptions } from "./options.js";
import type { PrivateLog } from "./private-log.js";
import { RecoverableSession } from "./session.js";
import { EVERYONE, type SharedEntry, SharedLog } from "./shared-log.js";

const UNOBSERVED = { roomCreated() {}, roomDeleted() {}, joined() {}, left() {} };

/** What is missed between two synchronous calls. */
const NOTHING: readonly MissedPacket[] = [];

/** The log is looked through for what has expired this often, while there is something in it. */
const SWEEP_INTERVAL = 10_000;

/** What a {@link MemoryLog} asks of the adapter it belongs to. */
export interface LogOwner {
  /** Whether a present socket is among the recipients. */
  reachesAnyone(entry: SharedEntry): boolean;
}

/**
 * Connection state recovery in the memory of one process; every call is synchronous. Three things are kept: the
 * broadcasts in their order, per session the events for it alone, and the sessions, live and asleep. All of it is
 * bounded by {@link MemoryLogOptions}. What a limit has pushed out is never skipped silently: who may have missed it is
 * told `trimmed`.
 */
export class MemoryLog implements AdapterLog {
  readonly tag = createTag();
  readonly #options: MemoryLogOptions;
  readonly #owner: LogOwner;
  readonly #shared = new SharedLog();
  readonly #sessions = new Map<string, RecoverableSession>();
  readonly #live = new Map<SocketId, RecoverableSession>();
  /** In the order in which they fell asleep, which is that of their expiry. */
  readonly #asleep = new Map<string, RecoverableSession>();
  /** Rooms of the sessions asleep, by pid: whether a broadcast is worth keeping must not cost a walk over sessions. */
  readonly #sleepers = new RoomIndex(UNOBSERVED);
  /** The last sessions that expired, so that a late peer hears `expired` and not `unknown`. */
  readonly #expired = new Set<string>();
  #privateBytes = 0;
  #sweepTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(owner: LogOwner, options: Partial<MemoryLogOptions> = {}) {
    this.#owner = owner;
    this.#options = memoryLogOptions(options);
  }

  get maxDisconnectionDuration(): number {
    return this.#options.maxDisconnectionDuration;
  }

  head(): string {
    return formatOffset(this.tag, this.#shared.last);
  }

  position(pid: string): string | undefined {
    const session = this.#sessions.get(pid);
    return session && formatOffset(this.tag, this.#shared.last, session.privateLog?.last);
  }

  /** Appends a recoverable broadcast and returns its offset; `undefined` when nobody could ever ask for it. */
  append(entry: SharedEntry): string | undefined {
    if (!this.#owner.reachesAnyone(entry) && !this.isAwaitedBySleepers(entry)) return undefined;
    const position = this.#shared.append(entry, now());
    while (this.#shared.size > this.#options.maxEntries || this.#shared.bytes > this.#options.maxBytes) {
      this.#shared.dropOldest();
    }
    this.#sweepLater();
    return formatOffset(this.tag, position);
  }

  isAwaitedBySleepers(audience: Pick<SharedEntry, "rooms" | "except">): boolean {
    return selectsAnyone(this.#sleepers, audience);
  }

  open(live: LiveSession): readonly MissedPacket[] {
    let session = this.#sessions.get(live.pid);
    if (session === undefined) {
      session = new RecoverableSession(live, this.#shared.last);
      this.#sessions.set(live.pid, session);
    } else {
      const known = session;
      this.#stopSleeping(session);
      session.wakeUp(live.rooms, (room, joined) => this.#recordChange(known, room, joined));
    }
    this.#live.set(live.sid, session);
    return NOTHING;
  }

  joined(room: Room, id: SocketId): void {
    const session = this.#live.get(id);
    if (session !== undefined) this.#recordChange(session, room, true);
  }

  left(room: Room, id: SocketId): void {
    const session = this.#live.get(id);
    if (session !== undefined) this.#recordChange(session, room, false);
  }

  appendPrivate(pid: string, encoded: EncodedPacket): string | undefined {
    const session = this.#sessions.get(pid);
    if (session === undefined) return undefined;
    const number = session.openPrivateLog().append(encoded, this.#shared.last, now());
    this.#privateBytes += encodedBytes(encoded);
    this.#keepWithinLimits(session);
    this.#sweepLater();
    return formatOffset(this.tag, this.#shared.last, number);
  }

  persist(record: SessionRecord): void {
    const session = this.#sessions.get(record.pid) ?? this.#adopt(record);
    this.#stopSleeping(session);
    this.#live.delete(session.sid);
    session.fallAsleep(record, now());
    this.#asleep.set(session.pid, session);
    this.#sleepers.addAll(session.pid, session.rooms);
    if (this.#asleep.size > this.#options.maxSessions) this.#expireOldest();
    this.#sweepLater();
  }

  forget(pid: string): void {
    const session = this.#sessions.get(pid);
    if (session === undefined) return;
    this.#stopSleeping(session);
    if (this.#live.get(session.sid) === session) this.#live.delete(session.sid);
    this.#sessions.delete(pid);
    this.#privateBytes -= session.privateLog?.bytes ?? 0;
  }

  resume(pid: string, reported: string | undefined): ResumeResult {
    this.#expireSleepers();
    const session = this.#asleep.get(pid);
    if (session === undefined) return failure(this.#expired.delete(pid) ? "expired" : "unknown");
    const offset = reported === undefined ? { shared: session.start, private: 0 } : parseOffset(this.tag, reported);
    const missed = offset === undefined ? "invalid-offset" : this.#missedSince(offset, session);
    if (typeof missed === "string") {
      this.forget(pid);
      return failure(missed);
    }
    this.#stopSleeping(session);
    session.takeOut();
    return { ok: true, session: session.record!, missed };
  }

  inspect(): { sessions: number; sleeping: number; entries: number; bytes: number } {
    let entries = this.#shared.size;
    for (const session of this.#sessions.values()) entries += session.privateLog?.size ?? 0;
    const bytes = this.#shared.bytes + this.#privateBytes;
    return { sessions: this.#sessions.size, sleeping: this.#asleep.size, entries, bytes };
  }

  close(): void {
    clearTimeout(this.#sweepTimer);
    this.#sweepTimer = undefined;
    for (const pid of [...this.#sessions.keys()]) this.forget(pid);
  }

  /** A session that was never opened here (the incumbent's server only tells of its end): it began with the log. */
  #adopt(record: SessionRecord): RecoverableSession {
    const session = new RecoverableSession({ ...record, rooms: new Set(record.rooms) }, 0);
    this.#sessions.set(record.pid, session);
    return session;
  }

  #stopSleeping(session: RecoverableSession): void {
    if (this.#asleep.delete(session.pid)) this.#sleepers.delAll(session.pid);
  }

  #recordChange(session: RecoverableSession, room: Room, joined: boolean): void {
    session.membership.forgetBefore(this.#shared.first);
    const nothingToMiss = this.#shared.size === 0 || this.#shared.last === session.start;
    if (!nothingToMiss) session.membership.record(room, joined, this.#shared.last, this.#options.maxRoomChanges);
  }

  #keepWithinLimits(session: RecoverableSession): void {
    const { maxPrivateEntries, maxPrivateBytes, maxTotalPrivateBytes } = this.#options;
    this.#dropPrivate(session, (log) => log.dropBeyond(maxPrivateEntries, maxPrivateBytes));
    if (this.#privateBytes <= maxTotalPrivateBytes) return;
    const equalPart = maxTotalPrivateBytes / this.#sessions.size;
    this.#dropPrivate(session, (log) => log.dropBeyond(maxPrivateEntries, equalPart));
  }

  #dropPrivate(session: RecoverableSession, drop: (log: PrivateLog) => void): void {
    const log = session.privateLog;
    if (log === undefined) return;
    const before = log.bytes;
    drop(log);
    this.#privateBytes += log.bytes - before;
  }

  #missedSince(offset: Offset, session: RecoverableSession): MissedPacket[] | RecoveryFailure {
    if (!this.#isPossible(offset, session)) return "invalid-offset";
    if (this.#hasLost(offset, session) || offset.shared < session.membership.forgottenUpTo) return "trimmed";
    const audiences = [EVERYONE, ...session.membership.roomsSince(offset.shared, session.rooms)] as const;
    const candidates = this.#shared.readBackwards(offset.shared, audiences);
    const broadcasts = session.membership.filterBackwards(candidates, session.rooms).reverse();
    const events = session.privateLog?.readAfter(offset) ?? [];
    return inOrderOfSending(broadcasts, events, (shared, number) => formatOffset(this.tag, shared, number));
  }

  /** A peer can have received no more than was sent, and nothing from before its session. */
  #isPossible(offset: Offset, session: RecoverableSession): boolean {
    const { shared, private: number = 0 } = offset;
    return shared >= session.start && shared <= this.#shared.last && number <= (session.privateLog?.last ?? 0);
  }

  /** Whether something this peer may have missed is gone. What was dropped long before the end had been received. */
  #hasLost(offset: Offset, session: RecoverableSession): boolean {
    const received = session.asleepSince - this.#options.cutNoticedWithin;
    const log = session.privateLog;
    return (
      (offset.shared + 1 < this.#shared.first && this.#shared.droppedTime > received) ||
      (log?.hasDroppedAfter(offset) === true && log.droppedTime > received)
    );
  }

  #expireSleepers(): void {
    const latest = now() - this.#options.maxDisconnectionDuration;
    for (const session of this.#asleep.values()) {
      if (session.asleepSince > latest) return;
      this.#expireOldest();
    }
  }

  #expireOldest(): void {
    const [pid] = this.#asleep.keys();
    this.forget(pid!);
    this.#expired.add(pid!);
    if (this.#expired.size > this.#options.maxSessions) {
      const [oldest] = this.#expired;
      this.#expired.delete(oldest!);
    }
  }

  #sweepLater(): void {
    if (this.#sweepTimer !== undefined) return;
    this.#sweepTimer = setTimeout(() => this.#sweep(), SWEEP_INTERVAL);
    // Only Node's timers can keep a process alive, and only they can be told not to.
    (this.#sweepTimer as { unref?(): void }).unref?.();
  }

  #sweep(): void {
    this.#sweepTimer = undefined;
    this.#expireSleepers();
    const oldest = now() - this.#options.maxDisconnectionDuration - this.#options.cutNoticedWithin;
    this.#shared.dropOlderThan(oldest);
    let privateEvents = 0;
    for (const session of this.#sessions.values()) {
      this.#dropPrivate(session, (log) => log.dropOlderThan(oldest));
      privateEvents += session.privateLog?.size ?? 0;
    }
    if (this.#shared.size + this.#asleep.size + privateEvents > 0) this.#sweepLater();
  }
}

function now(): number {
  return performance.now();
}

function failure(reason: RecoveryFailure): ResumeResult {
  return { ok: false, reason };
}
