import type { Room } from "../names.js";
import type { LoggedBroadcast } from "./shared-log.js";

export interface RoomChange {
  readonly room: Room;
  readonly joined: boolean;
  /** Last position of the shared log when it happened. */
  readonly position: number;
}

const NO_CHANGES: readonly RoomChange[] = [];

/**
 * In which rooms one socket was, broadcast by broadcast: its rooms of today, and the changes that lie between the
 * broadcasts still kept. Nothing is stored for a socket whose rooms do not change while there is something to miss.
 */
export class Membership {
  #changes: RoomChange[] | undefined;
  /** Up to this position the rooms are no longer known. */
  #forgottenUpTo: number;

  /** `changes`: what was recorded elsewhere. */
  constructor(changes?: readonly RoomChange[], forgottenUpTo = 0) {
    if (changes !== undefined && changes.length > 0) this.#changes = [...changes];
    this.#forgottenUpTo = forgottenUpTo;
  }

  /** The oldest first. */
  get changes(): readonly RoomChange[] {
    return this.#changes ?? NO_CHANGES;
  }

  get forgottenUpTo(): number {
    return this.#forgottenUpTo;
  }

  record(room: Room, joined: boolean, position: number, maxChanges: number): void {
    this.#changes ??= [];
    this.#changes.push({ room, joined, position });
    if (this.#changes.length > maxChanges) this.#forgottenUpTo = this.#changes.shift()!.position;
  }

  /** Forgets changes that no kept broadcast can ask for. */
  forgetBefore(firstPosition: number): void {
    const changes = this.#changes;
    if (changes === undefined) return;
    const needed = changes.findIndex((change) => change.position >= firstPosition);
    if (needed === -1) this.#changes = undefined;
    else if (needed > 0) changes.splice(0, needed);
  }

  /** Every room the socket is in now or was in after a position. */
  roomsSince(position: number, now: Iterable<Room>): Set<Room> {
    const rooms = new Set(now);
    for (const change of this.#changes ?? []) if (change.position > position) rooms.add(change.room);
    return rooms;
  }

  /** Of broadcasts given from the youngest to the oldest, those that were for this socket, in the same order. */
  filterBackwards(broadcasts: readonly LoggedBroadcast[], now: Iterable<Room>): LoggedBroadcast[] {
    const rooms = new Set(now);
    const changes = this.#changes ?? [];
    let undone = changes.length;
    return broadcasts.filter((broadcast) => {
      while (undone > 0 && changes[undone - 1]!.position >= broadcast.position) undo(changes[--undone]!, rooms);
      return isFor(broadcast, rooms);
    });
  }
}

function undo(change: RoomChange, rooms: Set<Room>): void {
  if (change.joined) rooms.delete(change.room);
  else rooms.add(change.room);
}

function isFor(broadcast: LoggedBroadcast, rooms: ReadonlySet<Room>): boolean {
  if (broadcast.except.some((room) => rooms.has(room))) return false;
  return broadcast.audiences.some((audience) => typeof audience === "symbol" || rooms.has(audience));
}
