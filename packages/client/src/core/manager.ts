import { CONNECT, DISCONNECT, type Packet, type PacketEncoder, type Parser } from "@sockeye/socketio-parser";
import { Backoff } from "../backoff.js";
import type {
  CoreManagerView,
  DisconnectDetails,
  Engine,
  EngineCloseReason,
  EngineData,
  EngineMaker,
  ManagerEvents,
  ManagerLink,
  Member,
  Wake,
} from "../contract.js";
import { Emitter } from "../emitter.js";
import type { WriteOptions } from "../engine/contract.js";
import { type ClientError, TransportError, UnansweredError } from "../errors.js";
import type { DefaultEventsMap } from "../events.js";
import type { ManagerOptions, SocketOptions } from "../options.js";
import { type Cancel, later } from "../timers.js";
import type { CoreOutbox } from "./outbox.js";
import type { CoreSocket } from "./socket.js";

/** What an entry point puts into its Managers: nothing it does not name ends up in a bundle. */
export interface Kit {
  readonly Outbox: typeof CoreOutbox;
  readonly engine: EngineMaker;
  readonly parser: Parser;
  readonly Socket: typeof CoreSocket;
  /** Throws where the server would not take a message of this size. */
  readonly measure?: (chunk: EngineData, engine: Engine) => void;
  /** Serves the options `watchNetwork` and `closeOnBeforeunload`. */
  readonly wake?: Wake;
  /** Throws for options that nothing here serves. */
  readonly check?: (options: ManagerOptions) => void;
}

/** Told when a Manager's connection is wanted, and when it no longer is. */
export type AliveListener = (manager: CoreManager, alive: boolean) => void;

type Done = (error?: ClientError) => void;

/** One connection to one server: shared by the sockets of its namespaces, and brought back when it is lost. */
export class CoreManager<Listen extends object = DefaultEventsMap, Emit extends object = Listen>
  extends Emitter<ManagerEvents>
  implements CoreManagerView
{
  readonly opts: ManagerOptions = { path: "/socket.io" };
  engine!: Engine;
  /** Sockets by namespace. An object without a prototype, as existing code looks at it. */
  readonly nsps: Record<string, CoreSocket> = Object.create(null);

  readonly #encoder: PacketEncoder;
  readonly #backoff: Backoff;
  /** Sockets that want the connection. */
  readonly #members = new Map<string, Member>();
  #state: "closed" | "opening" | "open" = "closed";
  /** Set from a loss until the connection is back or given up. */
  protected reconnecting = false;
  /** Ends the wait for the next attempt. */
  #wait: Cancel | undefined;
  /** Set while the connection is wanted: ends what is watched for its sake. */
  #unwatch: Cancel | undefined;

  protected readonly link: ManagerLink = {
    joinNamespace: (nsp, member) => {
      const joined = this.#members.has(nsp);
      this.#members.set(nsp, member);
      if (this.#state === "open") joined || member.connectionOpened();
      else if (!this.reconnecting) this.open();
    },
    leaveNamespace: (nsp) => {
      this.#members.delete(nsp);
      if (!this.#members.size) this.close();
    },
    isReady: () => this.#state === "open" && !this.engine.expired(),
    isWritable: () => this.engine.writable,
    sendPacket: (packet, options) => this.#send(packet, options),
    protocolViolated: (error) => this.engine.end("parse error", error),
    packetDropped: (dropped) => this.dispatch("packet_dropped", dropped),
    listenerFailed: (error, event) => this.onListenerError(error, event),
  };

  constructor(
    readonly uri: string | undefined,
    options: ManagerOptions,
    private readonly kit: Kit,
    private readonly alive?: AliveListener,
  ) {
    super();
    for (const [name, value] of Object.entries(options))
      if (value !== undefined) this.opts[name as "path"] = value as string;
    kit.check?.(options);
    this.#encoder = new (this.#parser().Encoder)();
    this.#backoff = new Backoff(this.opts);
    if (this.opts.autoConnect !== false) this.open();
  }

  /** The socket of a namespace; the same one each time. */
  socket<L extends object = Listen, E extends object = Emit>(nsp: string, options?: SocketOptions): CoreSocket<L, E> {
    const { opts, kit, link } = this;
    this.nsps[nsp] ??= new kit.Socket(this, nsp, { ...opts, ...options }, link, kit.Outbox);
    const socket = this.nsps[nsp];
    if (opts.autoConnect !== false && !socket.active) socket.connect();
    return socket as unknown as CoreSocket<L, E>;
  }

  /** Opens the connection, if it is not. With `done`, a failure is told to it and not tried again. */
  open(done?: Done): this {
    if (this.#state !== "closed") return this;
    const { opts, kit } = this;
    const engine = kit.engine(this.uri, opts);
    this.engine = engine;
    this.#state = "opening";
    // Opened by hand while an attempt was due: this is the attempt.
    this.#endWait();
    this.alive?.(this as CoreManager, true);
    this.#unwatch ??= kit.wake?.(this, this.link, () => this.#wait && this.#attempt()) ?? (() => {});

    const { timeout = 20_000 } = opts;
    const late = () => engine.end("transport error", new UnansweredError("TIMEOUT", "timeout"));
    const stop = timeout === false ? undefined : later(opts, late, timeout);
    const decoder = new (this.#parser().Decoder)();
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
        stop?.();
        this.#state = "open";
        this.#each((member) => member.connectionOpened());
        this.dispatch("open");
        done?.();
        this.reconnecting = false;
      })
      .on("ping", () => this.dispatch("ping"))
      .on("close", (reason, details) => {
        stop?.();
        // Otherwise it was given up: for good, or for a new one.
        if (engine === this.engine && this.#state !== "closed") this.#lost(reason, details, done);
      });
    return this;
  }

  /** Closes the connection for good: until it is opened again. */
  close(): this {
    const state = this.#state;
    this.#state = "closed";
    this.rest();
    if (state !== "closed") this.engine.close();
    if (state === "open") this.#tellClosed("forced close");
    return this;
  }

  /** Nothing is wanted any more: no timer, no listener stays. */
  protected rest(): void {
    this.reconnecting = false;
    this.#endWait();
    this.#unwatch?.();
    this.#unwatch = undefined;
    this.alive?.(this as CoreManager, false);
  }

  #parser(): Parser {
    return this.opts.parser ?? this.kit.parser;
  }

  /** The members as they are now: handlers come and go while they are told. */
  #each(tell: (member: Member) => void): void {
    for (const member of [...this.#members.values()]) tell(member);
  }

  /** The connection was lost, or an attempt to open it came to nothing. */
  #lost(reason: EngineCloseReason, details?: DisconnectDetails, done?: Done): void {
    const wasOpen = this.#state === "open";
    const error = details instanceof Error ? details : new TransportError("TRANSPORT", reason, details);
    this.#state = "closed";
    if (wasOpen) {
      if (error === details) this.dispatch("error", error as ClientError);
      this.#backoff.reset();
      this.#tellClosed(reason, details);
    } else {
      this.#each((member) => member.connectionLost(reason, error));
      this.dispatch("error", error as ClientError);
      done?.(error as ClientError);
    }
    // A handler may have closed the Manager, which leaves nothing to watch for.
    if ((wasOpen || !done) && this.#unwatch) this.#reconnect(details);
    if (!this.reconnecting && (this.#state as string) === "closed") this.rest();
  }

  #tellClosed(reason: EngineCloseReason, details?: DisconnectDetails): void {
    this.#each((member) => member.connectionLost(reason, details));
    this.dispatch("close", reason, details);
  }

  #endWait(): void {
    this.#wait?.();
    this.#wait = undefined;
  }

  #reconnect(details?: DisconnectDetails): void {
    if (this.#state !== "closed") return;
    const { reconnection = true, reconnectionAttempts = Infinity } = this.opts;
    if (!reconnection || this.#backoff.attempts >= reconnectionAttempts) {
      this.#backoff.reset();
      this.rest();
      if (reconnection) this.dispatch("reconnect_failed");
      return;
    }
    this.reconnecting = true;
    this.#backoff.advised = (details as TransportError | undefined)?.retryAfter ?? 0;
    this.#wait = later(this.opts, () => this.#attempt(), this.#backoff.next());
  }

  #attempt(): void {
    this.dispatch("reconnect_attempt", this.#backoff.attempts);
    if (!this.reconnecting) return;
    this.open((error) => {
      if (!this.reconnecting) return;
      if (error) {
        this.#reconnect(error);
        this.dispatch("reconnect_error", error);
      } else {
        const { attempts } = this.#backoff;
        this.#backoff.reset();
        this.dispatch("reconnect", attempts);
      }
    });
  }

  #decoded(packet: Packet): void {
    const { nsp, type } = packet;
    const member = this.#members.get(nsp);
    this.dispatch("packet", packet);
    if (member) member.packetReceived(packet);
    // Nobody is here for it any more, or it was asked for to see whether the server is there.
    else if (type === CONNECT) this.#send({ type: DISCONNECT, nsp });
  }

  #send(packet: Packet, options?: WriteOptions): void {
    const { engine, kit } = this;
    const chunks = this.#encoder.encode(packet);
    for (const chunk of chunks) kit.measure?.(chunk, engine);
    for (const chunk of chunks) engine.write(chunk, options);
  }
}
