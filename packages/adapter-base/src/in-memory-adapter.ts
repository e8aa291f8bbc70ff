import type {
  Adapter,
  AdapterHost,
  AdapterTarget,
  BroadcastOptions,
  HostSocket,
  OutgoingEvent,
  Room,
  Selection,
  SocketDetails,
  SocketId,
} from "./contract.js";
import { asError } from "./errors.js";
import { AdapterEvents } from "./events.js";
import { hostOf } from "./host-of.js";
import { RoomIndex } from "./rooms.js";
import { select } from "./select.js";

/**
 * The adapter of a server that stands alone: rooms in memory, broadcasts to the sockets of this process. Adapters that
 * reach further extend it and add the way to the other nodes.
 */
export class InMemoryAdapter extends AdapterEvents implements Adapter {
  protected readonly host: AdapterHost;
  readonly #index: RoomIndex;

  /** @param nsp the namespace this adapter serves, as its server handed it over */
  constructor(readonly nsp: AdapterTarget) {
    super();
    this.host = hostOf(nsp);
    this.#index = new RoomIndex({
      roomCreated: (room) => this.announce("create-room", room),
      roomDeleted: (room) => this.announce("delete-room", room),
      joined: (room, id) => this.announce("join-room", room, id),
      left: (room, id) => this.announce("leave-room", room, id),
    });
  }

  get rooms(): Map<Room, Set<SocketId>> {
    return this.#index.rooms;
  }

  get sids(): Map<SocketId, Set<Room>> {
    return this.#index.sids;
  }

  init(): void | Promise<void> {}

  close(): void | Promise<void> {}

  async serverCount(): Promise<number> {
    return 1;
  }

  addAll(id: SocketId, rooms: Set<Room>): void | Promise<void> {
    this.#index.addAll(id, rooms);
  }

  del(id: SocketId, room: Room): void | Promise<void> {
    this.#index.del(id, room);
  }

  delAll(id: SocketId): void {
    this.#index.delAll(id);
  }

  broadcast(event: OutgoingEvent, options: BroadcastOptions): void {
    const flags = options.flags ?? {};
    this.host.deliver({ encoded: this.host.encode(event), flags, packet: event }, this.select(options));
  }

  broadcastWithAck(
    event: OutgoingEvent,
    options: BroadcastOptions,
    clientCount: (count: number) => void,
    ack: (...args: unknown[]) => void,
    gone?: () => void,
  ): void {
    this.host.deliverWithAck(event, options.flags ?? {}, this.select(options), {
      onClientCount: clientCount,
      onAck: (args) => ack(...args),
      onGone: () => gone?.(),
    });
  }

  async sockets(rooms: Set<Room>): Promise<Set<SocketId>> {
    return new Set(this.localSockets({ rooms }).map((socket) => socket.id));
  }

  socketRooms(id: SocketId): Set<Room> | undefined {
    return this.#index.sids.get(id);
  }

  async fetchSockets(options: BroadcastOptions): Promise<(HostSocket | SocketDetails)[]> {
    return this.localSockets(options);
  }

  addSockets(options: BroadcastOptions, rooms: Room[]): void {
    for (const socket of this.localSockets(options)) this.#settle(() => socket.join(rooms));
  }

  delSockets(options: BroadcastOptions, rooms: Room[]): void {
    for (const socket of this.localSockets(options)) {
      for (const room of rooms) this.#settle(() => socket.leave(room));
    }
  }

  disconnectSockets(options: BroadcastOptions, close: boolean): void {
    for (const socket of this.localSockets(options)) this.#settle(() => socket.disconnect(close));
  }

  /** There is no other server: nobody hears it, and who asked for answers gets none, at once. */
  serverSideEmit(args: unknown[]): void {
    const answer = args.at(-1);
    if (typeof answer === "function") answer(null, []);
  }

  protected select(options: BroadcastOptions): Selection {
    return select(this.#index, options);
  }

  /** The connected sockets of this process that match; a list of its own, so that the caller may change rooms. */
  protected localSockets(options: BroadcastOptions): HostSocket[] {
    const found: HostSocket[] = [];
    this.select(options).forEach((id) => {
      const socket = this.host.socket(id);
      if (socket !== undefined) found.push(socket);
    });
    return found;
  }

  /** Emits to the application's listeners; one that throws disturbs neither the adapter nor the operation under way. */
  protected announce(event: string, ...args: unknown[]): void {
    try {
      this.emit(event, ...args);
    } catch (thrown) {
      this.host.reportError(asError(thrown));
    }
  }

  /** One socket's failure is reported and does not keep the others from their turn. */
  #settle(operate: () => unknown): void {
    try {
      const outcome = operate();
      if (outcome instanceof Promise) outcome.catch((thrown) => this.host.reportError(asError(thrown)));
    } catch (thrown) {
      this.host.reportError(asError(thrown));
    }
  }
}
