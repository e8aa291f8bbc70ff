import type { EncodedPacket } from "@sockeye/socketio-parser";
import type { Room, SocketId } from "../names.js";

/**
 * Connection state recovery, as an adapter keeps it for one namespace: a shared log of recoverable broadcasts, a
 * private log per session for events sent to one socket alone, and the sessions themselves.
 *
 * Offsets. An entry of the shared log has a position `L` (a string; only the log that issued it can order two of them).
 * A private event has the offset `L~n`: sent when `L` was the last shared entry delivered to that session, the `n`-th
 * private event of the session. A peer that reports `L` has received every shared entry up to and including `L` and every
 * private event sent before it; one that reports `L~n` has also received the private events up to `n`.
 *
 * An implementation
 * - MUST order the shared log as recipients see it: if one socket got A before B, A's position is lower.
 * - MUST bound sessions and both logs in time, entries and bytes; look-up by offset MUST NOT scan.
 * - MUST consume a session atomically: of two `resume` calls for one pid, on any node, at most one succeeds.
 * - MUST answer `trimmed` when anything after the offset is no longer there. Never a partial replay.
 * - MUST NOT log a broadcast that no present member and no sleeping session could ever ask for.
 * - MUST NOT keep references to caller's mutable sets; MAY keep `encoded` (callers never mutate it).
 */
export interface RecoveryLog {
  /** How long a session can be resumed after its connection ended, in milliseconds. */
  readonly maxDisconnectionDuration: number;

  /**
   * What every offset of this log starts with: `~` and a few random characters. It is how a peer tells an offset from an
   * application's own string.
   */
  readonly tag: string;

  /** The offset a session starts from: a peer that has received no event resumes from here. */
  head(): string;

  /**
   * Appends a recoverable broadcast and returns its offset; `undefined` when it need not be kept (see above) or cannot be
   * (then the broadcast is delivered without an offset and counts as not recoverable).
   */
  append(entry: SharedEntry): string | undefined | Promise<string | undefined>;

  /**
   * Opens the private log of a live session, new or just resumed. Its rooms are followed from then on: a missed event
   * goes to those who were in the room when it was sent.
   */
  open(session: LiveSession): void;
  /**
   * Appends an event sent to one session alone and returns its offset; `undefined` when there is no such session. Events for
   * a session asleep are kept as well. MUST NOT wait for a broker.
   */
  appendPrivate(pid: string, encoded: EncodedPacket): string | undefined;

  /**
   * Capability: the offset a live session is at. Spliced into volatile events, so that peers which take any trailing string
   * for an offset keep a right one.
   */
  position?(pid: string): string | undefined;

  /**
   * The connection of a session ended in a way that may be resumed: keeps rooms and data until resumed or expired. MUST be
   * called before the socket leaves its rooms, in the same turn.
   * Also called while the session is alive when rooms or data changed, by logs that must survive the node (`durable`).
   */
  persist(session: SessionRecord): void | Promise<void>;
  /** The session ended for good. */
  forget(pid: string): void;

  /**
   * Consumes a session and reads what its peer has missed. `offset` is what the peer reports; absent: nothing yet. After
   * a success the same session is opened again, or persisted or forgotten when its new connection did not last; after a
   * failure it is gone. A session that is live and was not persisted is `unknown`.
   */
  resume(pid: string, offset: string | undefined): ResumeResult | Promise<ResumeResult>;

  /** Sizes of the internal tables, for `inspect()`. */
  inspect(): { sessions: number; sleeping: number; entries: number; bytes: number };

  /** Releases timers and connections. */
  close(): void | Promise<void>;
}

export interface SharedEntry {
  readonly encoded: EncodedPacket;
  /** Empty: everyone. */
  readonly rooms: ReadonlySet<Room>;
  readonly except: ReadonlySet<Room>;
}

export interface LiveSession {
  readonly pid: string;
  readonly sid: SocketId;
  /** Live view of the socket's rooms. */
  readonly rooms: ReadonlySet<Room>;
}

export interface SessionRecord {
  readonly pid: string;
  readonly sid: SocketId;
  readonly rooms: readonly Room[];
  readonly data: unknown;
}

/** Why a session could not be resumed; shown to the application on both ends. */
export type RecoveryFailure =
  /** No such session: never existed, or already resumed. */
  | "unknown"
  /** Past `maxDisconnectionDuration`, or pushed out by the cap on sessions. */
  | "expired"
  /** Part of what was missed is no longer in the log. */
  | "trimmed"
  /** The offset is not one of this log's. */
  | "invalid-offset"
  /** The store could not be asked. */
  | "unavailable";

/** An event as it was encoded, without its offset, and the offset that is spliced in before it is written. */
export interface MissedPacket {
  readonly encoded: EncodedPacket;
  readonly offset: string;
}

export type ResumeResult =
  | {
      readonly ok: true;
      readonly session: SessionRecord;
      /** In the order in which they would have been received. */
      readonly missed: readonly MissedPacket[];
    }
  | { readonly ok: false; readonly reason: RecoveryFailure };
