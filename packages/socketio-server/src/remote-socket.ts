import type { Room, SocketDetails, SocketId } from "@sockeye/adapter-base";
import type { Handshake } from "./contract.js";
import type {
  AckValue,
  AllButLast,
  AnyValue,
  DecorateAcknowledgements,
  EventNames,
  EventNamesWithAck,
  EventParams,
  EventsMap,
} from "./typed-events.js";

/** What a remote socket asks of the broadcast operator that is aimed at it alone. */
export interface RemoteSocketOperator {
  emitTo(args: unknown[]): boolean;
  emitToWithAck(args: unknown[]): Promise<unknown>;
  withTimeout(timeout: number): RemoteSocketOperator;
  socketsJoin(rooms: Room | Room[]): void;
  socketsLeave(rooms: Room | Room[]): void;
  disconnectSockets(close?: boolean): void;
}

/**
 * A socket of another server of the cluster, as `fetchSockets()` returns it: a snapshot of its state, and the few things
 * that can be done to it from afar. Sockets of this server are returned as themselves; both have these members.
 */
export class RemoteSocket<EmitEvents extends EventsMap, SocketData> {
  readonly id: SocketId;
  /** Rooms at the time of the snapshot. */
  readonly rooms: Set<Room>;
  /** `socket.data` at the time of the snapshot. */
  readonly data: SocketData;
  readonly #details: Pick<SocketDetails, "handshake">;
  readonly #aim: (id: SocketId) => RemoteSocketOperator;
  #aimed: RemoteSocketOperator | undefined;

  /** @param aim asked once something is done to this socket: of thousands that are fetched, nothing is done to most */
  constructor(aim: (id: SocketId) => RemoteSocketOperator, details: SocketDetails) {
    this.#aim = aim;
    this.#details = details;
    this.id = details.id;
    this.rooms = new Set(details.rooms);
    this.data = details.data as SocketData;
  }

  /** As the other server described it; read when it is looked at. */
  get handshake(): Handshake {
    return this.#details.handshake as Handshake;
  }

  /** Milliseconds to wait for the acknowledgement of the next emit. */
  timeout(timeout: number): RemoteSocket<DecorateAcknowledgements<EmitEvents>, SocketData> {
    return new RemoteSocket(() => this.#operator.withTimeout(timeout), this);
  }

  /** Sends an event to this socket. An acknowledgement callback needs `timeout()` before it. */
  emit<Ev extends EventNames<EmitEvents>>(event: Ev, ...args: EventParams<EmitEvents, Ev>): boolean {
    return this.#operator.emitTo([event, ...args]);
  }

  /** Sends an event and resolves with the answer; rejects with an AckError at the time-out, or when the socket leaves. */
  emitWithAck<Ev extends EventNamesWithAck<EmitEvents>>(
    event: Ev,
    ...args: AllButLast<EventParams<EmitEvents, Ev>>
  ): Promise<AckValue<EmitEvents, Ev>> {
    return this.#operator.emitToWithAck([event, ...args]) as Promise<AnyValue>;
  }

  join(room: Room | Room[]): void {
    this.#operator.socketsJoin(room);
  }

  leave(room: Room): void {
    this.#operator.socketsLeave(room);
  }

  /** Ends it; with `close` its whole connection. */
  disconnect(close = false): this {
    this.#operator.disconnectSockets(close);
    return this;
  }

  get #operator(): RemoteSocketOperator {
    this.#aimed ??= this.#aim(this.id);
    return this.#aimed;
  }
}
