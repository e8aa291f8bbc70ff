import type { Room, SocketId } from "./names.js";

/** Hears of changes, each after it took effect. MUST NOT throw. */
export interface RoomObserver {
  roomCreated(room: Room): void;
  roomDeleted(room: Room): void;
  joined(room: Room, id: SocketId): void;
  left(room: Room, id: SocketId): void;
}

/**
 * Who is in which room, in both directions. An id is in `rooms.get(r)` exactly when `r` is in `sids.get(id)`; a room
 * without members does not exist. Pure: no I/O, no clock.
 *
 * `roomCreated` is heard while the room is still empty, `roomDeleted` when it is gone; between them `joined` and `left`
 * alternate for each socket.
 */
export class RoomIndex {
  readonly rooms = new Map<Room, Set<SocketId>>();
  readonly sids = new Map<SocketId, Set<Room>>();
  readonly #observer: RoomObserver;

  constructor(observer: RoomObserver) {
    this.#observer = observer;
  }

  /** Adds a socket to rooms. With no rooms the socket still becomes known. */
  addAll(id: SocketId, rooms: Iterable<Room>): void {
    let joined = this.sids.get(id);
    if (joined === undefined) {
      joined = new Set();
      this.sids.set(id, joined);
    }
    for (const room of rooms) {
      if (joined.has(room)) continue;
      joined.add(room);
      this.#membersOf(room).add(id);
      this.#observer.joined(room, id);
    }
  }

  /** Takes a socket out of one room. Nothing happens when it is not there. */
  del(id: SocketId, room: Room): void {
    if (this.sids.get(id)?.delete(room)) this.#leave(id, room);
  }

  /** Takes a socket out of all rooms and forgets it. */
  delAll(id: SocketId): void {
    const joined = this.sids.get(id);
    if (joined === undefined) return;
    // A copy: an observer that joins the socket again must not keep this loop running.
    for (const room of [...joined]) this.del(id, room);
    if (joined.size === 0) this.sids.delete(id);
  }

  #membersOf(room: Room): Set<SocketId> {
    let members = this.rooms.get(room);
    if (members === undefined) {
      members = new Set();
      this.rooms.set(room, members);
      this.#observer.roomCreated(room);
    }
    return members;
  }

  #leave(id: SocketId, room: Room): void {
    const members = this.rooms.get(room);
    if (members === undefined || !members.delete(id)) return;
    this.#observer.left(room, id);
    if (members.size === 0 && this.rooms.get(room) === members) {
      this.rooms.delete(room);
      this.#observer.roomDeleted(room);
    }
  }
}
