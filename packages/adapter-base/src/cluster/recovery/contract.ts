/**
 * The recovery store: what a backend offers so that a session outlives the node it was on. `ClusterLog` is connection state
 * recovery over it, written once; a store only keeps bytes. It belongs to a driver (`ClusterDriver.recovery`), because the
 * places in its log travel with the envelopes.
 *
 * Per namespace there is one shared log. What is appended gets the next number, is kept, and is published to every node of
 * the namespace, in one step; so all nodes agree on one order. Per session there is a record and a log of what was sent to
 * it alone.
 *
 * A store
 * - MUST number the entries of a namespace 1, 2, 3, ... without a hole, in the order in which `append` took effect, within one
 *   epoch; MUST begin a new epoch, and again with 1, when it has lost the log (a backend without persistence that was
 *   restarted).
 * - MUST publish an appended envelope on the channel `{ kind: "all", namespace }` with its position, in the same step in which it
 *   was logged: an entry is in the log before a node sees it. It MAY arrive out of order or twice, or be lost; nodes put that
 *   right by the numbers and by `read`.
 * - MUST answer `trimmed` when an entry after the given position is no longer there. Never a part of them.
 * - MUST make `take` atomic: of two calls for one session, on any node, at most one gets it.
 * - MUST bound each log and each record in time, entries and bytes by the limits it was given, without a scan per call.
 * - MUST NOT interpret, change or re-encode an envelope, a record or an event.
 * - MUST NOT build statements or key names of its backend from names unescaped: peers may choose them.
 * - MUST settle every promise: with `ERR_SOCKEYE_CLUSTER_PUBLISH` when the backend is away, within the driver's deadline.
 * - MUST batch what is asked for in one event-loop turn where the backend can.
 */
export interface RecoveryStore {
  /** Where the log of a namespace is now. Creates it. Called once per namespace and node, before anything else. */
  open(namespace: string, limits: StoreLimits): Promise<LogHead>;

  /**
   * Appends and publishes an envelope. `wanted`: a session of this node may ask for it. Otherwise a store MAY look whether it
   * keeps any session of the namespace, and publish without logging when it does not; then it resolves with `undefined`, and
   * the envelope travels without a position.
   */
  append(namespace: string, envelope: Uint8Array, wanted: boolean): Promise<LogPosition | undefined>;

  /** The entries after a position, the oldest first; all of them, or `limit` of the oldest. An older epoch is `trimmed`. */
  read(namespace: string, after: LogPosition, limit?: number): Promise<readonly LoggedEnvelope[] | "trimmed">;

  /** Writes records, new or known, and lets them live for `lifetime` milliseconds from now. Their private logs live as long. */
  save(namespace: string, records: readonly StoredRecord[], lifetime: number): Promise<void>;
  /** Lets known records live for `lifetime` milliseconds from now. */
  touch(namespace: string, pids: readonly string[], lifetime: number): Promise<void>;
  /** Appends to private logs, in order. An event for a session that is not kept is ignored. */
  appendPrivate(namespace: string, events: readonly StoredEvent[]): Promise<void>;
  /** Takes a session out, with its private log. `undefined`: there is none. */
  take(namespace: string, pid: string): Promise<TakenSession | undefined>;
  /** Removes sessions that ended for good. */
  remove(namespace: string, pids: readonly string[]): Promise<void>;
}

/** Limits of one namespace; beyond them the oldest goes. */
export interface StoreLimits {
  /** Milliseconds for which an entry of the shared log is kept. */
  readonly maxAge: number;
  /** Entries of the shared log. */
  readonly maxEntries: number;
  /** Events of one private log. */
  readonly maxPrivateEntries: number;
}

/** A place in the shared log of a namespace. */
export interface LogPosition {
  /** One life of the log: 1 to 12 characters `0-9a-z`. Positions of two epochs cannot be compared. */
  readonly epoch: string;
  readonly number: number;
}

/** The newest entry; number 0 when there is none. */
export type LogHead = LogPosition;

export interface LoggedEnvelope extends LogPosition {
  readonly envelope: Uint8Array;
}

export interface StoredRecord {
  readonly pid: string;
  readonly bytes: Uint8Array;
}

export interface StoredEvent {
  readonly pid: string;
  /** 1, 2, 3, ... within the session. */
  readonly number: number;
  readonly bytes: Uint8Array;
}

export interface TakenSession {
  readonly bytes: Uint8Array;
  /** Milliseconds since it was saved or touched last, by the clock of the store. */
  readonly idle: number;
  /** What is left of its private log, the oldest first. */
  readonly events: readonly Omit<StoredEvent, "pid">[];
}
