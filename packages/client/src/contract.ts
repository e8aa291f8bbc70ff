/**
 * Where Manager and Socket meet. Neither imports the other: a Manager gives each of its sockets a {@link ManagerLink} and
 * takes a {@link Member} from it, and what applications see of a Manager on `socket.io` is {@link ManagerView}.
 */
import type { Packet } from "@sockeye/socketio-parser";
import type { ArgsOf, Emitter, NameOf } from "./emitter.js";
import type { CloseDetails } from "./engine/contract.js";
import type { Engine, EngineCloseReason } from "./engine/engine.js";
import type { ClientError } from "./errors.js";
import type { AckValue, AllButLast, DefaultEventsMap, Last, NameWithAck, WithAckErrors } from "./events.js";
import type { ManagerOptions, SocketOptions } from "./options.js";

/** Why a socket is no longer connected. */
export type DisconnectReason = EngineCloseReason | "io server disconnect" | "io client disconnect";

/** What is known beyond the reason: the error of the transport, or what the platform told. */
export type DisconnectDetails = CloseDetails | Error;

/** The error of `connect_error`: a stable `code`, and what its kind carries. */
export type ConnectError = ClientError & {
  /** What the server's middleware put on its error. */
  readonly data?: unknown;
  /** HTTP status, or what the platform told. */
  readonly description?: unknown;
  readonly context?: unknown;
};

/** A packet that was given up before it was sent. */
export interface DroppedPacket {
  readonly nsp: string;
  readonly data: readonly unknown[];
  readonly error: ClientError;
}

export interface ManagerEvents {
  open: () => void;
  error: (error: ClientError) => void;
  /** A ping of the server. */
  ping: () => void;
  packet: (packet: Packet) => void;
  close: (reason: EngineCloseReason, details?: DisconnectDetails) => void;
  reconnect_attempt: (attempt: number) => void;
  reconnect: (attempt: number) => void;
  reconnect_error: (error: ClientError) => void;
  reconnect_failed: () => void;
  /** A waiting packet was given up: full buffer, too old, too large. */
  packet_dropped: (dropped: DroppedPacket) => void;
  /** A listener of the application threw or rejected. Without a listener here the error is reported to the platform. */
  handler_error: (error: unknown, event: string | number) => void;
}

export interface SocketEvents {
  /** The namespace was joined, for the first time or again. */
  connect: () => void;
  /** It could not be joined; `socket.active` tells whether it will be tried again. */
  connect_error: (error: ConnectError) => void;
  disconnect: (reason: DisconnectReason, details?: DisconnectDetails) => void;
}

/** How the last resume of a lost connection went. */
export interface Recovery {
  readonly ok: boolean;
  /** Why not, where the server says so: `expired`, `trimmed`, `unknown`, `unavailable`. */
  readonly reason?: string | undefined;
}

/** A listener for every event: gets the event's name and its arguments. */
// biome-ignore lint/suspicious/noExplicitAny: arguments of whatever event comes
export type AnyListener = (event: any, ...args: any[]) => unknown;

/** What applications see of a Socket. */
export interface SocketView<Listen extends object = DefaultEventsMap, Emit extends object = Listen>
  extends Emitter<SocketEvents, Listen> {
  readonly nsp: string;
  readonly io: ManagerView;
  /** Id on the server, while connected. Changes with every connection that is not a resumed one. */
  readonly id: string | undefined;
  readonly connected: boolean;
  readonly disconnected: boolean;
  /** Whether the connection was resumed: nothing that the server sent in between was missed. */
  readonly recovered: boolean;
  readonly recovery: Recovery | undefined;
  /** Whether the socket will come back by itself, or is connected. */
  readonly active: boolean;
  auth: SocketOptions["auth"];
  connect(): this;
  open(): this;
  disconnect(): this;
  close(): this;
  emit<Name extends NameOf<Emit>>(event: Name, ...args: ArgsOf<Emit, Name>): this;
  emitWithAck<Name extends NameWithAck<Emit>>(
    event: Name,
    ...args: AllButLast<ArgsOf<Emit, Name>>
  ): Promise<AckValue<Last<ArgsOf<Emit, Name>>>>;
  /** Emits the event `message`. */
  send(...args: unknown[]): this;
  /** The next emit's acknowledgement is given up after `ms` milliseconds: its callback takes an error first. */
  timeout(ms: number): SocketView<Listen, WithAckErrors<Emit>>;
  /** The next emit is given up when `signal` aborts: taken back if it still waits, its acknowledgement fails. */
  signal(signal: AbortSignal): SocketView<Listen, WithAckErrors<Emit>>;
  /** The next emit may be lost: it is dropped unless it can leave at once. */
  readonly volatile: this;
  compress(compress: boolean): this;
  /** Asks the server for a sign of life; see {@link ManagerView.probe}. */
  probe(timeout?: number): Promise<boolean>;
}

/** Reads an option without an argument, sets it with one. */
export interface Accessor<Value> {
  (): Value;
  (value: Value): ManagerView;
}

/** What applications see of a Manager. */
export interface ManagerView extends Emitter<ManagerEvents> {
  readonly uri: string | undefined;
  readonly opts: ManagerOptions;
  /** The connection below. */
  readonly engine: Engine;
  open(done?: (error?: ClientError) => void): this;
  connect(done?: (error?: ClientError) => void): this;
  close(): this;
  socket<Listen extends object = DefaultEventsMap, Emit extends object = Listen>(
    nsp: string,
    options?: SocketOptions,
  ): SocketView<Listen, Emit>;
  readonly reconnection: Accessor<boolean>;
  readonly reconnectionAttempts: Accessor<number>;
  readonly reconnectionDelay: Accessor<number>;
  readonly reconnectionDelayMax: Accessor<number>;
  readonly randomizationFactor: Accessor<number>;
  readonly timeout: Accessor<number | false>;
  /**
   * Asks the server for a sign of life, and takes anything it sends for one. Without any within `timeout` milliseconds
   * (default 2,000) the connection is given up with `ping timeout`, and reconnection begins. Resolves to whether it is
   * alive. Done by itself when a page wakes up; in React Native call it when the app comes to the foreground.
   */
  probe(timeout?: number): Promise<boolean>;
}

/** What a Manager tells a socket that takes part. */
export interface Member {
  /** The connection is open: ask for the namespace. */
  opened(): void;
  received(packet: Packet): void;
  closed(reason: EngineCloseReason, details?: DisconnectDetails): void;
  /** The connection could not be opened. */
  failed(error: ClientError): void;
}

/** What a Socket may ask of its Manager. */
export interface ManagerLink {
  /** Takes part from now on; opens the connection if nothing else does. */
  join(nsp: string, member: Member): void;
  /** Takes part no longer; the last one closes the connection. */
  leave(nsp: string): void;
  /** The connection is open and the server was heard lately. */
  ready(): boolean;
  /** A packet sent now would leave at once. */
  writable(): boolean;
  /** Encodes and queues a packet. Throws what cannot be encoded, and `ERR_SOCKEYE_CLIENT_TOO_LARGE`. */
  send(packet: Packet, compress?: boolean): void;
  /** The peer broke the protocol: ends the connection with `parse error`. */
  violated(error: Error): void;
  dropped(dropped: DroppedPacket): void;
  handlerError(error: unknown, event: string | number): void;
}
