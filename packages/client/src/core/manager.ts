import type { Packet, PacketEncoder, Parser } from "@sockeye/socketio-parser";
import { backoff } from "../backoff.js";
import type {
  CoreManagerView,
  DisconnectDetails,
  Engine,
  EngineCloseReason,
  EngineData,
  EngineMaker,
  ManagerEvents,
  ManagerPort,
  Member,
} from "../contract.js";
import { Emitter } from "../emitter.js";
import type { WriteOptions } from "../engine/contract.js";
import { type ClientError, lossError, type TransportError, UnansweredError } from "../errors.js";
import type { DefaultEventsMap } from "../events.js";
import type { ManagerOptions, SocketOptions } from "../options.js";
import { CONNECT, DISCONNECT } from "../packet-type.js";
import { type Cancel, later } from "../timers.js";
import type { CoreSocket } from "./socket.js";

/** What an entry point puts into its Managers: nothing it does not name ends up in a bundle. */
export interface Kit {
  readonly engine: EngineMaker;
  readonly parser: Parser;
  readonly Socket: new (io: CoreManagerView & ManagerPort, nsp: string, options: SocketOptions) => CoreSocket;
  /** Throws for options that nothing here serves. */
  readonly check?: (options: ManagerOptions) => void;
}

/** Told when a Manager's connection is wanted, and when it no longer is. */
export type AliveListener = (manager: CoreManager, alive: boolean) => void;

type Done = (error?: ClientError) => void;

/** One connection to one server: shared by the sockets of its namespaces, and brought back when it is lost. */
export abstract class CoreManager<Listen extends object = DefaultEventsMap, Emit extends object = Listen>
  extends Emitter<ManagerEvents>
  implements CoreManagerView, ManagerPort
{
  readonly uri: string | undefined;
  readonly opts: ManagerOptions = { path: "/socket.io" };
  engine!: Engine;
  /** Sockets by namespace. An object without a prototype, as existing code looks at it. */
  readonly nsps: Record<string, CoreSocket> = Object.create(null);

  /** @internal */
  isOpen = false;
  /** Set from a loss until the connection is back or given up. @internal */
  reconnecting = false;
  #encoder!: PacketEncoder;
  /** The engine that is opening or open. Another one was given up: for good, or for a new one. */
  #current: Engine | undefined;
  /** Whether anything wants the connection; see {@link CoreManager.want}. */
  protected wanted = false;
  /** Attempts since the connection was lost. */
  #attempts = 0;
  /** Ends the wait for the next attempt. */
  #endWait: Cancel | undefined;

  constructor(
    uri?: string | ManagerOptions,
    options: ManagerOptions = {},
    private readonly alive?: AliveListener,
  ) {
    super();
    if (typeof uri === "object") options = uri;
    else this.uri = uri;
    for (const [name, value] of Object.entries(options))
      if (value !== undefined) this.opts[name as "path"] = value as string;
    this.kit().check?.(this.opts);
    if (this.opts.autoConnect !== false) this.open();
  }

  /** Of the entry point, on the prototype. */
  protected abstract kit(): Kit;

  /** The socket of a namespace; the same one each time. */
  socket<L extends object = Listen, E extends object = Emit>(nsp: string, options?: SocketOptions): CoreSocket<L, E> {
    const { opts, nsps } = this;
    nsps[nsp] ??= new (this.kit().Socket)(this, nsp, { ...opts, ...options });
    const socket = nsps[nsp];
    if (opts.autoConnect !== false && !socket.active) socket.connect();
    return socket as unknown as CoreSocket<L, E>;
  }

  /** Opens the connection, if it is not. With `done`, a failure is told to it and not tried again. */
  open(done?: Done): this {
    if (this.#current) return this;
    const { opts } = this;
    const kit = this.kit();
    const { timeout = 20_000, parser = kit.parser } = opts;
    const engine = kit.engine(this.uri, opts);
    this.#current = this.engine = engine;
    this.#encoder = new parser.Encoder();
    // Opened by hand while an attempt was due: this is the attempt.
    this.#endWait?.();
    this.want(true);

    const late = () => engine.end("transport error", new UnansweredError("TIMEOUT", "timeout"));
    const stop = later(opts, late, timeout);
    const decoder = new parser.Decoder();
    decoder.on("decoded", (packet) => this.#decoded(packet));
    engine
      .on("data", (data) => {
        try {
          decoder.add(data);
        } catch (error) {
          engine.end("parse error", error as Error);
        }
      })
      .on("open", () => {
        stop();
        this.#opened();
        done?.();
      })
      .on("ping", () => this.dispatch("ping"))
      .on("close", (reason, details) => {
        stop();
        if (engine === this.#current) this.#lost(reason, details, done);
      });
    return this;
  }

  /** Closes the connection for good: until it is opened again. */
  close(): this {
    const { engine } = this;
    this.rest();
    if (this.isOpen) this.#lost("forced close");
    else this.#current = undefined;
    engine?.close();
    return this;
  }

  /** Nothing is wanted any more: no timer, no listener stays. */
  protected rest(): void {
    this.reconnecting = false;
    this.#attempts = 0;
    this.#endWait?.();
    this.want(false);
  }

  /** What goes on for the sake of a connection that is wanted begins and ends here. */
  protected want(wanted: boolean): void {
    this.wanted = wanted;
    this.alive?.(this as CoreManager, wanted);
  }

  /** The sockets that want the connection, as they are now: handlers come and go while they are told. */
  #members(): Member[] {
    return Object.values(this.nsps).filter(({ active }) => active);
  }

  #opened(): void {
    this.isOpen = true;
    for (const member of this.#members()) member.joinNamespace();
    this.dispatch("open");
    // A handler may have closed the Manager.
    if (this.reconnecting) {
      this.reconnecting = false;
      this.dispatch("reconnect", this.#attempts);
    }
  }

  /** The connection was lost, or an attempt to open it came to nothing. */
  #lost(reason: EngineCloseReason, details?: DisconnectDetails, done?: Done): void {
    const { reconnecting, isOpen } = this;
    // Who hears of a reason needs no error, whose stack takes longer to write down than all the rest here.
    const fault = isOpen ? details : lossError(reason, details);
    this.#current = undefined;
    this.isOpen = false;
    if (fault instanceof Error) this.dispatch("error", fault as ClientError);
    // One may leave while another is told.
    for (const member of this.#members()) if (member.active) member.connectionLost(reason, fault);
    if (isOpen) {
      this.#attempts = 0;
      this.dispatch("close", reason, details);
    } else done?.(fault as ClientError);
    // A handler may have closed the Manager, or opened it again.
    if (this.wanted && !this.#current) {
      if (done && !reconnecting && !isOpen) this.rest();
      else this.#reconnect(fault as TransportError | undefined);
      if (reconnecting) this.dispatch("reconnect_error", lossError(reason, fault));
    }
  }

  #reconnect(fault?: TransportError): void {
    const { reconnection = true, reconnectionAttempts = Infinity } = this.opts;
    this.reconnecting = reconnection && this.#attempts < reconnectionAttempts;
    if (this.reconnecting) {
      this.#endWait = later(this.opts, () => this.attempt(), backoff(this.opts, this.#attempts++, fault?.retryAfter));
    } else {
      this.rest();
      if (reconnection) this.dispatch("reconnect_failed");
    }
  }

  /** Makes the attempt that is due, or will be. */
  protected attempt(): void {
    this.dispatch("reconnect_attempt", this.#attempts);
    if (this.reconnecting) this.open();
  }

  #decoded(packet: Packet): void {
    const { nsp, type } = packet;
    const member: Member | undefined = this.nsps[nsp];
    this.dispatch("packet", packet);
    if (member?.active) member.packetReceived(packet);
    // Nobody is here for it any more, or it was asked for to see whether the server is there.
    else if (type === CONNECT) this.sendPacket({ type: DISCONNECT, nsp });
  }

  // --- what its sockets ask for -------------------------------------------------------------------------------------

  /** @internal */
  isReady(): boolean {
    return this.isOpen && !this.engine.expired();
  }

  /** @internal */
  sendPacket(packet: Packet, options?: WriteOptions): void {
    const chunks = this.#encoder.encode(packet);
    // Before any part of it has left.
    for (const chunk of chunks) this.measure?.(chunk);
    for (const chunk of chunks) this.engine.write(chunk, options);
  }

  /** Throws where a message is one that the server would not take. Absent where that is for the server to say. */
  protected measure?(data: EngineData): void;

  /** @internal */
  closeUnused(): void {
    if (!this.#members().length) this.close();
  }
}
