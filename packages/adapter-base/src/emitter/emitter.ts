import { RESERVED_EVENTS } from "@sockeye/socketio-parser";
import type { ForeignCommand } from "../cluster/foreign/contract.js";
import type { BroadcastFlags, SocketDetails } from "../contract.js";
import { asError } from "../errors.js";
import type { Room } from "../names.js";
import type { EmitterQuestions, EmitterWay } from "./contract.js";
import { EmitterError } from "./errors.js";
import type {
  Answer,
  AnyEmitterEvents,
  EmittedArgs,
  EmittedName,
  EmitterEvents,
  QuestionArgs,
  Questions,
} from "./typed-events.js";

export interface EmitterOptions {
  /** Milliseconds that answers are waited for without `timeout()`. Default 5,000. */
  readonly requestTimeout?: number;
  /** Hears of what could not be sent. Default: `console.warn`. */
  readonly onError?: (error: Error) => void;
}

const RESERVED_BETWEEN_SERVERS: ReadonlySet<string> = new Set(["connect", "connection", "new_namespace"]);

/** What all emitters of one way share. */
class Line {
  readonly requestTimeout: number;
  readonly #onError: (error: Error) => void;
  readonly #underWay = new Set<Promise<void>>();
  #closed = false;

  constructor(
    readonly way: EmitterWay,
    { requestTimeout = 5_000, onError = (error) => console.warn("emitter:", error) }: EmitterOptions,
  ) {
    this.requestTimeout = requestTimeout;
    this.#onError = onError;
  }

  get questions(): EmitterQuestions {
    this.#refuseClosed();
    const { questions } = this.way;
    if (questions !== undefined) return questions;
    throw new EmitterError("ERR_SOCKEYE_EMITTER_UNANSWERABLE", "Acknowledgements are not supported");
  }

  send(namespace: string, command: ForeignCommand): void {
    this.#refuseClosed();
    const sending = this.way.send(namespace, command);
    this.#underWay.add(sending);
    const done = () => this.#underWay.delete(sending);
    sending.then(done, (thrown) => {
      done();
      this.#onError(asError(thrown));
    });
  }

  async flushed(): Promise<void> {
    await Promise.all(this.#underWay);
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.allSettled(this.#underWay);
    await this.way.close();
  }

  #refuseClosed(): void {
    if (this.#closed) throw new EmitterError("ERR_SOCKEYE_EMITTER_CLOSED", "this emitter was closed");
  }
}

/** Whom an emit concerns, and how. Immutable: each step is a new one, so that one can be kept and used many times. */
export class EmitterOperator<EmitEvents extends EmitterEvents = AnyEmitterEvents> {
  readonly #line: Line;
  readonly #namespace: string;
  readonly #rooms: ReadonlySet<Room>;
  readonly #except: ReadonlySet<Room>;
  readonly #flags: BroadcastFlags;

  /** @internal */
  constructor(
    line: Line,
    namespace: string,
    rooms: ReadonlySet<Room> = new Set(),
    except: ReadonlySet<Room> = new Set(),
    flags: BroadcastFlags = {},
  ) {
    this.#line = line;
    this.#namespace = namespace;
    this.#rooms = rooms;
    this.#except = except;
    this.#flags = flags;
  }

  /** Also the sockets in `room`; several rooms are a union. */
  to(room: Room | Room[]): EmitterOperator<EmitEvents> {
    return this.#next(union(this.#rooms, room), this.#except, this.#flags);
  }

  /** The same as {@link to}. */
  in(room: Room | Room[]): EmitterOperator<EmitEvents> {
    return this.to(room);
  }

  /** But not the sockets in `room`. Wins over {@link to}. */
  except(room: Room | Room[]): EmitterOperator<EmitEvents> {
    return this.#next(this.#rooms, union(this.#except, room), this.#flags);
  }

  /** May be dropped for those who are not ready to take it at once. */
  get volatile(): EmitterOperator<EmitEvents> {
    return this.#next(this.#rooms, this.#except, { ...this.#flags, volatile: true });
  }

  /** Whether transports may compress. Default `true`. */
  compress(compress: boolean): EmitterOperator<EmitEvents> {
    return this.#next(this.#rooms, this.#except, { ...this.#flags, compress });
  }

  /** Milliseconds to wait for answers. */
  timeout(timeout: number): EmitterOperator<Questions<EmitEvents>> {
    const flags = { ...this.#flags, timeout };
    return new EmitterOperator<Questions<EmitEvents>>(this.#line, this.#namespace, this.#rooms, this.#except, flags);
  }

  /**
   * Sends an event to all of them. With a callback as last argument, and {@link timeout}, it asks each for an acknowledgement
   * and calls back with `(error, answers)`.
   *
   * @throws EmitterError `ERR_SOCKEYE_EMITTER_RESERVED_EVENT`, `ERR_SOCKEYE_EMITTER_UNANSWERABLE`, `ERR_SOCKEYE_EMITTER_NO_TIMEOUT`,
   * `ERR_SOCKEYE_EMITTER_CLOSED`
   */
  emit<Ev extends EmittedName<EmitEvents>>(event: Ev, ...args: EmittedArgs<EmitEvents, Ev>): true {
    refuse(RESERVED_EVENTS, event);
    const data: unknown[] = [event, ...args];
    const callback = data.at(-1);
    if (typeof callback === "function") this.#askWith(data.slice(0, -1), callback as (...args: unknown[]) => void);
    else this.#line.send(this.#namespace, this.#broadcast(data));
    return true;
  }

  /**
   * Sends an event and resolves with the answers, one per recipient.
   *
   * @throws EmitterError `ERR_SOCKEYE_EMITTER_TIMEOUT` with the `responses` that came; `ERR_SOCKEYE_EMITTER_UNANSWERABLE`
   */
  async emitWithAck<Ev extends EmittedName<EmitEvents>>(
    event: Ev,
    ...args: QuestionArgs<EmitEvents, Ev>
  ): Promise<Answer<EmitEvents, Ev>[]> {
    refuse(RESERVED_EVENTS, event);
    return (await this.#ask([event, ...args])) as Answer<EmitEvents, Ev>[];
  }

  /**
   * The matching sockets, as their servers describe them.
   *
   * @throws ClusterTimeoutError when servers did not answer; EmitterError `ERR_SOCKEYE_EMITTER_UNANSWERABLE`
   */
  async fetchSockets(): Promise<SocketDetails[]> {
    return this.#line.questions.fetchSockets(this.#namespace, this.#selection(), this.#patience);
  }

  /** Makes the matching sockets join. */
  socketsJoin(rooms: Room | Room[]): void {
    this.#line.send(this.#namespace, { kind: "join", ...this.#selection(), target: asList(rooms) });
  }

  /** Makes the matching sockets leave. */
  socketsLeave(rooms: Room | Room[]): void {
    this.#line.send(this.#namespace, { kind: "leave", ...this.#selection(), target: asList(rooms) });
  }

  /** Ends the matching sockets; with `close` their whole connections. */
  disconnectSockets(close = false): void {
    this.#line.send(this.#namespace, { kind: "disconnect", ...this.#selection(), close });
  }

  get #patience(): number {
    return this.#flags.timeout ?? this.#line.requestTimeout;
  }

  #next(rooms: ReadonlySet<Room>, except: ReadonlySet<Room>, flags: BroadcastFlags): EmitterOperator<EmitEvents> {
    return new EmitterOperator<EmitEvents>(this.#line, this.#namespace, rooms, except, flags);
  }

  #selection(): { rooms: Room[]; except: Room[] } {
    return { rooms: [...this.#rooms], except: [...this.#except] };
  }

  #broadcast(data: unknown[]): Extract<ForeignCommand, { kind: "broadcast" }> {
    return { kind: "broadcast", ...this.#selection(), flags: this.#flags, event: data };
  }

  #ask(data: unknown[]): Promise<unknown[]> {
    return this.#line.questions.askClients(this.#namespace, this.#broadcast(data), this.#patience);
  }

  #askWith(data: unknown[], callback: (...args: unknown[]) => void): void {
    const { questions } = this.#line;
    if (this.#flags.timeout === undefined) {
      const why = "acknowledgements of a broadcast need timeout(): emitter.timeout(10000).emit(...)";
      throw new EmitterError("ERR_SOCKEYE_EMITTER_NO_TIMEOUT", why);
    }
    questions.askClients(this.#namespace, this.#broadcast(data), this.#flags.timeout).then(
      (answers) => callback(null, answers),
      (error: { responses?: unknown }) => callback(error, error.responses ?? []),
    );
  }
}

/**
 * Emits to the clients of a cluster, from a process that is none of its servers.
 *
 * Packages for brokers have emitters that take a client; this one takes an {@link EmitterWay}.
 */
export class Emitter<
  EmitEvents extends EmitterEvents = AnyEmitterEvents,
  ServerSideEvents extends EmitterEvents = AnyEmitterEvents,
> extends EmitterOperator<EmitEvents> {
  readonly #line: Line;
  readonly #name: string;

  constructor(way: EmitterWay | Line, options: EmitterOptions = {}, nsp = "/") {
    const line = way instanceof Line ? way : new Line(way, options);
    const name = nsp.startsWith("/") ? nsp : `/${nsp}`;
    super(line, name);
    this.#line = line;
    this.#name = name;
  }

  /** The same for another namespace. */
  of(nsp: string): Emitter<EmitEvents, ServerSideEvents> {
    return new Emitter<EmitEvents, ServerSideEvents>(this.#line, {}, nsp);
  }

  /**
   * An event for the servers themselves.
   *
   * @throws EmitterError `ERR_SOCKEYE_EMITTER_RESERVED_EVENT`; `ERR_SOCKEYE_EMITTER_UNANSWERABLE` for a callback: see
   * {@link serverSideEmitWithAck}
   */
  serverSideEmit<Ev extends EmittedName<ServerSideEvents>>(
    event: Ev,
    ...args: EmittedArgs<ServerSideEvents, Ev>
  ): void {
    refuse(RESERVED_BETWEEN_SERVERS, event);
    if (typeof args.at(-1) === "function") {
      throw new EmitterError("ERR_SOCKEYE_EMITTER_UNANSWERABLE", "Acknowledgements are not supported");
    }
    this.#line.send(this.#name, { kind: "server-side-emit", args: [event, ...args] });
  }

  /**
   * An event for the servers; resolves with an answer of each.
   *
   * @throws ClusterTimeoutError when servers did not answer; EmitterError `ERR_SOCKEYE_EMITTER_UNANSWERABLE`
   */
  async serverSideEmitWithAck<Ev extends EmittedName<ServerSideEvents>>(
    event: Ev,
    ...args: QuestionArgs<ServerSideEvents, Ev>
  ): Promise<Answer<ServerSideEvents, Ev>[]> {
    refuse(RESERVED_BETWEEN_SERVERS, event);
    const answers = this.#line.questions.askServers(this.#name, [event, ...args], this.#line.requestTimeout);
    return (await answers) as Answer<ServerSideEvents, Ev>[];
  }

  /** Resolves when the broker has all that was emitted before: a process may end then. Rejects when it did not take something. */
  flushed(): Promise<void> {
    return this.#line.flushed();
  }

  /** Ends what this emitter opened, after what was emitted before was taken. The client that it was given stays open. */
  close(): Promise<void> {
    return this.#line.close();
  }
}

function refuse(reserved: ReadonlySet<string>, event: unknown): void {
  if (!reserved.has(event as string)) return;
  throw new EmitterError("ERR_SOCKEYE_EMITTER_RESERVED_EVENT", `"${String(event)}" is a reserved event name`);
}

function union(rooms: ReadonlySet<Room>, more: Room | Room[]): ReadonlySet<Room> {
  const all = new Set(rooms);
  for (const room of asList(more)) all.add(room);
  return all;
}

function asList(rooms: Room | Room[]): Room[] {
  return Array.isArray(rooms) ? rooms : [rooms];
}
