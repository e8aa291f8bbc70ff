import { decodeHandshake, type EnginePacket, type Handshake } from "@sockeye/engine-parser";
import { createCookieJar, defaultBinaryType } from "#platform";
import { Emitter } from "../emitter.js";
import { MisuseError, TransportError, ViolationError } from "../errors.js";
import type { EngineOptions } from "../options.js";
import { type Cancel, later } from "../timers.js";
import { parseUrl } from "../url.js";
import type {
  CloseDetails,
  EngineKit,
  OutgoingPacket,
  TransportClass,
  TransportHost,
  TransportOptions,
  WriteOptions,
} from "./contract.js";
import { Session, type SessionState } from "./session.js";
import type { Transport } from "./transport.js";

/** Why a connection ended. */
export type EngineCloseReason = "transport error" | "transport close" | "ping timeout" | "forced close" | "parse error";

type Data = NonNullable<EnginePacket["data"]>;

export interface EngineEvents {
  /** The session is open. */
  open: () => void;
  /** What the server told about the session. */
  handshake: (handshake: Handshake) => void;
  packet: (packet: EnginePacket) => void;
  packetCreate: (packet: OutgoingPacket) => void;
  data: (data: Data) => void;
  message: (data: Data) => void;
  /** A batch goes to the transport; `drain` when it is gone. */
  flush: () => void;
  drain: () => void;
  /** A ping of the server came (`ping`, `heartbeat`) and was answered (`pong`). */
  ping: () => void;
  heartbeat: () => void;
  pong: () => void;
  error: (error: Error) => void;
  upgrading: (transport: Transport) => void;
  upgrade: (transport: Transport) => void;
  upgradeError: (error: TransportError) => void;
  close: (reason: EngineCloseReason, details?: CloseDetails | Error) => void;
}

/** Addresses where a move to WebSocket succeeded, for `rememberUpgrade`. */
const remembered = new Set<string>();

/**
 * One Engine.IO session: owns the transports and the timers, and does what {@link Session} says.
 *
 * ```ts
 * const engine = new Engine("ws://localhost:3000", { path: "/engine.io" }, kit);
 * engine.on("message", (data) => { ... });
 * engine.send("hello");
 * ```
 */
export class Engine extends Emitter<EngineEvents> {
  /** Session id; secret. */
  id: string | undefined;
  /** The transport in use. */
  transport!: Transport;
  readonly opts: TransportOptions;
  /** Form of received bytes. */
  binaryType: "nodebuffer" | "arraybuffer";

  readonly #kit: EngineKit;
  readonly #session = new Session();
  #candidates: (string | TransportClass)[];
  #cancels: Cancel[] = [];
  /** Set while a better transport is being taken into use. */
  #upgrading: Transport | undefined;
  #flushing = false;

  readonly #host: TransportHost = {
    opened: () => {},
    received: (transport, packet) => transport === this.transport && this.#receive(packet),
    drained: (transport) => transport === this.transport && this.#drained(),
    ended: (transport, details) => transport === this.transport && this.#end("transport close", details),
    failed: (transport, error) => transport === this.transport && this.#failed(error),
  };

  constructor(uri: string | undefined, options: EngineOptions, kit: EngineKit) {
    super();
    this.#kit = kit;
    this.opts = resolve(uri, options);
    this.binaryType = options.binaryType ?? defaultBinaryType;
    this.#candidates = candidatesOf(options, kit);
    const { upgrade, rememberUpgrade } = this.opts;
    const websocket = this.#candidates.find((each) => nameOf(each) === "websocket");
    if (rememberUpgrade && upgrade !== false && websocket && remembered.has(this.#address())) {
      this.#candidates = [websocket, ...this.#candidates.filter((each) => each !== websocket)];
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
    return this.transport.writable && !this.#session.outbox.length && !this.#session.held;
  }

  /** Bytes the server takes in one message, once it has said so. */
  get maxPayload(): number {
    return this.#session.handshake?.maxPayload || Number.POSITIVE_INFINITY;
  }

  /** Queues one message. `sent` is called when it was handed to the transport. */
  write(data: Data, options?: WriteOptions, sent?: () => void): this {
    if (this.#push({ type: "message", data, ...(options && { options }) }) && sent) this.once("flush", sent);
    return this;
  }

  /** The same as {@link Engine.write}. */
  send(data: Data, options?: WriteOptions, sent?: () => void): this {
    return this.write(data, options, sent);
  }

  /** Ends the session once what was written has left, and a move to another transport is through. */
  close(): this {
    const session = this.#session;
    if (session.state === "opening") this.#end("forced close");
    else if (session.state === "open") {
      session.state = "closing";
      this.#finish();
    }
    return this;
  }

  /** Ends the session at once: the line is known to be dead. */
  abandon(reason: EngineCloseReason, details?: CloseDetails | Error): void {
    this.#end(reason, details);
  }

  /**
   * Whether the server has been silent for too long: timers may be late (a page in the background, a laptop asleep),
   * the clock is not. Ends the session if so.
   */
  expired(): boolean {
    const expired = Date.now() > this.#session.deadline;
    // Not within the caller's emit: handlers of the disconnection must not run inside it.
    if (expired) this.#soon(() => this.#end("ping timeout"));
    return expired;
  }

  #open(): void {
    const [first] = this.#candidates;
    if (!first) {
      this.#soon(() => this.#fail(new TransportError("NO_TRANSPORT", "No transports available")));
      return;
    }
    const transport = this.#create(first);
    this.transport = transport;
    transport.host = this.#host;
    // Later, so that the caller can listen before anything happens.
    this.#soon(() => transport === this.transport && transport.open());
  }

  #soon(run: () => void): void {
    Promise.resolve().then(() => this.#session.state !== "closed" && run());
  }

  #create(candidate: string | TransportClass): Transport {
    const name = nameOf(candidate);
    const Class = typeof candidate === "string" ? this.#kit.transports[candidate]! : candidate;
    const own = this.opts.transportOptions?.[name] as Partial<TransportOptions> | undefined;
    const transport = new Class({ ...this.opts, ...own, query: { ...this.opts.query, ...own?.query } });
    transport.binaryType = this.binaryType;
    if (this.id) transport.query.sid = this.id;
    return transport;
  }

  #receive(packet: EnginePacket | Error): void {
    if (packet instanceof Error) {
      this.#violated(packet);
      return;
    }
    this.dispatch("packet", packet);
    const verdict = this.#session.receive(packet, Date.now());
    if (verdict === "deliver") {
      const data = packet.data ?? "";
      this.dispatch("data", data);
      this.dispatch("message", data);
    } else if (verdict === "answer") {
      this.dispatch("heartbeat");
      this.dispatch("ping");
      this.#push({ type: "pong" });
      this.dispatch("pong");
    } else if (verdict === "handshake") this.#handshake(packet.data);
    else if (verdict === "end") this.#end("transport close", farewell(packet.data));
    else if (verdict === "violation")
      this.#violated(new ViolationError("PROTOCOL", `unexpected ${packet.type} packet`));
  }

  #handshake(data: unknown): void {
    const handshake = decodeHandshake(data);
    if (handshake instanceof Error) {
      this.#violated(handshake);
      return;
    }
    const { sid, upgrades } = handshake;
    this.#session.open(handshake, Date.now());
    this.id = this.transport.query.sid = sid;
    this.#arm();
    this.dispatch("handshake", handshake);
    this.dispatch("open");
    this.#flush();
    // A handler may have closed it.
    if (this.readyState === "open" && this.opts.upgrade !== false) this.#upgrade(upgrades);
  }

  /** One timer for the session: it looks at the deadline and goes back to sleep for the rest. */
  #arm(): void {
    const left = this.#session.deadline - Date.now();
    if (left < 0) this.#end("ping timeout");
    else this.#cancels[0] = later(this.opts, () => this.#arm(), left + 1);
  }

  #upgrade(offered: readonly string[]): void {
    const { transport, opts } = this;
    const better = this.#candidates.filter((each) => {
      const name = nameOf(each);
      return name !== transport.name && offered.includes(name);
    });
    this.#cancels[2] =
      this.#kit.startUpgrade?.(
        {
          options: opts,
          create: (name) => this.#create(better.find((each) => nameOf(each) === name)!),
          current: () => this.transport,
          hold: (candidate) => {
            this.#session.held = true;
            this.#upgrading = candidate;
            this.dispatch("upgrading", candidate);
          },
          adopt: (candidate) => {
            this.transport = candidate;
            candidate.host = this.#host;
            this.#session.held = false;
            this.#upgrading = undefined;
            if (candidate.name === "websocket") remembered.add(this.#address());
            candidate.send([{ type: "upgrade" }]);
            this.dispatch("upgrade", candidate);
            this.#finish();
          },
          failed: (candidate, error) => {
            if (this.#upgrading === candidate) {
              this.#upgrading = undefined;
              this.#session.held = false;
              this.transport.resume();
            }
            this.dispatch("upgradeError", error);
            this.#flush();
            this.#finish();
          },
        },
        better.map(nameOf),
      ) ?? none;
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
    if (!batch.length) return;
    transport.send(batch);
    this.dispatch("flush");
  }

  #drained(): void {
    const empty = this.#session.handedOver();
    if (empty) this.dispatch("drain");
    this.#flush();
    this.#finish();
  }

  /** Closes, if that was asked for and nothing is left to do. */
  #finish(): void {
    const { state, outbox } = this.#session;
    if (state !== "closing") return;
    if (!outbox.length && !this.#upgrading) this.#end("forced close");
    else this.#flush();
  }

  #failed(error: TransportError): void {
    remembered.delete(this.#address());
    if (this.readyState === "opening" && this.opts.tryAllTransports && this.#candidates.length > 1) {
      this.transport.close();
      this.#candidates.shift();
      this.#open();
    } else this.#fail(error);
  }

  #fail(error: Error): void {
    this.dispatch("error", error);
    this.#end("transport error", error);
  }

  #violated(error: Error): void {
    this.dispatch("error", error);
    this.#end("parse error", error);
  }

  #end(reason: EngineCloseReason, details?: CloseDetails | Error): void {
    const session = this.#session;
    if (session.state === "closed") return;
    session.state = "closed";
    for (const cancel of this.#cancels) cancel?.();
    this.transport?.close();
    this.id = undefined;
    this.dispatch("close", reason, details);
    session.outbox = [];
  }

  #address(): string {
    const { hostname, port, path } = this.opts;
    return `${hostname}:${port}${path}`;
  }
}

const none: Cancel = () => {};

/** The last word of a server: `1`, or `1{"retryAfter":1500}` when it asks its clients to stay away for a while. */
function farewell(data: unknown): CloseDetails {
  let retryAfter: number | undefined;
  try {
    retryAfter = Number(JSON.parse(data as string).retryAfter);
  } catch {
    // Nothing said.
  }
  return { description: "closed by the server", retryAfter };
}

function nameOf(candidate: string | TransportClass): string {
  return typeof candidate === "string" ? candidate : candidate.prototype.name;
}

function candidatesOf(options: EngineOptions, kit: EngineKit): (string | TransportClass)[] {
  const { transports, transportImplementations } = options;
  if (transports && transportImplementations) {
    throw new MisuseError("BAD_OPTION", "transports and transportImplementations exclude each other");
  }
  const known = Object.keys(kit.transports);
  return [...(transportImplementations ?? transports ?? known)].filter(
    (each) => typeof each !== "string" || known.includes(each),
  );
}

function resolve(uri: string | undefined, options: EngineOptions): TransportOptions {
  const { hostname, host, port, secure, path = "/engine.io", addTrailingSlash = true, query } = options;
  const address = parseUrl(uri ?? (hostname || host ? `//${hostname ?? host}` : undefined));
  const isSecure = secure ?? address.secure;
  return {
    ...options,
    hostname: hostname ?? host ?? address.hostname,
    secure: isSecure,
    port: port ?? (isSecure === address.secure ? address.port : isSecure ? 443 : 80),
    path: path.replace(/\/$/, "") + (addTrailingSlash ? "/" : ""),
    query: query ?? address.query,
    cookieJar: options.withCredentials ? createCookieJar() : undefined,
  };
}
