import type { EnginePacket } from "@sockeye/engine-parser";
import { decodeHandshake, defaultBinaryType } from "#platform";
import type { EngineCloseReason, EngineData, EngineEvents, Engine as EngineShape, SessionState } from "../contract.js";
import { Emitter } from "../emitter.js";
import { MisuseError, TransportError, ViolationError } from "../errors.js";
import { type Cancel, later } from "../timers.js";
import { resolveOptions } from "./address.js";
import type {
  CloseDetails,
  EngineKit,
  EngineOptions,
  OutgoingPacket,
  TransportClass,
  TransportHost,
  TransportOptions,
  TransportShape,
  WriteOptions,
} from "./contract.js";
import { farewell } from "./notice.js";
import { Session } from "./session.js";

/** Addresses where a move to WebSocket succeeded, for `rememberUpgrade`. */
const remembered = new Set<string>();

/**
 * One Engine.IO session: owns the transports and the timers, and does what `Session` says.
 *
 * ```ts
 * const engine = new Engine("ws://localhost:3000", { path: "/engine.io" }, kit);
 * engine.on("message", (data) => { ... });
 * engine.send("hello");
 * ```
 */
export class Engine extends Emitter<EngineEvents> implements EngineShape {
  /** Session id; secret. */
  id: string | undefined;
  /** The transport in use. */
  transport!: TransportShape;
  readonly opts: TransportOptions;
  /** Form of received bytes. */
  readonly binaryType: "nodebuffer" | "arraybuffer";

  readonly #kit: EngineKit;
  readonly #session = new Session();
  readonly #address: string;
  /** Transports to use, best first; those that failed are gone. */
  readonly #candidates: TransportClass[];
  #stopTimer: Cancel | undefined;
  #stopUpgrade: Cancel | undefined;
  #flushing = false;

  readonly #host: TransportHost = {
    received: (transport, packet) => {
      if (transport === this.transport) this.#receive(packet);
    },
    drained: (transport) => {
      if (transport === this.transport) this.#drained();
    },
    ended: (transport, details) => {
      if (transport === this.transport) this.#ended(details);
    },
  };

  constructor(uri: string | undefined, options: EngineOptions, kit: EngineKit) {
    super();
    this.#kit = kit;
    this.opts = resolveOptions(uri, options);
    this.binaryType = options.binaryType ?? defaultBinaryType;
    this.#candidates = candidatesOf(options, kit);
    const { hostname, port, path, rememberUpgrade, upgrade } = this.opts;
    this.#address = `${hostname}:${port}${path}`;
    if (rememberUpgrade && upgrade !== false && remembered.has(this.#address)) {
      this.#candidates.sort((_, { prototype }) => (prototype.name === "websocket" ? 1 : -1));
    }
    this.#open();
  }

  get readyState(): SessionState {
    return this.#session.state;
  }

  /** Packets that wait, those in flight included. */
  get writeBuffer(): readonly OutgoingPacket[] {
    return this.#session.outbox;
  }

  /** Whether a message written now would leave without waiting. */
  get writable(): boolean {
    return this.transport.writable && !this.writeBuffer.length && !this.#session.held;
  }

  /** Bytes the server takes in one message, once it has said so. */
  get maxPayload(): number {
    return this.#session.handshake?.maxPayload || Infinity;
  }

  /** Queues one message. `sent` is called when it was handed to the transport. */
  write(data: EngineData, options?: WriteOptions, sent?: () => void): this {
    if (this.#push({ type: "message", data, options }) && sent) this.once("flush", sent);
    return this;
  }

  /** The same as {@link Engine.write}. */
  send(data: EngineData, options?: WriteOptions, sent?: () => void): this {
    return this.write(data, options, sent);
  }

  /** Ends the session once what was written has left, and a move to another transport is through. */
  close(): this {
    const session = this.#session;
    if (session.state === "opening") this.end("forced close");
    else if (session.state === "open") {
      session.state = "closing";
      this.#settle();
    }
    return this;
  }

  /** Ends the session at once. */
  end(reason: EngineCloseReason, details?: CloseDetails | Error): void {
    const session = this.#session;
    if (session.state === "closed") return;
    if (details instanceof Error) this.dispatch("error", details);
    session.state = "closed";
    this.#stopTimer?.();
    this.#stopUpgrade?.();
    this.transport?.close();
    this.id = undefined;
    this.dispatch("close", reason, details);
    session.outbox = [];
  }

  /**
   * Whether the server has been silent for too long: timers may be late (a page in the background, a laptop asleep),
   * the clock is not. Ends the session if so.
   */
  expired(): boolean {
    const expired = Date.now() > this.#session.deadline;
    // Not within the caller's emit: handlers of the disconnection must not run inside it.
    if (expired) this.#soon(() => this.end("ping timeout"));
    return expired;
  }

  #open(): void {
    const [first] = this.#candidates;
    if (first) {
      const transport = this.#create(first, this.#host);
      this.transport = transport;
      // Later, so that the caller can listen before anything happens.
      this.#soon(() => transport.start());
    } else this.#soon(() => this.end("transport error", new TransportError("NO_TRANSPORT", "No transports available")));
  }

  #soon(run: () => void): void {
    Promise.resolve().then(() => this.readyState !== "closed" && run());
  }

  #create(candidate: TransportClass, host: TransportHost): TransportShape {
    const own = this.opts.transportOptions?.[candidate.prototype.name] as Partial<TransportOptions> | undefined;
    const transport = new candidate({ ...this.opts, ...own, query: { ...this.opts.query, ...own?.query } });
    transport.host = host;
    transport.binaryType = this.binaryType;
    if (this.id) transport.query.sid = this.id;
    return transport;
  }

  #receive(packet: EnginePacket | Error): void {
    if (packet instanceof Error) {
      this.end("parse error", packet);
      return;
    }
    const { type, data = "" } = packet;
    this.dispatch("packet", packet);
    const verdict = this.#session.receive(packet, Date.now());
    if (verdict === "message") {
      this.dispatch("data", data);
      this.dispatch("message", data);
    } else if (verdict === "pong") {
      this.dispatch("heartbeat");
      this.dispatch("ping");
      this.#push({ type: "pong" });
      this.dispatch("pong");
    } else if (verdict === "open") this.#opened(data);
    else if (verdict === "close") this.end("transport close", farewell(data));
    else if (verdict === "error") this.end("parse error", new ViolationError("PROTOCOL", `unexpected ${type}`));
  }

  #opened(data: unknown): void {
    const handshake = decodeHandshake(data);
    if (handshake instanceof Error) {
      this.end("parse error", handshake);
      return;
    }
    this.#session.open(handshake, Date.now());
    this.id = this.transport.query.sid = handshake.sid;
    this.#watch();
    this.dispatch("handshake", handshake);
    this.dispatch("open");
    this.#flush();
    // A handler may have closed it.
    if (this.readyState === "open" && this.opts.upgrade !== false) this.#upgrade(handshake.upgrades);
  }

  /** One timer for the session: it looks at the deadline and goes back to sleep for the rest. */
  #watch(): void {
    const left = this.#session.deadline - Date.now();
    if (left < 0) this.end("ping timeout");
    else this.#stopTimer = later(this.opts, () => this.#watch(), left + 1);
  }

  #upgrade(offered: readonly string[]): void {
    const session = this.#session;
    this.#stopUpgrade = this.#kit.startUpgrade?.(
      {
        options: this.opts,
        create: (candidate, host) => this.#create(candidate, host),
        hold: (candidate) => {
          session.held = true;
          this.dispatch("upgrading", candidate);
          return this.transport;
        },
        adopt: (candidate) => {
          this.transport = candidate;
          candidate.host = this.#host;
          session.held = false;
          if (candidate.name === "websocket") remembered.add(this.#address);
          candidate.send([{ type: "upgrade" }]);
          this.dispatch("upgrade", candidate);
          this.#settle();
        },
        failed: (error) => {
          session.held = false;
          this.dispatch("upgradeError", error);
          this.#settle();
        },
      },
      this.#candidates.filter(({ prototype: { name } }) => name !== this.transport.name && offered.includes(name)),
    );
  }

  #push(packet: OutgoingPacket): boolean {
    const accepted = this.#session.push(packet);
    if (accepted) {
      this.dispatch("packetCreate", packet);
      // Once per turn: packets of one turn share a body, where the transport has bodies.
      if (!this.#flushing) {
        this.#flushing = true;
        this.#soon(() => {
          this.#flushing = false;
          this.#flush();
        });
      }
    }
    return accepted;
  }

  #flush(): void {
    const { transport } = this;
    if (!transport.writable) return;
    const batch = this.#session.take(transport.name === "polling" ? this.maxPayload : undefined);
    if (batch.length) {
      transport.send(batch);
      this.dispatch("flush");
    }
  }

  #drained(): void {
    if (this.#session.handedOver()) this.dispatch("drain");
    this.#settle();
  }

  /** Goes on writing; closes, if that was asked for and nothing is left to do. */
  #settle(): void {
    if (this.readyState === "closing" && !this.writeBuffer.length && !this.#session.held) this.end("forced close");
    else this.#flush();
  }

  #ended(details: CloseDetails | TransportError): void {
    remembered.delete(this.#address);
    if (this.readyState === "opening" && this.opts.tryAllTransports && this.#candidates.length > 1) {
      this.#candidates.shift();
      this.#open();
    } else this.end(details instanceof Error ? "transport error" : "transport close", details);
  }
}

function candidatesOf({ transports, transportImplementations }: EngineOptions, kit: EngineKit): TransportClass[] {
  if (transports && transportImplementations) {
    throw new MisuseError("BAD_OPTION", "transports and transportImplementations exclude each other");
  }
  const named = transportImplementations ?? transports ?? Object.keys(kit.transports);
  return named.map((each) => (typeof each === "string" ? kit.transports[each]! : each)).filter(Boolean);
}
