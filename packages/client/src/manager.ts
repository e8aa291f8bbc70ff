import { type Packet, type PacketEncoder, PacketType, type Parser } from "@sockeye/socketio-parser";
import { watchPage } from "#platform";
import { Backoff } from "./backoff.js";
import type { Accessor, DisconnectDetails, ManagerEvents, ManagerLink, ManagerView, Member } from "./contract.js";
import { Emitter } from "./emitter.js";
import type { EngineKit, PageEvent } from "./engine/contract.js";
import { Engine, type EngineCloseReason } from "./engine/engine.js";
import { encodedSize } from "./engine/session.js";
import { type ClientError, MisuseError, TransportError, UnansweredError } from "./errors.js";
import type { DefaultEventsMap } from "./events.js";
import type { ManagerOptions, SocketOptions } from "./options.js";
import { Socket } from "./socket.js";
import { type Cancel, later } from "./timers.js";

/** What an entry point puts into its Managers. */
export interface ManagerKit extends EngineKit {
  readonly parser: Parser;
}

const DEFAULTS: ManagerOptions = {
  path: "/socket.io",
  reconnection: true,
  reconnectionAttempts: Infinity,
  reconnectionDelay: 1000,
  reconnectionDelayMax: 5000,
  randomizationFactor: 0.5,
  timeout: 20_000,
};

/** Told when a Manager's connection is wanted, and when it no longer is. */
export type AliveListener = (manager: Manager, alive: boolean) => void;

/** A namespace that no application has: any server answers a request for it, whatever it answers. */
const PROBE = "/~probe";

type Done = (error?: ClientError) => void;

/**
 * One connection to one server: shared by the sockets of its namespaces, and brought back when it is lost.
 *
 * ```ts
 * const manager = new Manager("https://example.com", { reconnectionDelayMax: 10_000 });
 * const socket = manager.socket("/");
 * const admin = manager.socket("/admin");
 * ```
 */
export class Manager<Listen extends object = DefaultEventsMap, Emit extends object = Listen>
  extends Emitter<ManagerEvents>
  implements ManagerView
{
  readonly uri: string | undefined;
  readonly opts: ManagerOptions;
  engine!: Engine;
  /** Sockets by namespace. An object without a prototype, as existing code looks at it. */
  readonly nsps: Record<string, Socket> = Object.create(null);

  declare readonly reconnection: Accessor<boolean>;
  declare readonly reconnectionAttempts: Accessor<number>;
  declare readonly reconnectionDelay: Accessor<number>;
  declare readonly reconnectionDelayMax: Accessor<number>;
  declare readonly randomizationFactor: Accessor<number>;
  declare readonly timeout: Accessor<number | false>;

  readonly #kit: ManagerKit;
  readonly #alive: AliveListener;
  readonly #encoder: PacketEncoder;
  readonly #backoff: Backoff;
  /** Sockets that want the connection. */
  readonly #members = new Map<string, Member>();
  #state: "closed" | "opening" | "open" = "closed";
  /** Set from a loss until the connection is back or given up. */
  #reconnecting = false;
  #wait: Cancel | undefined;
  #unwatch: Cancel | undefined;
  #probing: Promise<boolean> | undefined;

  readonly #link: ManagerLink = {
    join: (nsp, member) => this.#join(nsp, member),
    leave: (nsp) => {
      this.#members.delete(nsp);
      if (!this.#members.size) this.close();
    },
    ready: () => this.#state === "open" && !this.engine.expired(),
    writable: () => this.engine.writable,
    send: (packet, compress) => this.#send(packet, compress),
    violated: (error) => this.engine.end("parse error", error),
    dropped: (dropped) => this.dispatch("packet_dropped", dropped),
    handlerError: (error, event) => this.onListenerError(error, event),
  };

  static {
    for (const name of Object.keys(DEFAULTS) as (keyof ManagerOptions)[]) {
      Object.defineProperty(Manager.prototype, name, {
        value(this: Manager, ...[value]: never[]) {
          if (value === undefined) return this.opts[name];
          this.opts[name] = value;
          // Stops a reconnection under way, too.
          if (name === "reconnection" && !value && this.#reconnecting) this.#rest();
          return this;
        },
      });
    }
  }

  /** Kept for code that knows it: a lost connection is being brought back. @deprecated */
  get _reconnecting(): boolean {
    return this.#reconnecting;
  }

  constructor(uri: string | undefined, options: ManagerOptions, kit: ManagerKit, alive: AliveListener = () => {}) {
    super();
    this.uri = uri;
    this.opts = { ...DEFAULTS };
    for (const [name, value] of Object.entries(options))
      if (value !== undefined) this.opts[name as "path"] = value as string;
    this.#kit = kit;
    this.#alive = alive;
    this.#encoder = new (this.#parser().Encoder)();
    this.#backoff = new Backoff(this.opts);
    if (this.opts.autoConnect !== false) this.open();
  }

  /** The socket of a namespace; the same one each time. */
  socket<L extends object = Listen, E extends object = Emit>(nsp: string, options?: SocketOptions): Socket<L, E> {
    this.nsps[nsp] ??= new Socket(this, nsp, { ...this.opts, ...options }, this.#link);
    const socket = this.nsps[nsp];
    if (this.opts.autoConnect !== false && !socket.active) socket.connect();
    return socket as unknown as Socket<L, E>;
  }

  /** Opens the connection, if it is not. With `done`, a failure is told to it and not tried again. */
  open(done?: Done): this {
    if (this.#state !== "closed") return this;
    const { opts } = this;
    const engine = new Engine(this.uri, opts, this.#kit);
    this.engine = engine;
    this.#state = "opening";
    // Opened by hand while an attempt was due: this is the attempt.
    this.#wait?.();
    this.#wait = undefined;
    this.#alive(this as Manager, true);
    this.#unwatch ??= watchPage((event) => this.#pageEvent(event));

    const { timeout } = opts;
    const late = () => this.#failed(engine, new UnansweredError("TIMEOUT", "timeout"), done);
    const stop = timeout === false ? () => {} : later(opts, late, timeout!);

    const decoder = new (this.#parser().Decoder)();
    decoder.on("decoded", (packet) => this.#decoded(packet));
    engine.on("data", (data) => {
      try {
        decoder.add(data);
      } catch (error) {
        engine.end("parse error", error as Error);
      }
    });
    engine.on("open", () => {
      stop();
      this.#opened(done);
    });
    engine.on("ping", () => this.dispatch("ping"));
    engine.on("error", (error) => {
      if (this.#state === "opening") this.#failed(engine, error as ClientError, done);
      else this.dispatch("error", error as ClientError);
    });
    engine.on("close", (reason, details) => {
      stop();
      if (engine !== this.engine) return;
      if (this.#state === "open") this.#closed(reason, details);
      else this.#failed(engine, new TransportError("TRANSPORT", reason, details), done);
    });
    return this;
  }

  connect(done?: Done): this {
    return this.open(done);
  }

  /** Closes the connection for good: until it is opened again. */
  close(): this {
    const state = this.#state;
    this.#state = "closed";
    this.#rest();
    if (state !== "closed") this.engine.close();
    if (state === "open") this.#tellClosed("forced close");
    return this;
  }

  disconnect(): this {
    return this.close();
  }

  /** Kept for code that knows it. @deprecated */
  _close(): this {
    return this.close();
  }

  probe(timeout = 2000): Promise<boolean> {
    this.#probing ??= this.#probe(timeout).finally(() => {
      this.#probing = undefined;
    });
    return this.#probing;
  }

  protected override onListenerError(error: unknown, event: string | number): void {
    if (event !== "handler_error" && this.hasListeners("handler_error")) this.dispatch("handler_error", error, event);
    else super.onListenerError(error, event);
  }

  #parser(): Parser {
    return this.opts.parser ?? this.#kit.parser;
  }

  #join(nsp: string, member: Member): void {
    const joined = this.#members.has(nsp);
    this.#members.set(nsp, member);
    if (this.#state === "open") joined || member.opened();
    else if (!this.#reconnecting) this.open();
  }

  /** The members as they are now: handlers come and go while they are told. */
  #each(tell: (member: Member) => void): void {
    for (const member of [...this.#members.values()]) tell(member);
  }

  #opened(done?: Done): void {
    this.#state = "open";
    this.#each((member) => member.opened());
    this.dispatch("open");
    done?.();
    this.#reconnecting = false;
  }

  /** An attempt to open came to nothing. */
  #failed(engine: Engine, error: ClientError, done?: Done): void {
    if (engine !== this.engine || this.#state !== "opening") return;
    this.#state = "closed";
    engine.close();
    this.#backoff.advised = (error as TransportError).retryAfter ?? 0;
    this.#each((member) => member.failed(error));
    this.dispatch("error", error);
    // A handler may have closed the Manager, which leaves nothing to watch for.
    if (done) done(error);
    else if (this.#unwatch) this.#reconnect();
    if (!this.#reconnecting && (this.#state as string) === "closed") this.#rest();
  }

  /** The open connection was lost. */
  #closed(reason: EngineCloseReason, details?: DisconnectDetails): void {
    this.#state = "closed";
    this.#backoff.reset();
    this.#backoff.advised = (details as TransportError | undefined)?.retryAfter || 0;
    this.#tellClosed(reason, details);
    if (this.#unwatch) this.#reconnect();
  }

  #tellClosed(reason: EngineCloseReason, details?: DisconnectDetails): void {
    this.#each((member) => member.closed(reason, details));
    this.dispatch("close", reason, details);
  }

  /** Nothing is wanted any more: no timer, no listener stays. */
  #rest(): void {
    this.#reconnecting = false;
    this.#wait?.();
    this.#wait = undefined;
    this.#unwatch?.();
    this.#unwatch = undefined;
    this.#alive(this as Manager, false);
  }

  #reconnect(): void {
    if (this.#state !== "closed") return;
    const { reconnection, reconnectionAttempts } = this.opts;
    if (!reconnection) {
      this.#rest();
      return;
    }
    if (this.#backoff.attempts >= reconnectionAttempts!) {
      this.#backoff.reset();
      this.#rest();
      this.dispatch("reconnect_failed");
      return;
    }
    this.#reconnecting = true;
    this.#wait = later(this.opts, () => this.#attempt(), this.#backoff.next());
  }

  #attempt(): void {
    this.dispatch("reconnect_attempt", this.#backoff.attempts);
    if (!this.#reconnecting) return;
    this.open((error) => {
      if (!this.#reconnecting) return;
      if (error) {
        this.#reconnect();
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
    this.dispatch("packet", packet);
    // A pattern of the server's admitted the probe as a namespace.
    if (nsp === PROBE && type === PacketType.CONNECT) this.#send({ type: PacketType.DISCONNECT, nsp });
    this.#members.get(nsp)?.received(packet);
  }

  #send(packet: Packet, compress?: boolean): void {
    const { engine } = this;
    const chunks = this.#encoder.encode(packet);
    const { maxPayload, transport } = engine;
    const asText = transport.name === "polling";
    for (const chunk of chunks) {
      const isText = typeof chunk === "string";
      // No unit of text takes more than three bytes: most need no counting. What is text has a type before it.
      const most = isText ? chunk.length * 3 : chunk.byteLength * 2;
      if (most >= maxPayload && encodedSize(chunk, asText) + (isText || asText ? 1 : 0) > maxPayload) {
        throw new MisuseError("TOO_LARGE", `the server takes ${maxPayload} bytes`);
      }
    }
    const options = compress === undefined ? undefined : { compress };
    for (const chunk of chunks) engine.write(chunk, options);
  }

  #probe(timeout: number): Promise<boolean> {
    const { engine } = this;
    if (!this.#link.ready()) return Promise.resolve(false);
    return new Promise((resolve) => {
      const settle = (alive: boolean) => {
        stop();
        engine.off("packet", heard).off("close", lost);
        resolve(alive);
      };
      const heard = () => settle(true);
      const lost = () => settle(false);
      const stop = later(this.opts, () => engine.end("ping timeout", { description: "no answer to a probe" }), timeout);
      engine.on("packet", heard).on("close", lost);
      this.#send({ type: PacketType.CONNECT, nsp: PROBE });
    });
  }

  #pageEvent(event: PageEvent): void {
    const { watchNetwork, closeOnBeforeunload } = this.opts;
    const { engine } = this;
    if (event === "beforeunload") {
      if (closeOnBeforeunload) engine.end("forced close");
    } else if (watchNetwork === false) return;
    else if (event === "pagehide") engine.end("transport close", { description: "page put away" });
    else if (event === "offline") {
      // A machine can talk to itself without a network.
      if (engine.opts.hostname !== "localhost") {
        engine.end("transport close", { description: "network connection lost" });
      }
    } else if (this.#state === "open") this.probe();
    else if (this.#wait) this.#attempt();
  }
}
