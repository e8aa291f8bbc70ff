import type { BroadcastOptions, Room, Selection, SocketId } from "./contract.js";
import type { RoomIndex } from "./rooms.js";

/** From this many rooms on, a set of the ids already visited is cheaper than looking back through the rooms before. */
const LOOK_BACK_LIMIT = 8;

const NO_ROOMS: ReadonlySet<Room> = new Set();

type Members = ReadonlySet<SocketId>;

/**
 * The recipients of an operation: the union of `rooms` (everyone when there are none) without the members of any room of
 * `except`. Nothing is computed before `forEach` and nothing is kept after it. Everyone, one room, and either with one
 * exception (what `io.emit`, `io.to(room).emit` and `socket.to(room).emit` ask for) are walked without intermediate
 * collections.
 */
export function select(index: RoomIndex, options: Pick<BroadcastOptions, "rooms" | "except">): Selection {
  return new RoomSelection(index, options.rooms, options.except ?? NO_ROOMS);
}

/** Whether there is any recipient at all; stops at the first. */
export function selectsAnyone(
  index: RoomIndex,
  { rooms, except }: { readonly rooms: ReadonlySet<Room>; readonly except: ReadonlySet<Room> },
): boolean {
  if (rooms.size === 0 && except.size === 0) return index.sids.size > 0;
  const excluded = existing(index, except);
  if (rooms.size === 0) return anyOutside(index.sids.keys(), excluded);
  for (const room of rooms) {
    const members = index.rooms.get(room);
    if (members !== undefined && anyOutside(members, excluded)) return true;
  }
  return false;
}

class RoomSelection implements Selection {
  constructor(
    private readonly index: RoomIndex,
    readonly rooms: ReadonlySet<Room>,
    readonly except: ReadonlySet<Room>,
  ) {}

  forEach(visit: (id: SocketId) => void): void {
    if (this.rooms.size > 1 || this.except.size > 1) this.#walkMany(visit);
    else walkOne(this.#onlyMembers(), onlyOne(this.index, this.except), visit);
  }

  #onlyMembers(): Iterable<SocketId> | undefined {
    return this.rooms.size === 0 ? this.index.sids.keys() : onlyOne(this.index, this.rooms);
  }

  #walkMany(visit: (id: SocketId) => void): void {
    const excluded = existing(this.index, this.except);
    if (this.rooms.size === 0) {
      for (const id of this.index.sids.keys()) if (!isInAny(id, excluded)) visit(id);
      return;
    }
    const included = existing(this.index, this.rooms);
    if (included.length > LOOK_BACK_LIMIT) walkRemembering(included, excluded, visit);
    else walkLookingBack(included, excluded, visit);
  }
}

function walkOne(
  ids: Iterable<SocketId> | undefined,
  excluded: Members | undefined,
  visit: (id: SocketId) => void,
): void {
  if (ids === undefined) return;
  if (excluded === undefined) for (const id of ids) visit(id);
  else for (const id of ids) if (!excluded.has(id)) visit(id);
}

/** What was in a room before this one has been visited: the rooms passed simply join the exclusions. */
function walkLookingBack(
  included: readonly Members[],
  excluded: readonly Members[],
  visit: (id: SocketId) => void,
): void {
  const passed = [...excluded];
  for (const members of included) {
    for (const id of members) if (!isInAny(id, passed)) visit(id);
    passed.push(members);
  }
}

function walkRemembering(
  included: readonly Members[],
  excluded: readonly Members[],
  visit: (id: SocketId) => void,
): void {
  const visited = new Set<SocketId>();
  for (const members of included) {
    for (const id of members) {
      if (visited.has(id) || isInAny(id, excluded)) continue;
      visited.add(id);
      visit(id);
    }
  }
}

/** The members of the only room of a set; `undefined` when there is none. */
function onlyOne(index: RoomIndex, rooms: ReadonlySet<Room>): Members | undefined {
  for (const room of rooms) return index.rooms.get(room);
  return undefined;
}

/** The rooms that exist, as their member sets. */
function existing(index: RoomIndex, rooms: ReadonlySet<Room>): Members[] {
  const found: Members[] = [];
  for (const room of rooms) {
    const members = index.rooms.get(room);
    if (members !== undefined) found.push(members);
  }
  return found;
}

function anyOutside(ids: Iterable<SocketId>, excluded: readonly Members[]): boolean {
  for (const id of ids) if (!isInAny(id, excluded)) return true;
  return false;
}

function isInAny(id: SocketId, sets: readonly Members[]): boolean {
  for (let i = 0; i < sets.length; i++) if (sets[i]!.has(id)) return true;
  return false;
}
