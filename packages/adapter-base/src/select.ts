import type { BroadcastOptions, Room, Selection, SocketId } from "./contract.js";
import type { RoomIndex } from "./rooms.js";

const NOTHING: ReadonlySet<Room> = new Set();

/** From this many rooms on, a set of the ids already visited is cheaper than looking back through the rooms before. */
const LOOK_BACK_LIMIT = 8;

type Members = ReadonlySet<SocketId>;

/**
 * The recipients of an operation: the union of `rooms` (everyone when there are none) without the members of any room of
 * `except`. Nothing is computed before `forEach`, and nothing is kept after it; everyone, one room, and one room with one
 * exception (what `io.emit`, `io.to(room).emit` and `socket.to(room).emit` ask for) are walked without an allocation.
 */
export function select(index: RoomIndex, options: BroadcastOptions): Selection {
  return new RoomSelection(index, options.rooms, options.except ?? NOTHING);
}

class RoomSelection implements Selection {
  constructor(
    private readonly index: RoomIndex,
    readonly rooms: ReadonlySet<Room>,
    readonly except: ReadonlySet<Room>,
  ) {}

  forEach(visit: (id: SocketId) => void): void {
    const excluded = this.#membersOf(this.except);
    if (this.rooms.size === 0) walk(this.index.sids.keys(), excluded, visit);
    else this.#walkRooms(excluded, visit);
  }

  #walkRooms(excluded: readonly Members[], visit: (id: SocketId) => void): void {
    const included = this.#membersOf(this.rooms);
    if (included.length <= 1) {
      if (included[0] !== undefined) walk(included[0], excluded, visit);
    } else if (included.length <= LOOK_BACK_LIMIT) {
      // What was in a room before this one has been visited: earlier rooms simply join the exclusions.
      const passed = [...excluded];
      for (const members of included) {
        walk(members, passed, visit);
        passed.push(members);
      }
    } else {
      const visited = new Set<SocketId>();
      for (const members of included) {
        walk(members, excluded, (id) => {
          if (visited.has(id)) return;
          visited.add(id);
          visit(id);
        });
      }
    }
  }

  /** The rooms that exist, as their member sets. */
  #membersOf(rooms: ReadonlySet<Room>): readonly Members[] {
    if (rooms.size === 0) return NO_MEMBERS;
    const found: Members[] = [];
    for (const room of rooms) {
      const members = this.index.rooms.get(room);
      if (members !== undefined) found.push(members);
    }
    return found;
  }
}

const NO_MEMBERS: readonly Members[] = [];

function walk(ids: Iterable<SocketId>, excluded: readonly Members[], visit: (id: SocketId) => void): void {
  switch (excluded.length) {
    case 0:
      for (const id of ids) visit(id);
      return;
    case 1: {
      const out = excluded[0]!;
      for (const id of ids) if (!out.has(id)) visit(id);
      return;
    }
    default:
      for (const id of ids) if (!isInAny(id, excluded)) visit(id);
  }
}

function isInAny(id: SocketId, sets: readonly Members[]): boolean {
  for (let i = 0; i < sets.length; i++) if (sets[i]!.has(id)) return true;
  return false;
}
