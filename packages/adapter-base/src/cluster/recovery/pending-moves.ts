import type { Selection } from "../../contract.js";
import type { Room, SocketId } from "../../names.js";

/** A join or leave that counts only for broadcasts after it. */
export interface Move {
  readonly id: SocketId;
  readonly room: Room;
  readonly joined: boolean;
}

/** What is needed of the rooms as everybody sees them, in which moves show at once. */
export interface VisibleRooms {
  readonly sids: ReadonlyMap<SocketId, ReadonlySet<Room>>;
}

/**
 * Joins and leaves that were made while a broadcast of this node still waited for its place: everybody sees them at once, but
 * broadcasts before them must not. Kept until their turn comes.
 */
export class PendingMoves {
  readonly #moves = new Map<SocketId, Move[]>();

  get size(): number {
    return this.#moves.size;
  }

  add(move: Move): void {
    const moves = this.#moves.get(move.id);
    if (moves === undefined) this.#moves.set(move.id, [move]);
    else moves.push(move);
  }

  /** Its turn has come, or it no longer matters. */
  settle(move: Move): void {
    const rest = this.#moves.get(move.id)?.filter((other) => other !== move) ?? [];
    if (rest.length === 0) this.#moves.delete(move.id);
    else this.#moves.set(move.id, rest);
  }

  /** Rooms of a socket for a broadcast whose turn is now. */
  roomsOf(id: SocketId, visible: ReadonlySet<Room> | undefined): Set<Room> {
    const rooms = new Set(visible);
    for (const { room, joined } of [...(this.#moves.get(id) ?? [])].reverse()) {
      if (joined) rooms.delete(room);
      else rooms.add(room);
    }
    return rooms;
  }

  /** The recipients of a broadcast whose turn is now, of those that would be its recipients by the rooms everybody sees. */
  select(selection: Selection, index: VisibleRooms): Selection {
    return this.size === 0 ? selection : new UnmovedSelection(selection, this.#moves, index, this);
  }
}

class UnmovedSelection implements Selection {
  readonly walkOnly = true;
  readonly rooms: ReadonlySet<Room>;
  readonly except: ReadonlySet<Room>;

  constructor(
    private readonly visible: Selection,
    private readonly moves: ReadonlyMap<SocketId, readonly Move[]>,
    private readonly index: VisibleRooms,
    private readonly pending: PendingMoves,
  ) {
    this.rooms = visible.rooms;
    this.except = visible.except;
  }

  forEach(visit: (id: SocketId) => void): void {
    this.visible.forEach((id) => {
      if (!this.moves.has(id)) visit(id);
    });
    for (const id of [...this.moves.keys()]) if (this.#includes(id)) visit(id);
  }

  #includes(id: SocketId): boolean {
    const visible = this.index.sids.get(id);
    return visible !== undefined && selects(this, this.pending.roomsOf(id, visible));
  }
}

/** Whether a socket in these rooms is among the recipients. */
export function selects(
  { rooms, except }: { readonly rooms: ReadonlySet<Room>; readonly except: ReadonlySet<Room> },
  own: ReadonlySet<Room>,
): boolean {
  for (const room of except) if (own.has(room)) return false;
  if (rooms.size === 0) return true;
  for (const room of rooms) if (own.has(room)) return true;
  return false;
}
