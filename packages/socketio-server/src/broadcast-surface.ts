import type { Adapter, Room, SocketId } from "@sockeye/adapter-base";
import { type BroadcastContext, BroadcastOperator } from "./broadcast-operator.js";
import { OwnedEmitter } from "./owned-emitter.js";
import type { RemoteSocket } from "./remote-socket.js";
import { refuseReservedBetweenServers } from "./reserved-names.js";
import type {
  AllButLast,
  AnyValue,
  BroadcastAckValue,
  DecorateAcknowledgementsWithMultipleResponses,
  EventNames,
  EventNamesWithAck,
  EventNamesWithoutAck,
  EventParams,
  EventsMap,
  FirstNonErrorArg,
  Last,
} from "./typed-events.js";

/** Arguments of `serverSideEmit`: an acknowledgement answers once per server. */
type ServerSideParams<Map extends EventsMap, Ev extends EventNames<Map>> = EventParams<
  DecorateAcknowledgementsWithMultipleResponses<Map>,
  Ev
>;

/** What servers and namespaces have in common: everything that concerns many sockets at once. */
export abstract class BroadcastSurface<
  Reserved extends EventsMap,
  EmitEvents extends EventsMap,
  ServerSideEvents extends EventsMap,
  SocketData,
> extends OwnedEmitter<Reserved, ServerSideEvents> {
  #everyone: BroadcastOperator<EmitEvents, SocketData> | undefined = undefined;

  protected abstract readonly broadcasts: BroadcastContext;
  /** Keeps rooms, and reaches the other servers. */
  protected abstract currentAdapter(): Adapter;

  /** To all sockets. */
  protected everyone(): BroadcastOperator<EmitEvents, SocketData> {
    this.#everyone ??= new BroadcastOperator(this.broadcasts);
    return this.#everyone;
  }

  /** To the sockets in `room`; several rooms are a union, and nobody is reached twice. */
  to(room: Room | Room[]): BroadcastOperator<EmitEvents, SocketData> {
    return this.everyone().to(room);
  }

  /** The same as {@link to}. */
  in(room: Room | Room[]): BroadcastOperator<EmitEvents, SocketData> {
    return this.everyone().to(room);
  }

  /** To all but the sockets in `room`. */
  except(room: Room | Room[]): BroadcastOperator<EmitEvents, SocketData> {
    return this.everyone().except(room);
  }

  /** To the sockets of this server only. */
  get local(): BroadcastOperator<EmitEvents, SocketData> {
    return this.everyone().local;
  }

  /** May be dropped for those who are not ready to take it at once. */
  get volatile(): BroadcastOperator<EmitEvents, SocketData> {
    return this.everyone().volatile;
  }

  /** Whether the transport may compress. Default `true`. */
  compress(compress: boolean): BroadcastOperator<EmitEvents, SocketData> {
    return this.everyone().compress(compress);
  }

  /** Milliseconds to wait for acknowledgements, or for the answers of other servers. */
  timeout(timeout: number) {
    return this.everyone().timeout(timeout);
  }

  /**
   * Sends an event to all sockets. Acknowledgements need `timeout()` before it.
   *
   * @throws ServerUsageError `ERR_SOCKEYE_SERVER_RESERVED_EVENT`
   */
  override emit<Ev extends EventNamesWithoutAck<EmitEvents>>(event: Ev, ...args: EventParams<EmitEvents, Ev>): boolean {
    return (this.everyone() as BroadcastOperator<AnyValue, SocketData>).emit(event, ...args);
  }

  /** Sends an event to all sockets and resolves with their answers. See {@link BroadcastOperator.emitWithAck}. */
  emitWithAck<Ev extends EventNamesWithAck<EmitEvents>>(
    event: Ev,
    ...args: AllButLast<EventParams<EmitEvents, Ev>>
  ): Promise<BroadcastAckValue<EmitEvents, Ev>> {
    return (this.everyone() as BroadcastOperator<AnyValue, SocketData>).emitWithAck(event, ...args);
  }

  /** Sends a `message` event to all sockets. */
  send(...args: EventParams<EmitEvents, EventNames<EmitEvents>>): this {
    (this.everyone() as BroadcastOperator<AnyValue, SocketData>).emit("message", ...args);
    return this;
  }

  /** The same as {@link send}. */
  write(...args: EventParams<EmitEvents, EventNames<EmitEvents>>): this {
    return this.send(...args);
  }

  /** The sockets of the cluster: those of this server as themselves, the others as {@link RemoteSocket}s. */
  fetchSockets(): Promise<RemoteSocket<EmitEvents, SocketData>[]> {
    return this.everyone().fetchSockets();
  }

  /** Makes all sockets join. */
  socketsJoin(room: Room | Room[]): void {
    this.everyone().socketsJoin(room);
  }

  /** Makes all sockets leave. */
  socketsLeave(room: Room | Room[]): void {
    this.everyone().socketsLeave(room);
  }

  /** Ends all sockets; with `close` their whole connections. */
  disconnectSockets(close = false): void {
    this.everyone().disconnectSockets(close);
  }

  /**
   * Ids of the sockets of the cluster.
   *
   * @deprecated fetchSockets() says more, and `sockets.size` costs less
   */
  allSockets(): Promise<Set<SocketId>> {
    return this.everyone().allSockets();
  }

  /**
   * Sends an event to the other servers of the cluster, whose listeners are on the same namespace. With a function as last
   * argument it calls back with `(error, responses)`, one response per other server.
   *
   * @throws ServerUsageError `ERR_SOCKEYE_SERVER_RESERVED_EVENT`
   */
  serverSideEmit<Ev extends EventNames<ServerSideEvents>>(
    event: Ev,
    ...args: ServerSideParams<ServerSideEvents, Ev>
  ): boolean {
    refuseReservedBetweenServers(event);
    this.currentAdapter().serverSideEmit([event, ...args]);
    return true;
  }

  /** As {@link serverSideEmit}, and resolves with the responses; the error it rejects with has those that did come. */
  serverSideEmitWithAck<Ev extends EventNamesWithAck<ServerSideEvents>>(
    event: Ev,
    ...args: AllButLast<EventParams<ServerSideEvents, Ev>>
  ): Promise<FirstNonErrorArg<Last<EventParams<ServerSideEvents, Ev>>>[]> {
    return new Promise<AnyValue[]>((resolve, reject) => {
      refuseReservedBetweenServers(event);
      const settle = (error: (Error & { responses?: unknown[] }) | null, responses: unknown[]): void => {
        if (!error) resolve(responses);
        else reject(Object.assign(error, { responses }));
      };
      this.currentAdapter().serverSideEmit([event, ...args, settle]);
    });
  }
}
