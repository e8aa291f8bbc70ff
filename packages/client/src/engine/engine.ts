import type { EnginePacket } from "@sockeye/engine-parser";
import { defaultBinaryType } from "#platform";
import type { EngineCloseReason, EngineData, EngineEvents, Engine as EngineShape, SessionState } from "../contract.js";
import { Emitter } from "../emitter.js";
import { MisuseError, TransportError, ViolationError } from "../errors.js";
import { type Cancel, later } from "../timers.js";
import { requestUri, resolveOptions } from "./address.js";
import type {
  CloseDetails,
  EngineOptions,
  OutgoingPacket,
  TransportClass,
  TransportHost,
  TransportOptions,
  TransportShape,
  WriteOptions,
} from "./contract.js";
import { HEAD_START } from "./delays.js";
import { farewell, readHandshake } from "./notice.js";
import { countWithin } from "./size.js";

/** Addresses where a move to WebSocket succeeded, for `rememberUpgrade`. */
const remembered = new Set<string>();

/**
 * One Engine.IO session: the law of the protocol, what waits to be written, and the way from one transport to a better one. It hosts
 * the transport in use, and those that are tried beside it.
 *
 * ```ts
 * const engine = new Engine("ws://localhost:3000", { path: "/engine.io" }, { websocket: WebSocket });
 * engine.on("message", (data) => { ... });
 * engine.send("hello");
 * ```
 */
export class Engine extends Emitter<EngineEvents> implements EngineShape, TransportHost {
  /** Session id; secret. */
  id: string | undefined;
  readyState: SessionState = "opening";
  /** Bytes the server takes in one message, once it has said so. */
  maxPayload = Infinity;
  /** Packets that wait, those in flight included and first. */
  writeBuffer: OutgoingPacket[] = [];
  /** The transport in use. */
  transport!: TransportShape;
  readonly opts: TransportOptions;
  /** Form of received bytes. */
  readonly binaryType: "nodebuffer" | "arraybuffer";

  readonly #address: string;
  /** Transports to use, best first; those that failed are gone. */
  readonly #candidates: TransportClass[];
  /** Transports that are tried beside the one in use, those that wait for their start included, and what ends the trial of each. */
  readonly #trials = new Map<TransportShape | TransportClass, Cancel>();
  /** The one that is to take over. Until it does nothing may leave on the old one. */
  #successor: TransportShape | undefined;
  /** How many packets were handed over and are not gone yet. */
  #inFlight = 0;
  /** When the server was heard last. */
  #heard = 0;
  /** Milliseconds that it may be silent. */
  #patience = Infinity;
  #stopTimer: Cancel | undefined;

  constructor(uri: string | undefined, options: EngineOptions, known: Readonly<Record<string, TransportClass>>) {
    super();
    const { transports, transportImplementations, rememberUpgrade } = options;
    if (transports && transportImplementations) {
      throw new MisuseError("BAD_OPTION", "transports and transportImplementations");
    }
    this.opts = resolveOptions(uri, options);
    this.binaryType = this.opts.binaryType ?? defaultBinaryType;
    this.#address = requestUri(this.opts);
    this.#candidates = (transportImplementations ?? transports ?? Object.keys(known)).flatMap((each) =>
      typeof each === "string" ? (known[each] ?? []) : each,
    );
    if (rememberUpgrade && remembered.has(this.#address)) {
      this.#candidates.sort((_, { prototype }) => (prototype.name === "websocket" ? 1 : -1));
    }
    this.#open();
  }

  /** Whether a message written now would leave without waiting. */
  get writable(): boolean {
    return this.#takes() && !this.writeBuffer.length;
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
    if (this.id) {
      this.readyState = "closing";
      this.#goOn();
    } else this.end("forced close");
    return this;
  }

  /** Ends the session at once. */
  end(reason: EngineCloseReason, details?: CloseDetails | Error): void {
    if (this.readyState === "closed") return;
    if (details instanceof Error) this.dispatch("error", details);
    this.readyState = "closed";
    this.#stopTimer?.();
    for (const stop of this.#trials.values()) stop();
    this.transport?.close();
    this.id = undefined;
    this.dispatch("close", reason, details);
    this.writeBuffer = [];
  }

  /**
   * Whether the server has been silent for too long: timers may be late (a page in the background, a laptop asleep),
   * the clock is not. Ends the session if so.
   */
  expired(): boolean {
    const expired = this.#left() < 0;
    // Not within the caller's emit: handlers of the disconnection must not run inside it.
    if (expired) this.#soon(() => this.end("ping timeout"));
    return expired;
  }

  // --- what transports tell -----------------------------------------------------------------------------------------

  received(transport: TransportShape, packet: EnginePacket | Error | undefined): void {
    if (this.#trials.has(transport)) this.#tried(transport, packet as EnginePacket);
    else if (transport === this.transport && this.readyState !== "closed") {
      // Any packet counts, not pings alone: one that waits behind a large message on a slow line is no reason to give the line up.
      this.#heard = Date.now();
      const fault = packet instanceof Error && packet;
      const { type, data = "" }: Partial<EnginePacket> = (!fault && packet) || {};
      if (type) this.dispatch("packet", packet as EnginePacket);
      const isOpen = this.readyState !== "opening";
      // A handler may have closed it.
      if ((this.readyState as string) === "closed") return;
      // The law of the protocol: what may come when.
      if (type === "close") this.end("transport close", farewell(data));
      else if (isOpen && type === "message") {
        this.dispatch("data", data);
        this.dispatch("message", data);
      } else if (isOpen && type === "ping") {
        this.dispatch("heartbeat");
        this.dispatch("ping");
        this.#push({ type: "pong" });
        this.dispatch("pong");
      } else if (isOpen ? type !== "noop" : type !== "open" || !this.#opened(data)) {
        this.end("parse error", fault || new ViolationError("PROTOCOL", `invalid packet: ${type}`));
      }
    }
  }

  drained(transport: TransportShape): void {
    const isFirst = !transport.writable;
    transport.writable = true;
    if (transport === this.transport) {
      const sent = this.writeBuffer.splice(0, this.#inFlight).length;
      this.#inFlight = 0;
      if (sent && !this.writeBuffer.length) this.dispatch("drain");
      this.#goOn();
    } else if (isFirst && this.#trials.has(transport)) transport.send([{ type: "ping", data: "probe" }]);
  }

  ended(transport: TransportShape, details: CloseDetails | TransportError): void {
    if (this.#trials.has(transport)) this.#fail(transport, details instanceof Error ? details : "transport closed");
    else if (transport === this.transport) {
      remembered.delete(this.#address);
      if (this.readyState === "opening" && this.opts.tryAllTransports && this.#candidates.length > 1) {
        this.#candidates.shift();
        this.#open();
      } else this.end(details instanceof Error ? "transport error" : "transport close", details);
    }
  }

  // --- the session --------------------------------------------------------------------------------------------------

  #open(): void {
    const [first] = this.#candidates;
    if (first) this.transport = this.#create(first);
    // Later, so that the caller can listen before anything happens.
    this.#soon(() => {
      if (first) this.#start(this.transport);
      else this.end("transport error", new TransportError("NO_TRANSPORT", "No transports available"));
    });
  }

  #soon(run: () => void): void {
    Promise.resolve().then(() => this.readyState !== "closed" && run());
  }

  #start(transport: TransportShape): void {
    try {
      transport.open();
    } catch (description) {
      this.ended(transport, new TransportError("TRANSPORT", `${transport.name} error`, { description }));
    }
  }

  #create(candidate: TransportClass): TransportShape {
    const own = this.opts.transportOptions?.[candidate.prototype.name] as Partial<TransportOptions> | undefined;
    const transport = new candidate(
      own ? { ...this.opts, ...own, query: { ...this.opts.query, ...own.query } } : this.opts,
    );
    transport.host = this;
    if (this.id) transport.query.sid = this.id;
    return transport;
  }

  /** Returns whether `data` is a handshake. */
  #opened(data: EngineData): boolean {
    const handshake = readHandshake(data);
    if (handshake) {
      const { sid, upgrades, maxPayload, pingInterval, pingTimeout } = handshake;
      this.id = this.transport.query.sid = sid;
      this.maxPayload = maxPayload || Infinity;
      this.#patience = pingInterval + pingTimeout;
      this.readyState = "open";
      this.#watch();
      this.dispatch("handshake", handshake);
      this.dispatch("open");
      this.#goOn();
      // A handler may have closed it.
      if ((this.readyState as string) === "open" && this.opts.upgrade !== false) this.#upgrade(upgrades);
    }
    return !!handshake;
  }

  /** Milliseconds until silence becomes a dead connection. */
  #left(): number {
    return this.#heard + this.#patience - Date.now();
  }

  /** One timer for the session: it looks at the deadline and goes back to sleep for the rest. */
  #watch(): void {
    const left = this.#left();
    if (left < 0) this.end("ping timeout");
    else this.#stopTimer = later(this.opts, () => this.#watch(), left + 1);
  }

  // --- writing ------------------------------------------------------------------------------------------------------

  #push(packet: OutgoingPacket): boolean {
    const accepted = this.readyState === "opening" || this.readyState === "open";
    if (accepted) {
      // The first one leaves at the end of this turn, and the turn's others with it: they share a body, where there are bodies.
      if (this.writeBuffer.push(packet) < 2) this.#soon(() => this.#goOn());
      this.dispatch("packetCreate", packet);
    }
    return accepted;
  }

  /** Whether a batch can be handed over: the session is open, and the transport neither busy nor about to be replaced. */
  #takes(): boolean {
    return !!this.id && this.transport.writable && !this.#successor;
  }

  /** Writes what waits; ends the session, if that was asked for and nothing is left to do. */
  #goOn(): void {
    if (!this.#takes()) return;
    const { transport, writeBuffer } = this;
    const { length } = writeBuffer;
    if (length) {
      this.#inFlight = transport.name === "polling" ? countWithin(writeBuffer, this.maxPayload) : length;
      transport.writable = false;
      transport.send(writeBuffer.slice(0, this.#inFlight));
      this.dispatch("flush");
    } else if (this.readyState === "closing") this.end("forced close");
  }

  // --- the move to a better transport -------------------------------------------------------------------------------

  /**
   * Tries better transports beside the one in use (Engine.IO protocol, "Upgrade"): each is sent a ping `probe`. The first whose pong
   * comes back is the successor: writing stops, what is under way on the old transport is brought to its end, and the successor takes
   * over. Between the two no packet is lost or overtaken: the server writes on the old transport until our `upgrade` packet, and that
   * leaves only after the old transport's last response.
   */
  #upgrade(offered: readonly string[]): void {
    const better = this.#candidates.filter(
      ({ prototype: { name } }) => name !== this.transport.name && offered.includes(name),
    );
    for (const candidate of better) {
      const begin = () => {
        const transport = this.#create(candidate);
        const { upgradeTimeout = 10_000 } = this.opts;
        const stopTimer = later(this.opts, () => this.#fail(transport, "upgrade timeout"), upgradeTimeout);
        this.#trials.set(transport, () => {
          stopTimer();
          this.#trials.delete(transport);
          if (transport !== this.transport) transport.close();
        });
        this.#start(transport);
      };
      const isPatient = candidate.prototype.name === "websocket" && better.length > 1;
      if (isPatient) this.#trials.set(candidate, later(this.opts, begin, HEAD_START));
      else begin();
    }
  }

  #tried(transport: TransportShape, packet: Partial<EnginePacket> | undefined): void {
    if (packet?.type !== "pong" || packet.data !== "probe") this.#fail(transport, "probe error");
    else if (!this.#successor) {
      for (const [other, stop] of this.#trials) if (other !== transport) stop();
      this.#successor = transport;
      this.dispatch("upgrading", transport);
      this.transport.pause(() => this.#adopt(transport));
    }
  }

  #adopt(transport: TransportShape): void {
    if (!this.#trials.has(transport)) return;
    this.transport = transport;
    this.#successor = undefined;
    this.#trials.get(transport)!();
    if (transport.name === "websocket") remembered.add(this.#address);
    // What the old transport has taken is gone, although it may not have said so yet.
    this.writeBuffer.splice(0, this.#inFlight, { type: "upgrade" });
    this.dispatch("upgrade", transport);
    this.#goOn();
  }

  /** A trial came to nothing: the transport in use stays so. */
  #fail(transport: TransportShape, error: TransportError | string): void {
    this.#trials.get(transport)!();
    if (this.#successor) this.transport.resume();
    this.#successor = undefined;
    this.dispatch("upgradeError", error instanceof Error ? error : new TransportError("PROBE_FAILED", error));
    this.#goOn();
  }
}
