import type { Room } from "../../names.js";
import type { MissedPacket, RecoveryFailure } from "../../recovery/contract.js";
import { Membership } from "../../recovery/membership.js";
import { inOrderOfSending } from "../../recovery/missed-packets.js";
import { EVERYONE, type LoggedBroadcast, type SharedLog } from "../../recovery/shared-log.js";
import type { LogPosition } from "./contract.js";
import type { ClusterOffset } from "./offset.js";
import type { StoredPrivateEvent, StoredSession } from "./session-record.js";

/** What was taken over. */
export interface TakenState {
  readonly incarnation: number;
  readonly record: StoredSession;
  /** In order, each number once. */
  readonly events: readonly StoredPrivateEvent[];
}

/** A log, or a part of one; of several the younger ones come last, each goes on where the one before ends. */
export type LogParts = readonly SharedLog[];

/** Where this node is in the log, and what it keeps of it. */
export interface LogView {
  readonly position: LogPosition;
  readonly history: SharedLog;
}

/** A session that was taken out, on its way to its new connection. */
export class Resumption {
  readonly record: StoredSession;
  readonly incarnation: number;
  readonly start: LogPosition;
  readonly #membership: Membership;
  readonly #log: LogView;
  readonly #offsetOf: (shared: number, number?: number) => string;
  readonly #events: readonly StoredPrivateEvent[];
  #lastPrivate: number;
  #lastPrivateAt: number;
  #upTo: LogPosition;

  constructor(
    { record, incarnation, events }: TakenState,
    readonly since: number,
    log: LogView,
    offsetOf: (shared: number, number?: number) => string,
  ) {
    this.record = record;
    this.incarnation = incarnation;
    this.start = { epoch: record.epoch, number: record.start };
    this.#membership = new Membership(record.changes, record.forgottenUpTo);
    this.#events = events;
    const last = events.at(-1);
    this.#lastPrivate = Math.max(record.lastPrivate, last?.number ?? 0);
    this.#lastPrivateAt = Math.max(record.lastPrivateAt, last?.sharedPosition ?? 0);
    this.#log = log;
    this.#upTo = log.position;
    this.#offsetOf = offsetOf;
  }

  get rooms(): readonly Room[] {
    return this.record.rooms;
  }

  get delivered(): readonly number[] {
    return this.record.delivered;
  }

  /** Number of the last event that was sent to it alone, as far as is known. */
  get lastPrivate(): number {
    return this.#lastPrivate;
  }

  get lastPrivateAt(): number {
    return this.#lastPrivateAt;
  }

  /**
   * What was sent after an offset, up to where this node is. `after`: the entry from which on the log is looked at, in `parts`, the
   * older first.
   */
  missedSince(offset: ClusterOffset, after: number, parts: LogParts): readonly MissedPacket[] | RecoveryFailure {
    if (after < this.#membership.forgottenUpTo || this.#hasLostEvents(offset)) return "trimmed";
    const events = this.#events.filter(({ number, sharedPosition }) => !isReceived(offset, number, sharedPosition));
    // A peer may have received more than its node could still write down.
    this.#lastPrivate = Math.max(this.#lastPrivate, offset.private ?? 0);
    this.#upTo = this.#log.position;
    return inOrderOfSending(this.#broadcastsAfter(after, parts), events, this.#offsetOf);
  }

  /** What was broadcast since `missedSince`. */
  sinceThen(): readonly MissedPacket[] {
    const { history, position } = this.#log;
    if (position.epoch !== this.#upTo.epoch || position.number === this.#upTo.number) return [];
    return inOrderOfSending(this.#broadcastsAfter(this.#upTo.number, [history]), [], this.#offsetOf);
  }

  /** Those that were for it, by the rooms it was in when they were sent. */
  #broadcastsAfter(after: number, parts: LogParts): LoggedBroadcast[] {
    const audiences = [EVERYONE, ...this.#membership.roomsSince(after, this.rooms)] as const;
    const delivered = new Set(this.delivered);
    let from = after;
    let candidates: LoggedBroadcast[] = [];
    for (const part of parts) {
      candidates = part.readBackwards(from, audiences).concat(candidates);
      from = Math.max(from, part.last);
    }
    return this.#membership
      .filterBackwards(candidates, this.rooms)
      .filter(({ position }) => !delivered.has(position))
      .reverse();
  }

  /** Whether an event that a peer at this offset has not received is gone: each knows the one before it. */
  #hasLostEvents(offset: ClusterOffset): boolean {
    let last = 0;
    for (const { number, previous, previousAt } of this.#events) {
      if (previous !== last && !isReceived(offset, previous, previousAt)) return true;
      last = number;
    }
    const { lastPrivate, lastPrivateAt } = this.record;
    return lastPrivate > last && !isReceived(offset, lastPrivate, lastPrivateAt);
  }
}

function isReceived(offset: ClusterOffset, number: number, sharedPosition: number): boolean {
  return offset.private === undefined ? sharedPosition < offset.shared : number <= offset.private;
}
