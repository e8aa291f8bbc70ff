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
 * - MUST deliver a broadcast that cannot be logged without an offset; it counts as not recoverable.
 * - MUST bound sessions and both logs in time, entries and bytes; look-up by offset MUST NOT scan.
 * - MUST consume a session atomically: of two `resume` calls for one pid, on any node, at most one succeeds.
 * - MUST answer `trimmed` when anything after the offset is no longer there. Never a partial replay.
 * - MUST NOT log a broadcast in a namespace that has no session, live or asleep; SHOULD NOT log one that none of them could
 *   ever ask for.
 * - MUST NOT keep references to caller's mutable sets; MAY keep `encoded` (callers never mutate it).
 *
 * How broadcasts get into the log is between the log and its adapter.
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
   * Opens the private log of a live session, new or just resumed. Its rooms are followed from then on: a missed event
   * goes to those who were in the room when it was sent. Returns what was sent to a session just resumed since `resume`
   * settled: to be written behind what `resume` gave, in the same turn.
   */
  open(session: LiveSession): readonly MissedPacket[];
  /**
   * Appends an event sent to one session alone and returns its offset; `undefined` when there is no such session. Events for
   * a session asleep are kept as well, and have no offset yet. MUST NOT wait for a broker.
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

  /**
   * Capability: whether a broadcast of this server still waits for its place in the log. What is done to a socket of this
   * server then MUST be done through `after`, so that sockets see what their server does in the order in which it did it. When
   * this is false or absent it is done at once.
   */
  readonly behind?: boolean;
  /** Does something when everything before it is done. `socket`: the only one that it concerns. */
  after?(operation: () => void, socket?: SocketId): void;
  /** A socket is about to be disconnected by this server: what waits and concerns it is done now. */
  expedite?(socket: SocketId): void;

  /** Sizes of the internal tables, for `inspect()`. */
  inspect(): { sessions: number; sleeping: number; entries: number; bytes: number };

  /** Releases timers and connections. */
  close(): void | Promise<void>;
}

export interface LiveSession {
  readonly pid: string;
  readonly sid: SocketId;
  /** Live view of the socket's rooms. */
  readonly rooms: ReadonlySet<Room>;
  /** Live view of the application's data. */
  readonly data?: unknown;
  /** Its peer is back on another server: ends the connection here as one that was lost, in the same turn. */
  abandon?(): void;
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
