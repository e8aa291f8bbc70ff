import type { NodeId } from "../node-id.js";

/**
 * The recovery store: what a backend offers so that a session outlives the node it was on. `ClusterLog` is connection state
 * recovery over it, written once; a store only keeps bytes. It belongs to a driver (`ClusterDriver.recovery`), because the
 * places in its log travel with the envelopes.
 *
 * Per namespace there is one shared log. What is appended gets the next number, is kept, and is published to every node of
 * the namespace, in one step; so all nodes agree on one order. Per session there is a record and a log of what was sent to
 * it alone. A session that is live, or about to be, has an owner: the node it is on. Each time a node takes a session over it
 * goes on as the next incarnation: a node that stood still meanwhile, and still believes that the session is its own, can no longer
 * write to it.
 *
 * A store
 * - MUST number the entries of a namespace 1, 2, 3, ... without a hole, in the order in which `append` took effect, within one
 *   epoch; MUST begin a new epoch, and again with 1, when it has lost the log (a backend without persistence that was
 *   restarted).
 * - MUST let what one node asks for take effect in the order in which it asked, without waiting for the answers.
 * - MUST publish an appended envelope on the channel `{ kind: "all", namespace }` with its position, in the same step in which it
 *   was logged: an entry is in the log before a node sees it. It MAY arrive out of order or twice, or be lost; nodes put that
 *   right by the numbers and by `read`.
 * - MUST answer `trimmed` when an entry after the given position is no longer there. Never a part of them.
 * - MUST make `take` atomic: of two nodes that take a session without an owner, one gets it, and the other is told so.
 * - MUST refuse a late incarnation: `save` and `remove` do nothing when the record kept is of a higher one, `touch` and
 *   `appendPrivate` when it is of another one or not kept.
 * - MUST bound each log in entries, and logs and records in time, by the limits it was given, without a scan per call; SHOULD
 *   bound logs in bytes as well.
 * - MUST NOT interpret, change or re-encode an envelope, a record or an event; MUST NOT hold on to the caller's bytes once it has
 *   settled.
 * - MUST NOT build statements or key names of its backend from names unescaped: peers may choose them.
 * - MUST settle every promise: with `ERR_SOCKEYE_CLUSTER_PUBLISH` when the backend is away, within the driver's deadline, with
 *   `ERR_SOCKEYE_CLUSTER_TOO_LARGE` when an envelope is, as `publish` does, and with `ERR_SOCKEYE_CLUSTER_CLOSED` after `close`.
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

  /**
   * Writes records, new or known, and lets them live for `lifetime` milliseconds from now. Their private logs live as long. A
   * record of a higher incarnation than the one kept begins with an empty private log.
   */
  save(namespace: string, records: readonly StoredRecord[], lifetime: number): Promise<void>;
  /** Lets records live for `lifetime` milliseconds from now. */
  touch(namespace: string, sessions: readonly SessionKey[], lifetime: number): Promise<void>;
  /** Appends to private logs, in order. */
  appendPrivate(namespace: string, events: readonly StoredEvent[]): Promise<void>;
  /**
   * Makes a session the next incarnation of itself, owned by `taker`, and returns what is kept of it; its private log goes on. A
   * session that has an owner already is left as it is, and the owner returned, unless the owner is `from`. `undefined`: there is
   * no such session. `idle` and what is left of its lifetime do not change.
   */
  take(namespace: string, pid: string, taker: NodeId, from?: NodeId): Promise<TakenSession | OwnedSession | undefined>;
  /** Removes sessions that ended for good. */
  remove(namespace: string, sessions: readonly SessionKey[]): Promise<void>;
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

/** A session in one of its incarnations. */
export interface SessionKey {
  /** A secret. `take` is asked for what peers report: any string of up to 256 characters. */
  readonly pid: string;
  /** 1, 2, 3, ... */
  readonly incarnation: number;
}

export interface StoredRecord extends SessionKey {
  readonly bytes: Uint8Array;
  /** The node it is on; absent when it is asleep. */
  readonly owner?: NodeId | undefined;
}

export interface StoredEvent extends SessionKey {
  /** Grows within the session, perhaps with holes. */
  readonly number: number;
  readonly bytes: Uint8Array;
}

export interface OwnedSession {
  readonly owner: NodeId;
}

export interface TakenSession {
  /** The new one. */
  readonly incarnation: number;
  readonly bytes: Uint8Array;
  /** Milliseconds since it was saved or touched last, by the clock of the store. */
  readonly idle: number;
  /** What is left of its private log, the oldest first. */
  readonly events: readonly Pick<StoredEvent, "number" | "bytes">[];
}
