import type { BroadcastFlags } from "@sockeye/adapter-base";
import type {
  EngineCloseReason,
  EngineData,
  EngineServer,
  EngineSink,
  EngineSocket,
  EngineTopics,
} from "@sockeye/engine-server";
import {
  type EncodedPacket,
  type Packet,
  type PacketDecoder,
  type PacketEncoder,
  PacketType,
} from "@sockeye/socketio-parser";
import type { Listed } from "./connections.js";
import type { ErrorContext, ServerLimits } from "./contract.js";
import { Deadline, type Deadlines } from "./deadlines.js";
import { asError, ServerViolation } from "./errors.js";
import { factsOf, type RequestFacts } from "./handshake.js";
import type { IncomingQueue } from "./incoming-queue.js";
import { ACKNOWLEDGED, type ConnectionMember, FAILED, LEFT, WRITE_WAITING } from "./ports.js";
import { RateMeter } from "./rate-meter.js";
import { type WireMessage, writeOptions } from "./wire-message.js";

/**
 * One engine socket, many namespaces. Down the road of a byte: decode, find the namespace's socket, hand the packet over.
 * Up the road: encode, write. A connection knows its sockets only as {@link ConnectionMember}s and its server only as
 * {@link ConnectionOwner}.
 */

/** What a connection asks of its server. */
export interface ConnectionOwner {
  readonly encoder: PacketEncoder;
  readonly deadlines: Deadlines;
  readonly incoming: IncomingQueue;
  readonly limits: ServerLimits;
  readonly connectTimeout: number;
  createDecoder(): PacketDecoder;
  /** A CONNECT arrived for a namespace that is neither joined nor being joined. */
  connect(connection: Connection, namespace: string, auth: Record<string, unknown>): void;
  /** The connection is over. */
  gone(connection: Connection): void;
  report(error: Error, context: ErrorContext): void;
}

const NO_FLAGS: BroadcastFlags = {};

/** One engine connection; applications meet it as `socket.client`. */
export class Connection implements EngineSink, Listed {
  // What a broadcast looks at stands first, side by side in memory: with thousands of connections each line of the cache counts.
  /** The engine socket below. */
  readonly conn: EngineSocket;
  /** The engine that can prepare messages for this socket, if it can. */
  readonly #preparer: EngineServer | undefined;
  #closed = false;
  readonly #owner: ConnectionOwner;
  readonly #decoder: PacketDecoder;
  /** What is known of the first request. @internal */
  readonly facts: RequestFacts;
  /** The socket of the main namespace. Most connections have no other, and need no table. */
  #main: ConnectionMember | undefined = undefined;
  #others: Map<string, ConnectionMember> | undefined = undefined;
  #connecting: string[] | undefined = undefined;
  /** Namespaces that the server ended; what the peer sent before it learnt of that is ignored. */
  #ended: Set<string> | undefined = undefined;
  #watch: ConnectDeadline | undefined = undefined;
  #attachmentWatch: AttachmentDeadline | undefined = undefined;
  readonly #meter: RateMeter | undefined;
  /** Events may wait for the end of the turn: the engine hands over directly, and says when it rests. */
  #patient = false;
  /** Why this side is closing the connection. */
  #cause: { reason: string | undefined; details: unknown } | undefined = undefined;
  /** Volatile packets that were dropped. @internal */
  dropped = 0;
  /** Its neighbours among the connections of the server. @internal */
  before: Listed | undefined = undefined;
  /** @internal */
  behind: Listed | undefined = undefined;

  /** */
  constructor(owner: ConnectionOwner, conn: EngineSocket, engine: EngineServer | undefined) {
    this.#owner = owner;
    this.conn = conn;
    this.facts = factsOf(conn.request);
    const prepares = typeof engine?.prepare === "function" && typeof conn.writePrepared === "function";
    this.#preparer = prepares ? engine : undefined;
    this.#decoder = owner.createDecoder();
    if (typeof this.#decoder.decode !== "function") {
      this.#decoder.on("decoded", (packet) => this.#route(packet));
    }
    this.#meter = meterFor(owner.limits);
    this.#watchForJoin();
    this.#listen();
  }

  /** The request that opened the connection. */
  get request(): unknown {
    return this.conn.request;
  }

  /** Topics of the engine, if it has them. @internal */
  get topics(): EngineTopics | undefined {
    return this.#preparer?.topics;
  }

  /** The engine that prepares messages for this connection, if it can. @internal */
  get preparer(): EngineServer | undefined {
    return this.#preparer;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** The encoder that all connections share. */
  get encoder(): PacketEncoder {
    return this.#owner.encoder;
  }

  // --- membership -----------------------------------------------------------------------------------------------------

  /** @internal */
  get namespaceCount(): number {
    return (this.#others?.size ?? 0) + (this.#main === undefined ? 0 : 1);
  }

  /** @internal */
  get connectingCount(): number {
    return this.#connecting?.length ?? 0;
  }

  /** A join is under way: further CONNECTs for the name are ignored until {@link settleConnect}. @internal */
  beginConnect(namespace: string): void {
    if (this.#connecting === undefined) this.#connecting = [namespace];
    else this.#connecting.push(namespace);
  }

  /** @internal */
  settleConnect(namespace: string): void {
    if (this.#connecting?.length === 1 && this.#connecting[0] === namespace) {
      this.#connecting = undefined;
    } else {
      const others = this.#connecting?.filter((name) => name !== namespace);
      this.#connecting = others?.length === 0 ? undefined : others;
    }
  }

  /** @internal */
  add(namespace: string, member: ConnectionMember): void {
    if (namespace === MAIN) {
      this.#main = member;
    } else {
      this.#others ??= new Map();
      this.#others.set(namespace, member);
    }
    this.#ended?.delete(namespace);
    if (this.#watch !== undefined) this.#owner.deadlines.clear(this.#watch);
    this.#watch = undefined;
  }

  /** `byServer`: the peer may not know yet. @internal */
  remove(namespace: string, byServer: boolean): void {
    if (namespace === MAIN) this.#main = undefined;
    else this.#others?.delete(namespace);
    if (!byServer || this.#closed) return;
    this.#ended ??= new Set();
    this.#ended.add(namespace);
    // A peer may join and be sent away again and again; what it sent long ago has arrived by now.
    if (this.#ended.size > MOST_ENDED) this.#ended.delete(this.#ended.values().next().value!);
  }

  #memberOf(namespace: string): ConnectionMember | undefined {
    return namespace === MAIN ? this.#main : this.#others?.get(namespace);
  }

  /** A list of its own: those who are told may leave meanwhile. */
  #listMembers(): [namespace: string, member: ConnectionMember][] {
    const others = this.#others === undefined ? [] : [...this.#others];
    return this.#main === undefined ? others : [[MAIN, this.#main], ...others];
  }

  // --- in -------------------------------------------------------------------------------------------------------------

  /** */
  onData(data: EngineData): void {
    if (this.#closed || this.#cause !== undefined) return;
    if (this.#meter !== undefined && this.#overdrawn(data)) return;
    try {
      this.#decode(data);
    } catch (thrown) {
      this.fail(asError(thrown));
    }
  }

  /** The transport is done with what it was reading. */
  onRest(): void {
    this.#owner.incoming.handOver();
  }

  /** */
  onClose(reason: EngineCloseReason, details?: unknown): void {
    // What came before the end is heard before it; who ends the connection here does not want to hear any more.
    if (!this.#closed && this.#cause === undefined) this.#owner.incoming.handOver();
    if (this.#closed) return;
    this.#closed = true;
    this.#decoder.destroy();
    this.#clearDeadlines();
    const members = this.#listMembers();
    const cause = this.#cause;
    this.#main = undefined;
    this.#others = undefined;
    this.#connecting = undefined;
    this.#ended = undefined;
    this.#owner.gone(this);
    for (const [, member] of members) member[LEFT](cause?.reason ?? reason, cause?.details ?? details);
  }

  #decode(data: EngineData): void {
    if (isConnect(data) && sizeOf(data) > this.#owner.limits.authSize) {
      throw new ServerViolation("AUTH_TOO_LARGE", `a CONNECT packet is larger than ${this.#owner.limits.authSize}`);
    }
    if (this.#decoder.decode === undefined) this.#decoder.add(data);
    else {
      const packet = this.#decoder.decode(data);
      if (packet !== undefined) this.#route(packet);
    }
    if (this.#attachmentWatch !== undefined || this.#decoder.pending === true) this.#watchAttachments();
  }

  #route(packet: Packet): void {
    if (packet.type === PacketType.CONNECT) {
      this.#connect(packet.nsp, packet.data ?? NO_AUTH);
      return;
    }
    const member = this.#memberOf(packet.nsp);
    if (member === undefined) this.#strayPacket(packet);
    else this.#hand(packet, member);
  }

  #hand(packet: Packet, member: ConnectionMember): void {
    switch (packet.type) {
      case PacketType.EVENT:
      case PacketType.BINARY_EVENT:
        requirePayload(packet.data);
        this.#owner.incoming.push(member, packet, this.#patient);
        break;
      case PacketType.ACK:
      case PacketType.BINARY_ACK:
        requirePayload(packet.data);
        // Events that came before are heard before.
        this.#owner.incoming.handOver();
        member[ACKNOWLEDGED](packet);
        break;
      case PacketType.DISCONNECT:
        member[LEFT]("client namespace disconnect");
        break;
      default:
        this.fail(new ServerViolation("UNEXPECTED_PACKET", "a client sent a CONNECT_ERROR packet"));
    }
  }

  #connect(name: string, auth: Record<string, unknown>): void {
    if (this.#connecting?.includes(name)) return;
    if (this.#memberOf(name) !== undefined) {
      this.fail(new ServerViolation("ALREADY_JOINED", `the namespace ${name} was already joined`));
      return;
    }
    this.#owner.connect(this, name, auth);
  }

  /** A packet for a namespace the peer is not in ends the connection, unless it may have been sent in good faith. */
  #strayPacket(packet: Packet): void {
    if (this.#ended?.has(packet.nsp)) return;
    this.fail(new ServerViolation("NOT_JOINED", `the namespace ${packet.nsp} was not joined`));
  }

  #overdrawn(data: EngineData): boolean {
    const violation = this.#meter!.take(sizeOf(data), performance.now());
    if (violation === undefined) return false;
    this.fail(violation);
    return true;
  }

  // --- out ------------------------------------------------------------------------------------------------------------

  /** Encodes and writes one packet. Throws what the encoder throws. @internal */
  send(packet: Packet, flags: BroadcastFlags = NO_FLAGS): void {
    if (!this.#closed) this.write(this.#owner.encoder.encode(packet), flags);
  }

  /** Writes one encoded packet. One that may be dropped is dropped whole, so its attachments never stand alone. @internal */
  write(encoded: EncodedPacket, flags: BroadcastFlags): void {
    if (this.#closed || this.#dropVolatile(flags.volatile === true)) return;
    const options = writeOptions(flags, flags.volatile === true && encoded.length === 1);
    for (let i = 0; i < encoded.length; i++) this.conn.write(encoded[i]!, options);
  }

  /** Writes a packet that other connections get too. @internal */
  writeMessage(message: WireMessage): void {
    if (this.#preparer === undefined) {
      this.write(message.encoded, message.flags);
    } else if (!this.#closed && !this.#dropVolatile(message.volatile)) {
      this.conn.writePrepared!(message.preparedFor(this.#preparer));
    }
  }

  /** Volatile means: only if it would leave at once. */
  #dropVolatile(isVolatile: boolean): boolean {
    if (!isVolatile || this.conn.transport.writable) return false;
    this.dropped++;
    return true;
  }

  // --- the end --------------------------------------------------------------------------------------------------------

  /** Closes the connection because of what the peer did: its sockets hear of the error first. @internal */
  fail(error: Error): void {
    if (this.#closed || this.#cause !== undefined) return;
    this.#cause = { reason: "forced close", details: error };
    for (const [, member] of this.#listMembers()) member[FAILED](error);
    if (isLimit(error)) this.#owner.report(error, { socket: undefined, event: "limit", namespace: undefined });
    this.conn.close();
  }

  /** Ends the whole connection: every namespace is told, then the engine socket closes. */
  disconnect(): void {
    for (const [name, member] of this.#listMembers()) {
      member[WRITE_WAITING]();
      this.send({ type: PacketType.DISCONNECT, nsp: name });
      member[LEFT]("server namespace disconnect");
    }
    this.close();
  }

  /** Closes the engine socket; `reason` is what the sockets that are still there will hear in place of the engine's. @internal */
  close(reason?: string, details?: unknown): void {
    if (this.#closed) return;
    this.#cause ??= { reason, details };
    this.conn.close();
  }

  /** The server is closing: the sockets hear of that before the engine says anything. @internal */
  shutDown(): void {
    this.onClose("server shutting down");
    this.conn.close();
  }

  /** The peer is back on another connection: this one is dead, though the engine has not noticed yet. @internal */
  abandon(details: unknown): void {
    this.onClose("transport close", details);
    this.conn.close(true);
  }

  // --- set-up ---------------------------------------------------------------------------------------------------------

  #listen(): void {
    const conn = this.conn;
    if (typeof conn.setSink === "function") {
      this.#patient = true;
      conn.setSink(this);
    } else {
      conn.on("data", (data) => this.onData(data));
      conn.on("close", (reason, details) => this.onClose(reason, details));
      // An engine may report a transport's trouble before it closes; an emitter without a listener would throw it.
      conn.on("error", ignore);
    }
  }

  #watchForJoin(): void {
    this.#watch = new ConnectDeadline(this, this.#owner.connectTimeout);
    this.#owner.deadlines.set(this.#watch, this.#owner.connectTimeout);
  }

  #watchAttachments(): void {
    if (this.#decoder.pending !== true) {
      this.#owner.deadlines.clear(this.#attachmentWatch!);
      this.#attachmentWatch = undefined;
    } else if (this.#attachmentWatch === undefined) {
      this.#attachmentWatch = new AttachmentDeadline(this);
      this.#owner.deadlines.set(this.#attachmentWatch, this.#owner.limits.attachmentTimeout);
    }
  }

  #clearDeadlines(): void {
    if (this.#watch !== undefined) this.#owner.deadlines.clear(this.#watch);
    if (this.#attachmentWatch !== undefined) this.#owner.deadlines.clear(this.#attachmentWatch);
    this.#watch = undefined;
    this.#attachmentWatch = undefined;
  }
}

/** A peer that opens a connection and joins nothing. */
class ConnectDeadline extends Deadline {
  constructor(
    private readonly connection: Connection,
    private readonly timeout: number,
  ) {
    super();
  }

  override expire(): void {
    const why = new ServerViolation("CONNECT_TIMEOUT", `no namespace was joined within ${this.timeout} ms`);
    this.connection.close("forced server close", why);
  }
}

/** A peer that announces attachments and does not send them holds memory, and blocks its own connection. */
class AttachmentDeadline extends Deadline {
  constructor(private readonly connection: Connection) {
    super();
  }

  override expire(): void {
    this.connection.fail(new ServerViolation("ATTACHMENT_TIMEOUT", "the attachments of a packet did not come in time"));
  }
}

/** Name of the main namespace. */
const MAIN = "/";

/** Namespaces that are remembered as ended by the server. */
const MOST_ENDED = 64;

const NO_AUTH: Readonly<Record<string, unknown>> = {};

function ignore(): void {}

/** Codecs from elsewhere let events and acknowledgements without a payload pass. */
function requirePayload(data: unknown): void {
  if (!Array.isArray(data)) throw new ServerViolation("UNEXPECTED_PACKET", "a packet without its payload");
}

/** Limits are reported: the operator set them, and wants to know who meets them. Plain protocol violations are not news. */
function isLimit(error: Error): boolean {
  return error instanceof ServerViolation && LIMIT_CODES.has(error.code);
}

const LIMIT_CODES: ReadonlySet<string> = new Set(
  ["AUTH_TOO_LARGE", "TOO_MANY_EVENTS", "TOO_MANY_BYTES", "ATTACHMENT_TIMEOUT"].map(
    (what) => `ERR_SOCKEYE_SERVER_${what}`,
  ),
);

function meterFor(limits: ServerLimits): RateMeter | undefined {
  const { eventsPerSecond, bytesPerSecond } = limits;
  if (eventsPerSecond === Number.POSITIVE_INFINITY && bytesPerSecond === Number.POSITIVE_INFINITY) return undefined;
  return new RateMeter(eventsPerSecond, bytesPerSecond, performance.now());
}

function sizeOf(data: EngineData): number {
  return typeof data === "string" ? data.length : data.byteLength;
}

const DIGIT_CONNECT = 0x30;

/** Whether a message of the JSON codec is a CONNECT. Binary codecs are measured like everything else, by the engine. */
function isConnect(data: EngineData): boolean {
  return typeof data === "string" && data.charCodeAt(0) === DIGIT_CONNECT;
}
