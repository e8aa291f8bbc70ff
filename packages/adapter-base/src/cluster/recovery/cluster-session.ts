import type { Room, SocketId } from "../../names.js";
import type { LiveSession, SessionRecord } from "../../recovery/contract.js";
import { Membership } from "../../recovery/membership.js";
import type { Section } from "../sections.js";
import type { LogPosition, SessionKey } from "./contract.js";
import { encodeSession, type StoredSession, sectionsOfData } from "./session-record.js";

/** Where a session was when it ended on this node. */
interface End {
  readonly at: number;
  readonly received: number;
  readonly delivered: readonly number[];
}

/** What it was elsewhere. */
export interface Past {
  readonly lastPrivate: number;
  readonly lastPrivateAt: number;
  readonly delivered: readonly number[];
}

/**
 * A session on this node: live, or asleep after it ended here. Who resumes it, here or elsewhere, takes it out of the store and
 * goes on with the next incarnation.
 */
export class ClusterSession implements SessionKey {
  readonly pid: string;
  readonly sid: SocketId;
  /** Number of the last event sent to it alone, and where the log was then. */
  lastPrivate = 0;
  lastPrivateAt = 0;
  /** When it ended here; `undefined` while it is live. */
  endedAt: number | undefined;
  /** When the store last heard of it. */
  writtenAt = 0;
  /** Its data could not be written down, and this was reported. */
  isBroken = false;
  membership = new Membership();
  #start: LogPosition;
  #live: LiveSession | undefined;
  #record: SessionRecord | undefined;
  #end: End | undefined;
  #fingerprint: number | undefined;
  #delivered: readonly number[] = [];

  constructor(
    { pid, sid }: Pick<LiveSession, "pid" | "sid">,
    readonly incarnation: number,
    start: LogPosition,
  ) {
    this.pid = pid;
    this.sid = sid;
    this.#start = start;
  }

  /** Nothing before concerns it. */
  get start(): LogPosition {
    return this.#start;
  }

  get live(): LiveSession | undefined {
    return this.#live;
  }

  get isLive(): boolean {
    return this.endedAt === undefined;
  }

  /** What is done to it now was done while it was live. */
  get isOpen(): boolean {
    return this.isLive || (this.#record !== undefined && this.#end === undefined);
  }

  /** It ended here, and can be written. */
  get isFinished(): boolean {
    return this.#record !== undefined && this.#end !== undefined;
  }

  begin(live: LiveSession): void {
    this.#live = live;
    this.endedAt = undefined;
    this.#record = undefined;
    this.#end = undefined;
  }

  /** Its connection ended. Its rooms are about to be taken from it. */
  fallAsleep(record: SessionRecord, now: number): void {
    this.#live = undefined;
    this.endedAt = now;
    this.#record = { ...record, rooms: [...record.rooms] };
  }

  /** It goes on here. */
  continue({ lastPrivate, lastPrivateAt, delivered }: Past): void {
    this.lastPrivate = lastPrivate;
    this.lastPrivateAt = lastPrivateAt;
    this.#delivered = delivered;
  }

  /** Of places whose broadcast was delivered on this node before: those that concern it, and those known from before. */
  alsoDelivered(numbers: readonly number[]): readonly number[] {
    return [...this.#delivered, ...numbers.filter((number) => number > this.#start.number)];
  }

  /** Everything that this node did before its end has had its turn. */
  finish(end: End): void {
    this.#end = end;
  }

  /** The store has it; what was its socket stays known. */
  forgetRecord(): void {
    this.#record = undefined;
    this.#end = undefined;
    this.membership = new Membership();
  }

  /** The log was lost: it begins anew, and the session with it. */
  startAnew(start: LogPosition): void {
    this.#start = start;
    this.membership = new Membership();
    this.lastPrivateAt = 0;
    this.#delivered = [];
  }

  /** Whether its data differs from what was seen last time. @throws when it cannot be written down */
  hasNewData(): boolean {
    const fingerprint = fingerprintOf(sectionsOfData(this.#data));
    const isNew = fingerprint !== this.#fingerprint;
    this.#fingerprint = fingerprint;
    return isNew;
  }

  /** For the store. @throws when its data cannot be written down */
  encode(position: LogPosition): Uint8Array {
    const data = sectionsOfData(this.#data);
    this.#fingerprint = fingerprintOf(data);
    const end = this.#end ?? { at: position.number, received: 0, delivered: this.#delivered };
    const { changes, forgottenUpTo } = this.membership;
    const session: Omit<StoredSession, "data"> = {
      sid: this.sid,
      rooms: this.rooms,
      epoch: this.#start.epoch,
      start: this.#start.number,
      ...end,
      changes,
      forgottenUpTo,
      lastPrivate: this.lastPrivate,
      lastPrivateAt: this.lastPrivateAt,
    };
    return encodeSession(session, data);
  }

  get rooms(): Room[] {
    return [...(this.#record?.rooms ?? this.#live?.rooms ?? [])];
  }

  get #data(): unknown {
    return this.#record === undefined ? this.#live?.data : this.#record.data;
  }
}

/** FNV-1a over texts and bytes. */
function fingerprintOf(sections: readonly Section[]): number {
  let value = 0x811c9dc5;
  let length = 0;
  for (const section of sections) {
    length += section.length;
    if (typeof section === "string") {
      for (let i = 0; i < section.length; i++) value = Math.imul(value ^ section.charCodeAt(i), 0x01000193);
    } else {
      for (let i = 0; i < section.length; i++) value = Math.imul(value ^ section[i]!, 0x01000193);
    }
  }
  return length * 2 ** 32 + (value >>> 0);
}
