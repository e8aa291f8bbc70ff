import type {
  LiveSession,
  MissedPacket,
  RecoveryFailure,
  RecoveryLog,
  ResumeResult,
  Room,
  SocketId,
} from "@sockeye/adapter-base";
import type { EncodedPacket } from "@sockeye/socketio-parser";

/**
 * Connection state recovery as a namespace sees it: which sessions are live here, and the way to the adapter's log. Offsets
 * are spliced in on the way to the wire only; nobody who listens ever sees one.
 */

/** A socket with a session. */
export interface SessionSocket {
  readonly id: SocketId;
  readonly rooms: Set<Room>;
  readonly data: unknown;
  /** The connection is dead though the engine has not noticed: the peer is back on another one. */
  abandon(): void;
}

export type ResumedSession = {
  readonly ok: true;
  readonly sid: SocketId;
  readonly rooms: readonly Room[];
  readonly data: unknown;
  /** What the peer has missed, offsets included. */
  readonly missed: readonly EncodedPacket[];
};

export type Resumed = ResumedSession | { readonly ok: false; readonly reason: RecoveryFailure };

/** What a socket asks of the sessions of its namespace. */
export interface SocketSessions {
  /** Everything resumable must pass through the adapter's `broadcast`. */
  readonly relays: boolean;
  /** A broadcast of this server waits for its place in the log: what is written to a socket now goes behind it, by `after`. */
  readonly behind: boolean;
  /** Writes to a socket when everything before it is written. */
  after(write: () => void, socket: SocketId): void;
  /** A socket is about to be disconnected: what waits for it is written now. */
  expedite(socket: SocketId): void;
  /** Logs an event for one session, and returns it as it goes to the wire. */
  logged(pid: string, encoded: EncodedPacket): EncodedPacket;
  /** An event that is not logged, with the offset the session is at. */
  positioned(pid: string, encoded: EncodedPacket): EncodedPacket;
  /** Logs an event for a session whose peer is away. */
  logForSleeper(pid: string, encoded: EncodedPacket): void;
  /** The session ended, in a way that may be resumed or for good. */
  ended(pid: string, socket: SessionSocket, resumable: boolean): void;
}

/** What the connect flow asks of them. */
export interface Sessions extends SocketSessions {
  /** Consumes a session, and reads what its peer has missed. */
  resume(pid: string, offset: string | undefined): Resumed | Promise<Resumed>;
  /** A resumed session goes back to sleep, because it is not certain yet that its peer may come in. */
  suspend(pid: string, session: ResumedSession): void;
  /** The socket of a session is connected. Returns what it has missed since it was resumed. */
  began(pid: string, socket: SessionSocket): readonly EncodedPacket[];
  /** What the CONNECT packet says besides sid and pid. */
  greeting(pid: string): { tag?: string; offset?: string };
  inspect(): { sessions: number; sleeping: number; entries: number; bytes: number } | undefined;
}

/** Splices an offset into an encoded event. */
export type OffsetSplicer = (encoded: EncodedPacket, offset: string) => EncodedPacket;

/** Sessions over an adapter that has a recovery log. */
export class LoggedSessions implements Sessions {
  readonly relays = false;
  readonly #live = new Map<string, SessionSocket>();

  constructor(
    private readonly log: RecoveryLog,
    private readonly withOffset: OffsetSplicer,
    private readonly report: (error: Error) => void,
  ) {}

  get behind(): boolean {
    return this.log.behind === true;
  }

  after(write: () => void, socket: SocketId): void {
    if (this.log.after === undefined) write();
    else this.log.after(write, socket);
  }

  expedite(socket: SocketId): void {
    if (this.behind) this.log.expedite?.(socket);
  }

  logged(pid: string, encoded: EncodedPacket): EncodedPacket {
    const offset = this.#live.has(pid) ? this.log.appendPrivate(pid, encoded) : undefined;
    return offset === undefined ? encoded : this.withOffset(encoded, offset);
  }

  positioned(pid: string, encoded: EncodedPacket): EncodedPacket {
    const offset = this.log.position?.(pid);
    return offset === undefined ? encoded : this.withOffset(encoded, offset);
  }

  logForSleeper(pid: string, encoded: EncodedPacket): void {
    // A live session has another socket by now; the old one no longer speaks for it.
    if (!this.#live.has(pid)) this.log.appendPrivate(pid, encoded);
  }

  ended(pid: string, socket: SessionSocket, resumable: boolean): void {
    if (this.#live.get(pid) !== socket) return;
    this.#live.delete(pid);
    if (resumable) this.#settle(this.log.persist({ pid, sid: socket.id, rooms: [...socket.rooms], data: socket.data }));
    else this.log.forget(pid);
  }

  resume(pid: string, offset: string | undefined): Resumed | Promise<Resumed> {
    // The peer is back before the end of its old connection was noticed: that connection is over.
    this.#live.get(pid)?.abandon();
    const result = this.log.resume(pid, offset);
    return isPromise(result) ? this.#readLater(pid, offset, result) : this.#read(result);
  }

  async #readLater(pid: string, offset: string | undefined, pending: Promise<ResumeResult>): Promise<Resumed> {
    const result = await pending;
    const other = this.#live.get(pid);
    if (result.ok || other === undefined) return this.#read(result);
    // An earlier attempt of the same peer came first; that connection is over as well.
    other.abandon();
    return this.#read(await this.log.resume(pid, offset));
  }

  suspend(pid: string, session: ResumedSession): void {
    const { sid, rooms, data } = session;
    this.log.open({ pid, sid, rooms: new Set(rooms) });
    this.#settle(this.log.persist({ pid, sid, rooms, data }));
  }

  began(pid: string, socket: SessionSocket): readonly EncodedPacket[] {
    this.#live.set(pid, socket);
    return this.log.open(new SocketView(pid, socket)).map(this.#spliced);
  }

  greeting(pid: string): { tag: string; offset: string } {
    return { tag: this.log.tag, offset: this.log.position?.(pid) ?? this.log.head() };
  }

  inspect() {
    return this.log.inspect();
  }

  #read(result: ResumeResult): Resumed {
    if (!result.ok) return result;
    const { sid, rooms, data } = result.session;
    return { ok: true, sid, rooms, data, missed: result.missed.map(this.#spliced) };
  }

  readonly #spliced = ({ encoded, offset }: MissedPacket): EncodedPacket => this.withOffset(encoded, offset);

  #settle(outcome: void | Promise<void>): void {
    if (isPromise(outcome)) outcome.catch(this.report);
  }
}

/** A socket as the log sees it: always as it is now. */
class SocketView implements LiveSession {
  constructor(
    readonly pid: string,
    private readonly socket: SessionSocket,
  ) {}

  get sid(): SocketId {
    return this.socket.id;
  }

  get rooms(): ReadonlySet<Room> {
    return this.socket.rooms;
  }

  get data(): unknown {
    return this.socket.data;
  }

  abandon(): void {
    this.socket.abandon();
  }
}

function isPromise<T>(value: T | Promise<T>): value is Promise<T> {
  return value instanceof Promise;
}
