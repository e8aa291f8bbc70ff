/**
 * Where Manager and Socket meet. Neither imports the other: a socket knows its Manager as a {@link ManagerPort}, a Manager its sockets as
 * {@link Member}s, and what applications see of a Manager on `socket.io` is {@link ManagerView}.
 */
import type { EnginePacket, Handshake } from "@sockeye/engine-parser";
import type { Packet } from "@sockeye/socketio-parser";
import type { ArgsOf, Emitter, NameOf } from "./emitter.js";
import type {
  CloseDetails,
  EngineOptions,
  OutgoingPacket,
  TransportOptions,
  TransportShape,
  WriteOptions,
} from "./engine/contract.js";
import type { ClientError, TransportError } from "./errors.js";
import type { AckValue, AllButLast, DefaultEventsMap, Last, NameWithAck, WithAckErrors } from "./events.js";
import type { ManagerOptions, SocketOptions } from "./options.js";

/** Why a connection ended. */
export type EngineCloseReason = "transport error" | "transport close" | "ping timeout" | "forced close" | "parse error";

export type SessionState = "opening" | "open" | "closing" | "closed";

export type EngineData = NonNullable<EnginePacket["data"]>;

/** The engine of the WebSocket-only entry point tells of those marked with a star. */
export interface EngineEvents {
  /** * The session is open. */
  open: () => void;
  /** What the server told about the session. */
  handshake: (handshake: Handshake) => void;
  packet: (packet: EnginePacket) => void;
  packetCreate: (packet: OutgoingPacket) => void;
  /** * */
  data: (data: EngineData) => void;
  message: (data: EngineData) => void;
  /** A batch goes to the transport; `drain` when it is gone. */
  flush: () => void;
  drain: () => void;
  /** A ping of the server came (`ping` *, `heartbeat`) and was answered (`pong`). */
  ping: () => void;
  heartbeat: () => void;
  pong: () => void;
  /** * */
  error: (error: Error) => void;
  upgrading: (transport: TransportShape) => void;
  upgrade: (transport: TransportShape) => void;
  upgradeError: (error: TransportError) => void;
  /** * */
  close: (reason: EngineCloseReason, details?: CloseDetails | Error) => void;
}

/** One Engine.IO session, as a Manager uses it and applications see it. It opens when it is made. */
export interface Engine extends Emitter<EngineEvents> {
  /** Session id; secret. */
  readonly id: string | undefined;
  readonly readyState: SessionState;
  /** Options with the address filled in. */
  readonly opts: TransportOptions;
  /** The transport in use. */
  readonly transport: Pick<TransportShape, "name">;
  /** Whether a message written now would leave without waiting. */
  readonly writable: boolean;
  /** Bytes the server takes in one message, once it has said so. */
  readonly maxPayload: number;
  /** Sends one message, in order. */
  write(data: EngineData, options?: WriteOptions): this;
  /** Ends the session once what was written has left. */
  close(): this;
  /** Ends the session at once. MUST tell of it with `close`, after an `error` where the details are one. */
  end(reason: EngineCloseReason, details?: CloseDetails | Error): void;
  /**
   * Whether the server has been silent for too long: timers may be late (a page in the background, a laptop asleep), the
   * clock is not. Ends the session if so, and MUST NOT do it before it has returned.
   */
  expired(): boolean;
}

/** Makes the engine that an entry point holds. */
export type EngineMaker = (uri: string | undefined, options: EngineOptions) => Engine;

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

/** What applications see of a Socket, from every entry point. */
export interface CoreSocketView<Listen extends object = DefaultEventsMap, Emit extends object = Listen>
  extends Emitter<SocketEvents, Listen> {
  readonly nsp: string;
  readonly io: CoreManagerView;
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
  disconnect(): this;
  emit<Name extends NameOf<Emit>>(event: Name, ...args: ArgsOf<Emit, Name>): this;
  emitWithAck<Name extends NameWithAck<Emit>>(
    event: Name,
    ...args: AllButLast<ArgsOf<Emit, Name>>
  ): Promise<AckValue<Last<ArgsOf<Emit, Name>>>>;
  /** Emits the event `message`. */
  send(...args: unknown[]): this;
  /** The next emit's acknowledgement is given up after `ms` milliseconds: its callback takes an error first. */
  timeout(ms: number): CoreSocketView<Listen, WithAckErrors<Emit>>;
  /** The next emit is given up when `signal` aborts: taken back if it still waits, its acknowledgement fails. */
  signal(signal: AbortSignal): CoreSocketView<Listen, WithAckErrors<Emit>>;
  /** The next emit may be lost: it is dropped unless it can leave at once. */
  readonly volatile: this;
}

/** What applications see of a Socket, but from the WebSocket-only entry point. */
export interface SocketView<Listen extends object = DefaultEventsMap, Emit extends object = Listen>
  extends CoreSocketView<Listen, Emit> {
  readonly io: ManagerView;
  timeout(ms: number): SocketView<Listen, WithAckErrors<Emit>>;
  signal(signal: AbortSignal): SocketView<Listen, WithAckErrors<Emit>>;
  compress(compress: boolean): this;
  onAny(listener: AnyListener): this;
  offAny(listener?: AnyListener): this;
  onAnyOutgoing(listener: AnyListener): this;
  offAnyOutgoing(listener?: AnyListener): this;
  open(): this;
  close(): this;
  /** Asks the server for a sign of life; see {@link ManagerView.probe}. */
  probe(timeout?: number): Promise<boolean>;
}

/** Reads an option without an argument, sets it with one. */
export interface Accessor<Value> {
  (): Value;
  (value: Value): ManagerView;
}

/** What applications see of a Manager, from every entry point. */
export interface CoreManagerView extends Emitter<ManagerEvents> {
  readonly uri: string | undefined;
  readonly opts: ManagerOptions;
  /** The connection below. */
  readonly engine: Engine;
  open(done?: (error?: ClientError) => void): this;
  close(): this;
  socket<Listen extends object = DefaultEventsMap, Emit extends object = Listen>(
    nsp: string,
    options?: SocketOptions,
  ): CoreSocketView<Listen, Emit>;
}

/** What applications see of a Manager, but from the WebSocket-only entry point. */
export interface ManagerView extends CoreManagerView {
  readonly connect: (done?: (error?: ClientError) => void) => this;
  readonly disconnect: () => this;
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

/** A socket, as its Manager uses it. Internal, as {@link ManagerPort} is. */
export interface Member {
  readonly active: boolean;
  /** The connection is open: ask for the namespace. @internal */
  joinNamespace(): void;
  /** What it throws ends the connection with `parse error`. @internal */
  packetReceived(packet: Packet): void;
  /** The connection was lost, or could not be opened. @internal */
  connectionLost(reason: EngineCloseReason, details?: DisconnectDetails): void;
}

/** What a socket uses of its Manager beside the view. It is internal: names may change, and are short in browsers. */
export interface ManagerPort {
  /** @internal */
  readonly isOpen: boolean;
  /** A lost connection is being brought back. @internal */
  readonly reconnecting: boolean;
  /** The connection is open and the server was heard lately. @internal */
  isReady(): boolean;
  /** Encodes and queues a packet. Throws what cannot be encoded, and `ERR_SOCKEYE_CLIENT_TOO_LARGE`. @internal */
  sendPacket(packet: Packet, options?: WriteOptions): void;
  /** Closes the connection if no socket wants it. @internal */
  closeUnused(): void;
}

// biome-ignore lint/suspicious/noExplicitAny: arguments come from the peer, or are an error and nothing
export type AckCallback = (...args: any[]) => void;

/** What the modifiers say about one emit. */
export interface Flags {
  volatile?: boolean;
  compress?: boolean;
  timeout?: number;
  signal?: AbortSignal;
  /** The callback takes an error first, whatever the options. */
  withError?: boolean;
}

/** An event's name and arguments. */
export type EventData = readonly [string | number, ...unknown[]];
