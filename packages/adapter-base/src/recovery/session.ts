import type { Room, SocketId } from "../names.js";
import type { LiveSession, SessionRecord } from "./contract.js";
import { Membership } from "./membership.js";
import { PrivateLog } from "./private-log.js";

/**
 * One session over its connections. `live`: connected, its rooms are followed. `asleep`: waiting to be resumed.
 * `resumed`: taken out of its sleep, its new connection not yet opened.
 */
export class RecoverableSession {
  state: "live" | "asleep" | "resumed" = "live";
  readonly pid: string;
  readonly sid: SocketId;
  readonly membership = new Membership();
  /** When its connection was found to have ended. */
  asleepSince = 0;
  #rooms: ReadonlySet<Room>;
  #record: SessionRecord | undefined;
  #privateLog: PrivateLog | undefined;

  constructor(
    session: LiveSession,
    /** The shared log's position when it began: nothing before concerns it. */
    readonly start: number,
  ) {
    this.pid = session.pid;
    this.sid = session.sid;
    this.#rooms = session.rooms;
  }

  /** A live view while it is live, the rooms at its end while it sleeps. */
  get rooms(): ReadonlySet<Room> {
    return this.#rooms;
  }

  /** What was handed over when its connection ended. */
  get record(): SessionRecord | undefined {
    return this.#record;
  }

  /** Absent until the first event was sent to it alone. */
  get privateLog(): PrivateLog | undefined {
    return this.#privateLog;
  }

  openPrivateLog(): PrivateLog {
    this.#privateLog ??= new PrivateLog();
    return this.#privateLog;
  }

  fallAsleep(record: SessionRecord, time: number): void {
    this.state = "asleep";
    this.asleepSince = time;
    this.#rooms = new Set(record.rooms);
    this.#record = { ...record, rooms: [...record.rooms] };
  }

  takeOut(): void {
    this.state = "resumed";
  }

  /** Its new connection stands. Rooms that differ from those it slept with are changes made now. */
  wakeUp(rooms: ReadonlySet<Room>, changed: (room: Room, joined: boolean) => void): void {
    for (const room of this.#rooms) if (!rooms.has(room)) changed(room, false);
    for (const room of rooms) if (!this.#rooms.has(room)) changed(room, true);
    this.state = "live";
    this.#rooms = rooms;
    this.#record = undefined;
  }
}
