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
 *
 * Every socket is in a room of its own id, and many are in no other: for those, the set of the socket's rooms and the set
 * of the room's members are one and the same object, `{ id }`. They part before either changes alone.
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
    for (const room of rooms) if (!joined.has(room)) this.#join(id, room, joined);
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

  #join(id: SocketId, room: Room, joined: Set<Room>): void {
    if (!this.rooms.has(room)) {
      this.rooms.set(room, room === id && joined.size === 0 ? joined : new Set());
      this.#observer.roomCreated(room);
    }
    if (room !== id) {
      this.#part(id);
      this.#part(room);
    }
    this.rooms.get(room)!.add(id);
    joined.add(room);
    this.#observer.joined(room, id);
  }

  /** Gives the room of a socket's own id a set of its own, if the two share one. The socket keeps the old one. */
  #part(id: SocketId): void {
    const shared = this.sids.get(id);
    if (shared !== undefined && this.rooms.get(id) === shared) this.rooms.set(id, new Set(shared));
  }

  #leave(id: SocketId, room: Room): void {
    this.rooms.get(room)?.delete(id);
    this.#observer.left(room, id);
    if (this.rooms.get(room)?.size === 0) {
      this.rooms.delete(room);
      this.#observer.roomDeleted(room);
    }
  }
}
