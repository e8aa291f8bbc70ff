import { type EventPacket, type Packet, RESERVED_EVENTS } from "@sockeye/socketio-parser";
import type {
  AckCallback,
  CoreManagerView,
  CoreSocketView,
  DisconnectDetails,
  DisconnectReason,
  EventData,
  Flags,
  ManagerPort,
  Member,
  Recovery,
  SocketEvents,
} from "../contract.js";
import { type ArgsOf, Emitter, type NameOf } from "../emitter.js";
import { type ClientError, lossError, MisuseError, RefusedError, UnansweredError } from "../errors.js";
import type { AckValue, AllButLast, DefaultEventsMap, Last, NameWithAck, WithAckErrors } from "../events.js";
import { type Stream, startStream, trackOffset } from "../offset.js";
import type { SocketOptions } from "../options.js";
import { ACK, BINARY_ACK, BINARY_EVENT, CONNECT, CONNECT_ERROR, DISCONNECT, EVENT } from "../packet-type.js";
import { type Cancel, later, type TimerOptions } from "../timers.js";

/**
 * One event on its way out: it waits, or it has left and its answer is awaited, or both one after the other. The packet's own
 * fields are what applications see of it in `sendBuffer`.
 */
export interface Outgoing extends EventPacket {
  readonly flags: Flags;
  /**
   * Ends the wait for the answer: with `null` and the answer; with an error, which a callback that has no place for errors does not hear
   * of; or with neither, and nobody hears of it. Absent where no answer is wanted.
   */
  settle?: AckCallback | undefined;
  /** Since when it waits, milliseconds. */
  at?: number;
}

/** What a server tells when a namespace is joined; all but `sid` may be missing. */
export interface Joined {
  readonly sid: string;
  readonly pid?: string;
  readonly tag?: string;
  readonly offset?: string;
  readonly dedup?: boolean;
  readonly recovery?: string;
}

/**
 * One namespace of one server: all that delivery needs. What waits while there is no connection is for the entry points to bound:
 * `socket.ts`, `websocket/socket.ts`.
 */
export abstract class CoreSocket<Listen extends object = DefaultEventsMap, Emit extends object = Listen>
  extends Emitter<SocketEvents, Listen>
  implements CoreSocketView<Listen, Emit>, Member, Stream
{
  id: string | undefined;
  connected = false;
  recovered = false;
  recovery: Recovery | undefined;
  active = false;
  auth: SocketOptions["auth"];
  /** Events that came before the namespace was joined, as resumed ones do. */
  receiveBuffer: unknown[][] = [];
  /** Events that wait for the connection, the oldest first. May be replaced, by an empty list to forget them. */
  sendBuffer: Outgoing[] = [];
  /** The session, for code that knows it by this name. @deprecated */
  _pid: string | undefined;
  /** The place in the stream of the session, for code that knows it by this name. @deprecated */
  _lastOffset: string | undefined;
  /** @internal */
  offsetTag: string | undefined;
  /** @internal */
  offsetsKnown = false;

  /** What the modifiers said about the next emit. */
  protected nextFlags: Flags = {};
  /** Ends what is under way to join: an `auth` function that has not answered, a refusal that will be asked about again. */
  protected endJoin: Cancel | undefined;
  /** Events whose answer is awaited, by id. Each is settled once: answered, timed out, aborted or given up. */
  readonly #unanswered = new Map<number, Outgoing>();
  #ids = 0;

  constructor(
    readonly io: CoreManagerView & ManagerPort,
    readonly nsp: string,
    protected readonly opts: SocketOptions & TimerOptions,
  ) {
    super();
    this.auth = opts.auth;
  }

  get disconnected(): boolean {
    return !this.connected;
  }

  connect(): this {
    const { active, connected, io } = this;
    if (!connected) {
      this.active = true;
      if (!io.isOpen) io.reconnecting || io.open();
      else if (!active) this.joinNamespace();
    }
    return this;
  }

  disconnect(): this {
    const { connected, nsp } = this;
    if (connected) this.io.sendPacket({ type: DISCONNECT, nsp });
    this.#leave();
    if (connected) this.connectionLost("io client disconnect");
    return this;
  }

  emit<Name extends NameOf<Emit>>(event: Name, ...args: ArgsOf<Emit, Name>): this {
    const flags = { timeout: this.opts.ackTimeout, ...this.nextFlags };
    this.nextFlags = {};
    if (RESERVED_EVENTS.has(event as string)) {
      throw new MisuseError("RESERVED_EVENT", `"${event}" is a reserved event name`);
    }
    const data = [event, ...(args as unknown[])] as [Name, ...unknown[]];
    let callback: AckCallback | undefined;
    if (typeof data.at(-1) === "function") {
      const given = data.pop() as AckCallback;
      callback = (...answer) => this.callListener(given, answer);
    }
    this.postEvent(data, callback, flags);
    return this;
  }

  emitWithAck<Name extends NameWithAck<Emit>>(
    event: Name,
    ...args: AllButLast<ArgsOf<Emit, Name>>
  ): Promise<AckValue<Last<ArgsOf<Emit, Name>>>> {
    return new Promise((resolve, reject) => {
      const settle: AckCallback = (error, value) => (error ? reject(error) : resolve(value));
      this.nextFlags.withError = true;
      this.emit(event, ...([...args, settle] as unknown as ArgsOf<Emit, Name>));
    });
  }

  send(...args: unknown[]): this {
    return this.emit("message" as NameOf<Emit>, ...(args as ArgsOf<Emit, NameOf<Emit>>));
  }

  timeout(ms: number): CoreSocket<Listen, WithAckErrors<Emit>> {
    this.nextFlags.timeout = ms;
    return this as never;
  }

  signal(signal: AbortSignal): CoreSocket<Listen, WithAckErrors<Emit>> {
    this.nextFlags.signal = signal;
    return this as never;
  }

  get volatile(): this {
    this.nextFlags.volatile = true;
    return this;
  }

  // --- joining and leaving ------------------------------------------------------------------------------------------

  /** What to ask of the server with the namespace: to go on where the stream broke off. */
  protected askFor(): object | undefined {
    const { _pid: pid, _lastOffset: offset } = this;
    return pid ? { pid, offset } : undefined;
  }

  /** The connection is open: asks for the namespace. @internal */
  joinNamespace(): void {
    const { auth, nsp } = this;
    let wanted = true;
    this.endJoin?.();
    this.endJoin = () => {
      wanted = false;
    };
    const answer = (data: Record<string, unknown> | undefined) => {
      if (!wanted) return;
      const ask = this.askFor();
      try {
        this.io.sendPacket({ type: CONNECT, nsp, data: ask ? { ...ask, ...data } : data });
      } catch (error) {
        // Credentials that cannot be written down.
        this.refuseWith(error as RefusedError);
      }
    };
    if (typeof auth === "function") this.callListener(auth, [answer]);
    else answer(auth);
  }

  #leave(): void {
    this.active = false;
    this.endJoin?.();
    this.io.closeUnused();
  }

  /** A packet came for this namespace. What it throws ends the connection with `parse error`. @internal */
  packetReceived(packet: Packet): void {
    const { type } = packet;
    if (type === CONNECT) this.#joined(packet.data as Joined | undefined);
    else if (type === EVENT || type === BINARY_EVENT) this.onevent(packet);
    else if (type === ACK || type === BINARY_ACK) this.#unanswered.get(packet.id)?.settle?.(null, packet.data);
    else if (type === CONNECT_ERROR) this.#refused(packet.data);
    else {
      this.#leave();
      this.connectionLost("io server disconnect");
    }
  }

  #joined(data: Joined | undefined): void {
    if (this.connected) return;
    // Socket.IO 2 confirms a namespace without an id.
    if (!data?.sid) {
      this.refuseWith(new RefusedError("OLD_SERVER", "Socket.IO 2 server"));
      return;
    }
    const { sid, pid, tag, offset, recovery } = data;
    const before = this._pid;
    this.id = sid;
    this.recovered = !!pid && before === pid;
    this.recovery = before ? { ok: this.recovered, reason: recovery } : undefined;
    this._pid = pid;
    startStream(this, tag, offset, this.recovered);
    this.connected = true;
    this.releaseWaiting(data);
    this.dispatch("connect");
  }

  /** What has waited for the namespace: events that came, then events to send. */
  protected releaseWaiting(_joined: Joined): void {
    for (const event of this.receiveBuffer.splice(0)) this.deliver(event);
    for (const event of this.sendBuffer.splice(0)) {
      try {
        this.transmit(event);
      } catch (error) {
        this.dropEvent(event, error as ClientError);
      }
    }
  }

  #refused(reason: unknown): void {
    const { message = reason, data, retryAfter } = Object(reason);
    this.refuseWith(
      new RefusedError(message === "Invalid namespace" ? "NO_NAMESPACE" : "REFUSED", message, { data, retryAfter }),
    );
  }

  protected refuseWith(error: RefusedError): void {
    if (this.connected) return;
    this.#leave();
    this.dispatch("connect_error", error);
  }

  /** The connection was lost, or could not be opened, or the namespace was left. @internal */
  connectionLost(reason: DisconnectReason, details?: DisconnectDetails): void {
    const { connected } = this;
    this.connected = false;
    this.id = undefined;
    this.endJoin?.();
    if (connected) this.dispatch("disconnect", reason, details);
    else this.dispatch("connect_error", lossError(reason, details));
    // What was sent on a lost connection will not be answered.
    const waiting = new Set(this.sendBuffer);
    for (const event of [...this.#unanswered.values()]) {
      if (!waiting.has(event)) event.settle?.(new UnansweredError("DISCONNECTED", "socket has been disconnected"));
    }
  }

  // --- events that come ---------------------------------------------------------------------------------------------

  /** An event came. Code that is older than `onAny` puts a function of its own in its place. @deprecated */
  onevent({ data, id }: EventPacket): void {
    const event: unknown[] = [...data];
    if (id !== undefined) {
      // Acknowledges the event, once.
      let wanted = true;
      event.push((...data: unknown[]) => {
        if (wanted && this.connected) this.io.sendPacket({ type: ACK, nsp: this.nsp, id, data });
        wanted = false;
      });
    } else if (this._pid) trackOffset(this, event);
    if (this.connected) this.deliver(event);
    else {
      const { receiveBufferLimit = 100_000 } = this.opts;
      if (this.receiveBuffer.push(event) > receiveBufferLimit) {
        this.receiveBuffer = [];
        throw bufferFull(receiveBufferLimit);
      }
    }
  }

  protected deliver(event: unknown[]): void {
    // A custom parser may let through what would forge an event of the library's own.
    if (!RESERVED_EVENTS.has(event[0] as string)) this.dispatch(...(event as unknown as ["connect"]));
  }

  // --- events that go -----------------------------------------------------------------------------------------------

  /** Sends an event, or lets it wait for the connection. */
  protected postEvent(data: EventData, callback: AckCallback | undefined, flags: Flags): void {
    const { volatile, timeout, signal, withError = !!signal || timeout !== undefined } = flags;
    const { io, nsp } = this;
    const id = callback && this.#ids++;
    const event: Outgoing = { type: EVENT, nsp, data, id, flags, settle: undefined };
    const aborted = signal && new UnansweredError("ABORTED", "operation has been aborted");
    if (callback) {
      const abort = () => this.#giveUp(event, aborted!);
      const late = () => this.#giveUp(event, new UnansweredError("ACK_TIMEOUT", "operation has timed out"));
      const stop = later(this.opts, late, timeout);
      signal?.addEventListener("abort", abort);
      this.#unanswered.set(id!, event);
      event.settle = (error, args = []) => {
        event.settle = undefined;
        this.#unanswered.delete(id!);
        stop();
        signal?.removeEventListener("abort", abort);
        if (withError ? error !== undefined : error === null) callback(...(withError ? [error, ...args] : args));
      };
    }
    const ready = this.connected && io.isReady();
    if (signal?.aborted) this.dropEvent(event, aborted!);
    else if (volatile && !(ready && io.engine.writable)) {
      this.dropEvent(event, new UnansweredError("DROPPED", "packet has been dropped"));
    } else {
      try {
        if (ready) this.transmit(event);
        else this.keepEvent(event);
      } catch (error) {
        event.settle?.();
        throw error;
      }
    }
  }

  /** Nobody waits for an answer any more: it fails, and the event is taken back if it still waits. */
  #giveUp(event: Outgoing, error: ClientError): void {
    const at = this.sendBuffer.indexOf(event);
    if (at >= 0) this.sendBuffer.splice(at, 1);
    event.settle?.(error);
  }

  /** Lets an event wait for the connection. */
  protected abstract keepEvent(event: Outgoing): void;

  protected transmit({ type, nsp, data, id, flags }: Outgoing): void {
    this.io.sendPacket({ type, nsp, data, id }, flags);
  }

  /** Gives up an event that was not sent. */
  protected dropEvent({ data, nsp, settle }: Outgoing, error: ClientError): void {
    settle?.(error);
    this.io.dispatch("packet_dropped", { nsp, data, error });
  }
}

export function bufferFull(limit: number): ClientError {
  return new MisuseError("BUFFER_FULL", `${limit} packets wait`);
}
