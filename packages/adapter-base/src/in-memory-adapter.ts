import type { EncodedPacket } from "@sockeye/socketio-parser";
import type {
  Adapter,
  AdapterHost,
  AdapterTarget,
  BroadcastOptions,
  HostSocket,
  OutgoingEvent,
  RestoredSession,
  Room,
  Selection,
  Session,
  SocketDetails,
  SocketId,
} from "./contract.js";
import { asError } from "./errors.js";
import { AdapterEvents } from "./events.js";
import { hostOf } from "./host-of.js";
import type { AdapterLog } from "./recovery/adapter-log.js";
import { MemoryLog } from "./recovery/memory-log.js";
import type { MemoryLogOptions } from "./recovery/options.js";
import type { SharedEntry } from "./recovery/shared-log.js";
import { RoomIndex } from "./rooms.js";
import { select, selectsAnyone } from "./select.js";

export interface InMemoryAdapterOptions {
  /**
   * Connection state recovery. Absent: on when the server was configured with `connectionStateRecovery`, with its times
   * and the default limits. `false`: off.
   */
  readonly recovery?: Partial<MemoryLogOptions> | false;
}

/**
 * The adapter of a server that stands alone: rooms in memory, broadcasts to the sockets of this process. Adapters that
 * reach further extend it and add the way to the other nodes.
 */
export class InMemoryAdapter extends AdapterEvents implements Adapter {
  protected readonly host: AdapterHost;
  readonly #index: RoomIndex;
  readonly #settings: Partial<MemoryLogOptions> | undefined;
  #log: AdapterLog | undefined = undefined;
  /** The log, when it is the one in memory. */
  #memoryLog: MemoryLog | undefined = undefined;

  /** @param nsp the namespace this adapter serves, as its server handed it over */
  constructor(
    readonly nsp: AdapterTarget,
    options: InMemoryAdapterOptions = {},
  ) {
    super();
    this.host = hostOf(nsp);
    this.#index = new RoomIndex({
      roomCreated: (room) => this.roomCreated(room),
      roomDeleted: (room) => this.roomDeleted(room),
      joined: (room, id) => this.#joined(room, id),
      left: (room, id) => this.#left(room, id),
    });
    const wanted = options.recovery ?? this.host.recovery;
    this.#settings = wanted ? { ...this.host.recovery, ...wanted } : undefined;
  }

  /** Connection state recovery; absent when it is off. */
  get recovery(): AdapterLog | undefined {
    if (this.#settings === undefined) return undefined;
    this.#log ??= this.createLog(this.#settings);
    return this.#log;
  }

  get rooms(): Map<Room, Set<SocketId>> {
    return this.#index.rooms;
  }

  get sids(): Map<SocketId, Set<Room>> {
    return this.#index.sids;
  }

  init(): void | Promise<void> {}

  close(): void | Promise<void> {
    return this.recovery?.close();
  }

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
    this.deliver(this.host.encode(event), event, options);
  }

  broadcastWithAck(
    event: OutgoingEvent,
    options: BroadcastOptions,
    clientCount: (count: number) => void,
    ack: (...args: unknown[]) => void,
    gone?: () => void,
  ): void {
    this.host.deliverWithAck(event, options.flags ?? {}, this.recipients(options), {
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

  persistSession(session: Session): void | Promise<void> {
    return this.recovery?.persist(session);
  }

  async restoreSession(pid: string, offset: string): Promise<RestoredSession | undefined> {
    const result = await this.recovery?.resume(pid, offset);
    if (!result?.ok) return undefined;
    const { sid, rooms, data } = result.session;
    const missedPackets = result.missed.map((missed) => [
      ...(this.host.decode(missed.encoded)?.data ?? []),
      missed.offset,
    ]);
    return { sid, pid, rooms: [...rooms], data, missedPackets };
  }

  /** Makes the recovery log; called once. @throws AdapterError `ERR_SOCKEYE_ADAPTER_OPTION` */
  protected createLog(settings: Partial<MemoryLogOptions>): AdapterLog {
    const owner = { reachesAnyone: (entry: SharedEntry) => selectsAnyone(this.#index, entry) };
    this.#memoryLog = new MemoryLog(owner, settings);
    return this.#memoryLog;
  }

  /** Hands one encoded event to the sockets of this process, with its place in the log if it can be recovered. */
  protected deliver(encoded: EncodedPacket, packet: OutgoingEvent | undefined, options: BroadcastOptions): void {
    const flags = options.flags ?? {};
    const selection = this.recipients(options);
    const isRecoverable = this.recovery !== undefined && !flags.volatile && packet?.id === undefined;
    const offset = isRecoverable ? this.#append(encoded, selection) : undefined;
    this.host.deliver({ encoded, flags, packet, offset }, selection);
  }

  #append(encoded: EncodedPacket, { rooms, except }: Selection): string | undefined {
    return this.#memoryLog?.append({ encoded, rooms, except });
  }

  protected roomCreated(room: Room): void {
    this.announce("create-room", room);
  }

  protected roomDeleted(room: Room): void {
    this.announce("delete-room", room);
  }

  /** Whether an operation concerns any socket of this process, or a session that may be resumed here. */
  protected reachesAnyone(options: BroadcastOptions): boolean {
    const selection = this.select(options);
    return selectsAnyone(this.#index, selection) || this.recovery?.isAwaitedBySleepers(selection) === true;
  }

  /** To whom something is sent now. */
  protected recipients(options: BroadcastOptions): Selection {
    return this.select(options);
  }

  /** Whom an operation concerns. */
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

  #joined(room: Room, id: SocketId): void {
    this.recovery?.joined(room, id);
    this.announce("join-room", room, id);
  }

  #left(room: Room, id: SocketId): void {
    this.recovery?.left(room, id);
    this.announce("leave-room", room, id);
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

/**
 * For the `adapter` option, when the defaults of connection state recovery do not fit.
 *
 * ```ts
 * const adapter = createInMemoryAdapter({ recovery: { maxDisconnectionDuration: 30_000, maxBytes: 8 * 1024 * 1024 } });
 * const io = new Server(3000, { adapter, connectionStateRecovery: {} });
 * ```
 */
export function createInMemoryAdapter(options: InMemoryAdapterOptions = {}): (nsp: AdapterTarget) => InMemoryAdapter {
  // Not an arrow function: servers call adapters with `new`.
  return function inMemoryAdapter(nsp) {
    return new InMemoryAdapter(nsp, options);
  };
}
