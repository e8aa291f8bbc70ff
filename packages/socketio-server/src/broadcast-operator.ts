import type {
  Adapter,
  BroadcastFlags,
  BroadcastOptions,
  HostSocket,
  OutgoingEvent,
  Room,
  SocketDetails,
  SocketId,
} from "@sockeye/adapter-base";
import { PacketType } from "@sockeye/socketio-parser";
import { type AckCallback, BroadcastAnswers, type CallbackRunner } from "./acks.js";
import type { Deadlines } from "./deadlines.js";
import { AckError } from "./errors.js";
import { RemoteSocket, type RemoteSocketOperator } from "./remote-socket.js";
import { refuseReserved } from "./reserved-names.js";
import type {
  AllButLast,
  AnyValue,
  BroadcastAckValue,
  DecorateAcknowledgementsWithMultipleResponses,
  EventNamesWithAck,
  EventNamesWithError,
  EventNamesWithoutAck,
  EventParams,
  EventsMap,
} from "./typed-events.js";

/** What a broadcast needs of its namespace. */
export interface BroadcastContext {
  readonly adapter: Adapter;
  readonly deadlines: Deadlines;
  /** Milliseconds that `emitWithAck` waits without `timeout()`. */
  readonly ackTimeout: number;
  /** Runs callbacks of the application. */
  readonly run: CallbackRunner;
  /** Hears of errors that nobody awaits. */
  report(error: Error): void;
}

const NO_ROOMS: ReadonlySet<Room> = new Set();

/**
 * Whom an operation concerns, and how: `io.to("a").except("b").volatile`. Immutable: each step is a new operator, so one
 * can be kept and used many times.
 */
export class BroadcastOperator<EmitEvents extends EventsMap, SocketData> {
  readonly #context: BroadcastContext;
  readonly #rooms: ReadonlySet<Room>;
  readonly #except: ReadonlySet<Room>;
  readonly #flags: BroadcastFlags;

  constructor(
    context: BroadcastContext,
    rooms: ReadonlySet<Room> = NO_ROOMS,
    except: ReadonlySet<Room> = NO_ROOMS,
    flags: BroadcastFlags = {},
  ) {
    this.#context = context;
    this.#rooms = rooms;
    this.#except = except;
    this.#flags = flags;
  }

  // --- whom -----------------------------------------------------------------------------------------------------------

  /** Also the sockets in `room`; several rooms are a union, and nobody is reached twice. */
  to(room: Room | Room[]): BroadcastOperator<EmitEvents, SocketData> {
    return this.#next(union(this.#rooms, room), this.#except, this.#flags);
  }

  /** The same as {@link to}. */
  in(room: Room | Room[]): BroadcastOperator<EmitEvents, SocketData> {
    return this.to(room);
  }

  /** But not the sockets in `room`. Wins over {@link to}. */
  except(room: Room | Room[]): BroadcastOperator<EmitEvents, SocketData> {
    return this.#next(this.#rooms, union(this.#except, room), this.#flags);
  }

  /** Only the sockets of this server. */
  get local(): BroadcastOperator<EmitEvents, SocketData> {
    return this.#flagged({ local: true });
  }

  // --- how ------------------------------------------------------------------------------------------------------------

  /** Whether the transport may compress. Default `true`. */
  compress(compress: boolean): BroadcastOperator<EmitEvents, SocketData> {
    return this.#flagged({ compress });
  }

  /** May be dropped for those who are not ready to take it at once. */
  get volatile(): BroadcastOperator<EmitEvents, SocketData> {
    return this.#flagged({ volatile: true });
  }

  /**
   * Milliseconds to wait for acknowledgements, or for the answers of other servers.
   *
   * ```ts
   * io.timeout(1000).emit("ask", (err, answers) => { if (err) console.log("some did not answer", answers) });
   * ```
   */
  timeout(timeout: number): BroadcastOperator<DecorateAcknowledgementsWithMultipleResponses<EmitEvents>, SocketData> {
    return this.#flagged({ timeout }) as BroadcastOperator<AnyValue, SocketData>;
  }

  // --- emit -----------------------------------------------------------------------------------------------------------

  /**
   * Sends an event to all of them. With a callback as last argument it asks each for an acknowledgement, and calls back with
   * `(error, answers)`; that needs {@link timeout}.
   *
   * @throws ServerUsageError `ERR_SOCKEYE_SERVER_RESERVED_EVENT`
   */
  emit<Ev extends EventNamesWithoutAck<EmitEvents> | EventNamesWithError<EmitEvents>>(
    event: Ev,
    ...args: EventParams<EmitEvents, Ev>
  ): boolean {
    return this.#emit([event, ...args]);
  }

  /**
   * Sends an event and resolves with the answers, one per recipient. Rejects with an {@link AckError} whose `responses` holds
   * the answers that did come, at the time-out (option `ackTimeout` without {@link timeout}) or when a recipient has left.
   */
  emitWithAck<Ev extends EventNamesWithAck<EmitEvents>>(
    event: Ev,
    ...args: AllButLast<EventParams<EmitEvents, Ev>>
  ): Promise<BroadcastAckValue<EmitEvents, Ev>> {
    return this.#emitWithAck([event, ...args]) as Promise<AnyValue>;
  }

  // --- operate --------------------------------------------------------------------------------------------------------

  /**
   * The matching sockets of the cluster: those of this server as themselves, the others as {@link RemoteSocket}s. When servers
   * did not answer, the error it rejects with has those that were found in `responses`, and the silent servers in `missing`.
   */
  async fetchSockets(): Promise<RemoteSocket<EmitEvents, SocketData>[]> {
    const { adapter } = this.#context;
    try {
      return this.#asRemote(await adapter.fetchSockets(this.#options()));
    } catch (error) {
      const partial = error as { responses?: unknown } | null;
      if (Array.isArray(partial?.responses)) partial.responses = this.#asRemote(partial.responses);
      throw error;
    }
  }

  /** Makes the matching sockets join. */
  socketsJoin(room: Room | Room[]): void {
    this.#context.adapter.addSockets(this.#options(), asList(room));
  }

  /** Makes the matching sockets leave. */
  socketsLeave(room: Room | Room[]): void {
    this.#context.adapter.delSockets(this.#options(), asList(room));
  }

  /** Ends the matching sockets; with `close` their whole connections. */
  disconnectSockets(close = false): void {
    this.#context.adapter.disconnectSockets(this.#options(), close);
  }

  /**
   * Ids of the matching sockets of the cluster.
   *
   * @deprecated fetchSockets() says more, and `namespace.sockets.size` costs less
   */
  async allSockets(): Promise<Set<SocketId>> {
    const sockets = await this.#context.adapter.fetchSockets(this.#options());
    return new Set(sockets.map((socket) => socket.id));
  }

  // --- within ---------------------------------------------------------------------------------------------------------

  #next(rooms: ReadonlySet<Room>, except: ReadonlySet<Room>, flags: BroadcastFlags) {
    return new BroadcastOperator<EmitEvents, SocketData>(this.#context, rooms, except, flags);
  }

  #flagged(flags: BroadcastFlags): BroadcastOperator<EmitEvents, SocketData> {
    return this.#next(this.#rooms, this.#except, { ...this.#flags, ...flags });
  }

  /** Adapters get sets and flags of their own kind to keep; ours never change, so they may be shared. */
  #options(): BroadcastOptions {
    return { rooms: this.#rooms as Set<Room>, except: this.#except as Set<Room>, flags: this.#flags };
  }

  #emit(data: unknown[]): boolean {
    refuseReserved(data[0]);
    const callback = data.at(-1);
    if (typeof callback === "function") {
      data.pop();
      this.#ask(data, callback as AckCallback);
    } else {
      this.#context.adapter.broadcast(eventOf(data), this.#options());
    }
    return true;
  }

  #ask(data: unknown[], callback: AckCallback): void {
    const { run } = this.#context;
    if (this.#flags.timeout !== undefined) {
      this.#gather(data, this.#flags.timeout, (error, responses) => run(callback, [error, responses]));
      return;
    }
    // The event is sent all the same, acknowledgement included: clients must not find their callback missing.
    this.#gather(data, this.#context.ackTimeout, () => {});
    const why = "acknowledgements of a broadcast need timeout(): io.timeout(10000).emit(...)";
    process.nextTick(run, callback, [new AckError("ACK_WITHOUT_TIMEOUT", why), []]);
  }

  #emitWithAck(data: unknown[]): Promise<unknown> {
    return new Promise((resolve, reject) => {
      refuseReserved(data[0]);
      this.#gather(data, this.#flags.timeout ?? this.#context.ackTimeout, (error, responses) => {
        if (error === null) resolve(responses);
        else reject(error);
      });
    });
  }

  #gather(data: unknown[], timeout: number, done: (error: AckError | null, responses: unknown) => void): void {
    const { adapter, deadlines } = this.#context;
    const answers = new BroadcastAnswers(deadlines, this.#flags.expectSingleResponse === true, done);
    const options = this.#options();
    options.flags = { ...this.#flags, timeout };
    deadlines.set(answers, timeout);
    adapter.broadcastWithAck(eventOf(data), options, answers.onClientCount, answers.onAck, answers.onGone);
    if (this.#flags.local === true) answers.expectServers(1);
    else adapter.serverCount().then((count) => answers.expectServers(count), this.#context.report);
  }

  #asRemote(found: (HostSocket | SocketDetails)[]): RemoteSocket<EmitEvents, SocketData>[] {
    const aim = (id: SocketId) => this.#aimedAt(id);
    return found.map((socket) => {
      // Only a socket of this process can be told to join.
      if ("join" in socket) return socket as unknown as RemoteSocket<EmitEvents, SocketData>;
      return new RemoteSocket<EmitEvents, SocketData>(aim, socket);
    });
  }

  #aimedAt(id: SocketId): RemoteSocketOperator {
    const operator = this.#next(new Set([id]), NO_ROOMS, { expectSingleResponse: true });
    return operator.#asRemoteOperator();
  }

  #asRemoteOperator(): RemoteSocketOperator {
    return {
      emitTo: (args) => this.#emit(args),
      emitToWithAck: (args) => this.#emitWithAck(args),
      withTimeout: (timeout) => this.#flagged({ timeout }).#asRemoteOperator(),
      socketsJoin: (rooms) => this.socketsJoin(rooms),
      socketsLeave: (rooms) => this.socketsLeave(rooms),
      disconnectSockets: (close) => this.disconnectSockets(close),
    };
  }
}

function eventOf(data: unknown[]): OutgoingEvent {
  return { type: PacketType.EVENT, data: data as [string, ...unknown[]] };
}

function union(rooms: ReadonlySet<Room>, more: Room | Room[]): ReadonlySet<Room> {
  if (!Array.isArray(more)) return rooms.size === 0 ? new Set([more]) : new Set(rooms).add(more);
  const all = new Set(rooms);
  for (const room of more) all.add(room);
  return all;
}

function asList(rooms: Room | Room[]): Room[] {
  return Array.isArray(rooms) ? rooms : [rooms];
}
