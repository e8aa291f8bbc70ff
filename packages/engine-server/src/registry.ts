import type { Socket } from "./socket.js";

/** Where a session stands in the table, until it has ended. See {@link Registry}. */
class Seat {
  socket: Socket | undefined;

  constructor(socket: Socket) {
    this.socket = socket;
  }
}

/**
 * The live sessions of one engine by id, and how many each address holds. Ids come from peers: a Map, never a plain
 * object whose prototype has names of its own.
 */
export class Registry {
  readonly #sessions = new Map<string, Seat>();
  readonly #perAddress = new Map<string, number>();

  get size(): number {
    return this.#sessions.size;
  }

  get addresses(): number {
    return this.#perAddress.size;
  }

  get(id: string): Socket | undefined {
    return this.#sessions.get(id)?.socket;
  }

  has(id: string): boolean {
    return this.#sessions.has(id);
  }

  add(socket: Socket): void {
    this.#sessions.set(socket.id, new Seat(socket));
    const address = socket.remoteAddress;
    if (address !== undefined) this.#perAddress.set(address, this.countOf(address) + 1);
  }

  remove(socket: Socket): boolean {
    const seat = this.#sessions.get(socket.id);
    if (seat?.socket !== socket) return false;
    seat.socket = undefined;
    this.#sessions.delete(socket.id);
    const address = socket.remoteAddress;
    if (address !== undefined) this.#release(address);
    return true;
  }

  /** Sessions of one address. */
  countOf(address: string): number {
    return this.#perAddress.get(address) ?? 0;
  }

  *values(): IterableIterator<Socket> {
    for (const { socket } of this.#sessions.values()) if (socket !== undefined) yield socket;
  }

  keys(): IterableIterator<string> {
    return this.#sessions.keys();
  }

  #release(address: string): void {
    const left = this.countOf(address) - 1;
    if (left > 0) this.#perAddress.set(address, left);
    else this.#perAddress.delete(address);
  }
}
