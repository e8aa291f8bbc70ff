import type { EncodedPacket } from "@sockeye/socketio-parser";
import type {
  AdapterHealth,
  AdapterTarget,
  BroadcastAckSink,
  BroadcastFlags,
  BroadcastOptions,
  HostSocket,
  OutgoingEvent,
  Selection,
  SocketDetails,
} from "../contract.js";
import { asError } from "../errors.js";
import { InMemoryAdapter, type InMemoryAdapterOptions } from "../in-memory-adapter.js";
import type { Room, SocketId } from "../names.js";
import type { AdapterLog } from "../recovery/adapter-log.js";
import type { MemoryLogOptions } from "../recovery/options.js";
import { AckRounds } from "./ack-rounds.js";
import { ClusterNode, type NamespacePort, type Traffic } from "./cluster-node.js";
import { decodeEnvelope } from "./codec.js";
import { commandHandlers, type LocalSide, optionsOf } from "./commands.js";
import type { Channel, NodeId } from "./contract.js";
import { dispatch, type Handlers } from "./dispatch.js";
import type {
  Broadcast,
  Command,
  Draft,
  Fetch,
  HandOver,
  NamespaceEnvelope,
  OperationDraft,
  RemoteSocketDetails,
  ServerSideEmit,
} from "./envelope.js";
import { ClusterError, ClusterTimeoutError, ClusterViolation } from "./errors.js";
import { FarJoins } from "./far-joins.js";
import { ForeignCommands } from "./foreign/foreign-commands.js";
import { Interest, partitionOf } from "./interest.js";
import { type ClusterOptions, clusterOptions } from "./options.js";
import { ClusterLog, type ClusterLogPort } from "./recovery/cluster-log.js";
import type { LogPosition } from "./recovery/contract.js";
import type { LogEntry, OwnBroadcast } from "./recovery/shared-order.js";
import { replyHandlers } from "./replies.js";
import { Requests } from "./requests.js";
import { describeSocket, reviveSocket } from "./socket-details.js";

export interface ClusterAdapterOptions extends ClusterOptions, InMemoryAdapterOptions {}

/**
 * The adapter of a server that is one of many. What it does to its own sockets it does as {@link InMemoryAdapter} would, at
 * once and whether or not the others can be reached; then it tells the others.
 *
 * Connection state recovery, where it is on, is the cluster's, if the driver has a store for it: broadcasts then take their place
 * in the shared log before they are delivered, and a session is resumed on any node. Without a store the log is this node's,
 * and a session is resumed where it was.
 */
export class ClusterAdapter extends InMemoryAdapter {
  readonly #options: Required<ClusterOptions>;
  readonly #node: ClusterNode;
  readonly #port: NamespacePort;
  readonly #interest: Interest;
  readonly #farJoins = new FarJoins();
  readonly #requests = new Requests();
  readonly #rounds = new AckRounds();
  readonly #handlers: Handlers<NamespaceEnvelope>;
  readonly #foreign: ForeignCommands;
  readonly #everyone: Channel;
  /** The cluster's recovery log, if there is one. */
  #log: ClusterLog | undefined = undefined;
  #closed = false;

  constructor(nsp: AdapterTarget, node: ClusterNode, options: Required<ClusterOptions> & InMemoryAdapterOptions) {
    super(nsp, options);
    this.#options = options;
    this.#node = node;
    this.#everyone = { kind: "all", namespace: this.host.name };
    // Now: wrong options are to be heard of.
    void this.recovery;
    this.#port = this.#createPort();
    this.#interest = this.#createInterest();
    this.#handlers = { ...this.#commands(), ...replyHandlers(this.#requests, this.#rounds) };
    this.#foreign = new ForeignCommands(options.sources, {
      namespace: this.host.name,
      carryOut: (command) => dispatch(this.#handlers, command),
      report: (error) => this.host.reportError(error),
    });
  }

  /** How well this node reaches the others. Changes are announced with the event `health`. */
  get health(): AdapterHealth {
    return this.#node.health;
  }

  override async init(): Promise<void> {
    await this.#node.open(this.#port);
    await this.#log?.start();
    await this.#foreign.open();
  }

  override async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#interest.close();
    this.#requests.close();
    this.#rounds.close();
    await this.#foreign.close();
    await super.close();
    await this.#node.close(this.#port);
  }

  override async serverCount(): Promise<number> {
    return 1 + this.#others().length;
  }

  /** In force on this node at once; on the others when the promise resolves, if there is one. */
  override addAll(id: SocketId, rooms: Set<Room>): void | Promise<void> {
    super.addAll(id, rooms);
    const confirmed = this.#interest.confirmed(rooms);
    const turn = this.#log?.behind ? this.#log.drained() : undefined;
    if (confirmed === undefined && turn === undefined) return undefined;
    return Promise.all([confirmed, turn]).then(() => undefined);
  }

  override broadcast(event: OutgoingEvent, options: BroadcastOptions): void {
    const encoded = this.host.encode(event);
    const log = this.#log;
    if (log === undefined) this.#broadcastNow(event, encoded, options);
    else if (isRecoverable(event, options.flags)) log.broadcast(this.#ownBroadcast(event, encoded, options));
    else this.#inTurn(options, (whom) => this.#broadcastNow(event, encoded, whom));
  }

  override broadcastWithAck(
    event: OutgoingEvent,
    options: BroadcastOptions,
    clientCount: (count: number) => void,
    ack: (...args: unknown[]) => void,
    gone: () => void = () => {},
  ): void {
    // What waits must not change while it does.
    const question = this.#log?.behind ? this.host.decode(this.host.encode(event)) : event;
    if (question === undefined) return;
    this.#inTurn(options, (whom) => {
      if (!whom.flags?.local) this.#askOthers(question, whom, { clientCount, ack, gone });
      super.broadcastWithAck(question, whom, clientCount, ack, gone);
    });
  }

  /**
   * Sockets of this node as themselves, of others as they were described.
   *
   * @throws ClusterTimeoutError when a node did not answer; `responses` are the sockets that were found
   */
  override async fetchSockets(options: BroadcastOptions): Promise<(HostSocket | SocketDetails)[]> {
    const local = await super.fetchSockets(options);
    if (options.flags?.local) return local;
    const request = this.#node.nextRequest();
    const answers = this.#requests.open<readonly RemoteSocketDetails[]>(
      request,
      this.#others(),
      this.#timeout(options),
    );
    this.#node.publish(this.#everyone, { kind: "fetch", ...this.#selection(options), request });
    const { responses, missing } = await answers;
    const found = [...local, ...responses.flat().map(reviveSocket)];
    if (missing.length > 0) throw new ClusterTimeoutError(found, missing);
    return found;
  }

  override addSockets(options: BroadcastOptions, rooms: Room[]): void {
    super.addSockets(options, rooms);
    if (!options.flags?.local) this.#farJoins.add(rooms);
    this.#inTurn(options, (whom) => this.#tell(whom, { kind: "join", target: rooms }));
  }

  override delSockets(options: BroadcastOptions, rooms: Room[]): void {
    super.delSockets(options, rooms);
    this.#inTurn(options, (whom) => this.#tell(whom, { kind: "leave", target: rooms }));
  }

  override disconnectSockets(options: BroadcastOptions, close: boolean): void {
    this.#disconnectLocally(options, close);
    this.#inTurn(options, (whom) => this.#tell(whom, { kind: "disconnect", close }));
  }

  /** A trailing function is called with `(error, responses)`; the error is a {@link ClusterTimeoutError} or null. */
  override serverSideEmit(args: unknown[]): void {
    const answer = args.at(-1);
    const emit = { kind: "server-side-emit", namespace: this.host.name } as const;
    if (typeof answer !== "function") {
      this.#node.publish(this.#everyone, { ...emit, args });
      return;
    }
    const request = this.#node.nextRequest();
    const answers = this.#requests.open<unknown>(request, this.#others(), this.#options.requestTimeout);
    this.#node.publish(this.#everyone, { ...emit, args: args.slice(0, -1), request });
    answers.then(({ responses, missing }) => {
      this.#guard(() => answer(missing.length > 0 ? new ClusterTimeoutError(responses, missing) : null, responses));
    });
  }

  /** Sizes and counts, for `inspect()`. `waiting`: broadcasts and what stands behind them until their place is known. */
  inspect(): {
    nodes: number;
    requests: number;
    rounds: number;
    partitions: number;
    waiting: number;
    traffic: Readonly<Traffic>;
  } {
    return {
      nodes: this.#node.membership.nodes.length + 1,
      requests: this.#requests.size,
      rounds: this.#rounds.size,
      partitions: this.#interest.size,
      waiting: this.#log?.waiting ?? 0,
      traffic: this.#node.traffic,
    };
  }

  protected override createLog(settings: Partial<MemoryLogOptions>): AdapterLog {
    const { driver, logTimeout, heartbeatInterval } = this.#options;
    if (driver.recovery === undefined) return super.createLog(settings);
    const options = { namespace: this.host.name, limits: settings, logTimeout, checkInterval: heartbeatInterval };
    this.#log = new ClusterLog(driver.recovery, options, this.#logPort());
    return this.#log;
  }

  protected override recipients(options: BroadcastOptions): Selection {
    const selection = super.recipients(options);
    return this.#log === undefined ? selection : this.#log.select(selection);
  }

  protected override roomCreated(room: Room): void {
    this.#interest.roomCreated(room);
    super.roomCreated(room);
  }

  protected override roomDeleted(room: Room): void {
    this.#interest.roomDeleted(room, performance.now());
    super.roomDeleted(room);
  }

  #others(): NodeId[] {
    return this.#node.membership.nodesWith(this.host.name);
  }

  /**
   * One public room has a channel of its own, so what concerns it keeps its order there; all else goes to everyone. So does what is said to
   * a room right after a join from afar: over a bus without order among channels it may then pass what was said to the room just before.
   */
  #channelFor(rooms: ReadonlySet<Room>): Channel {
    if (rooms.size === 0) return this.#everyone;
    const { driver, partitions } = this.#options;
    const [room] = rooms;
    const partition =
      room !== undefined && rooms.size === 1 && driver.capabilities.interest && !this.#farJoins.has(room)
        ? partitionOf(room, partitions)
        : undefined;
    return partition === undefined ? this.#everyone : { kind: "rooms", namespace: this.host.name, partition };
  }

  #selection(options: BroadcastOptions): { namespace: string; rooms: Room[]; except: Room[] } {
    return { namespace: this.host.name, rooms: [...options.rooms], except: [...(options.except ?? [])] };
  }

  #tell(options: BroadcastOptions, operation: OperationDraft): void {
    if (options.flags?.local) return;
    this.#node.publish(this.#channelFor(options.rooms), { ...this.#selection(options), ...operation });
  }

  /** Behind a broadcast of this node that has no place in the log yet, if there is one; else now. */
  #inTurn(options: BroadcastOptions, operation: (options: BroadcastOptions) => void): void {
    if (!this.#log?.behind) {
      operation(options);
      return;
    }
    const copy = copyOf(options);
    this.#log.after(() => operation(copy));
  }

  #broadcastNow(event: OutgoingEvent, encoded: EncodedPacket, options: BroadcastOptions): void {
    this.deliver(encoded, event, options);
    if (options.flags?.local) return;
    this.#node.publish(this.#channelFor(options.rooms), this.#draftOf(event, encoded, options));
  }

  #ownBroadcast(event: OutgoingEvent, encoded: EncodedPacket, options: BroadcastOptions): OwnBroadcast {
    const { sequence, envelope } = this.#node.stamp(this.#draftOf(event, encoded, options));
    return { origin: this.#node.id, sequence, envelope, encoded, packet: event, options: copyOf(options) };
  }

  #disconnectLocally(options: BroadcastOptions, close: boolean): void {
    if (this.#log?.behind) for (const { id } of this.localSockets(options)) this.#log.expedite(id);
    super.disconnectSockets(options, close);
  }

  /** Encoded where every reader can relay it as it is, in plain values where one could not. */
  #draftOf(event: OutgoingEvent, encoded: EncodedPacket, options: BroadcastOptions): Draft<Broadcast> {
    const { name: namespace, parserId: parser } = this.host;
    const rooms = options.rooms.size === 0 ? NO_ROOMS : [...options.rooms];
    const except = options.except === undefined || options.except.size === 0 ? NO_ROOMS : [...options.except];
    const { flags = {} } = options;
    if (!this.#node.membership.share(parser, namespace)) {
      return { kind: "broadcast", namespace, rooms, except, flags, event: event.data };
    }
    return { kind: "broadcast", namespace, rooms, except, flags, packet: encoded, parser };
  }

  #askOthers(event: OutgoingEvent, options: BroadcastOptions, listener: Parameters<AckRounds["open"]>[3]): void {
    const request = this.#node.nextRequest();
    this.#rounds.open(request, this.#others(), this.#timeout(options), listener);
    this.#node.publish(this.#everyone, {
      kind: "broadcast",
      ...this.#selection(options),
      flags: options.flags ?? {},
      event: event.data,
      request,
    });
  }

  #timeout(options: BroadcastOptions): number {
    return options.flags?.timeout ?? this.#options.requestTimeout;
  }

  #commands(): Handlers<Command> {
    const local: LocalSide = {
      relay: (broadcast) => this.#relay(broadcast),
      relayWithAck: (broadcast, request) => this.#relayWithAck(broadcast, request),
      joinLocally: (options, rooms) => super.addSockets(options, rooms),
      leaveLocally: (options, rooms) => super.delSockets(options, rooms),
      disconnectLocally: (options, close) => this.#disconnectLocally(options, close),
      describeSockets: (fetch) => this.#describeSockets(fetch),
      serverSideEmitted: (emit) => this.#serverSideEmitted(emit),
      handOver: (request) => this.#handOver(request),
    };
    return commandHandlers(local);
  }

  #relay(broadcast: Broadcast): void {
    const { origin, sequence, flags } = broadcast;
    // It may be in the log all the same.
    if (this.#log !== undefined && origin !== "" && isRecoverable(undefined, flags))
      this.#log.unplaced(origin, sequence);
    const options = broadcast.whom ?? optionsOf(broadcast, flags);
    if (!this.reachesAnyone(options)) {
      this.#node.traffic.wasted++;
      return;
    }
    this.deliver(this.#encodedIn(broadcast), undefined, options);
  }

  #encodedIn({ packet, parser, event }: Broadcast): EncodedPacket {
    if (packet !== undefined && parser === this.host.parserId) return packet;
    if (event !== undefined) return this.host.encode(eventOf(event));
    throw new ClusterError("ERR_SOCKEYE_CLUSTER_MISMATCH", `a broadcast was encoded by the parser ${parser}`);
  }

  #relayWithAck(broadcast: Broadcast, request: string): void {
    const { origin, event = [], namespace } = broadcast;
    const reply = { namespace, request };
    const sink: BroadcastAckSink = {
      onClientCount: (count) => this.#node.reply(origin, { kind: "client-count", ...reply, count }),
      onAck: (args) => this.#node.reply(origin, { kind: "ack", ...reply, args }),
      onGone: () => this.#node.reply(origin, { kind: "gone", ...reply }),
    };
    const options = broadcast.whom ?? optionsOf(broadcast, broadcast.flags);
    this.host.deliverWithAck(eventOf(event), options.flags ?? {}, this.recipients(options), sink);
  }

  #describeSockets(fetch: Fetch): void {
    const { origin, namespace, request } = fetch;
    const sockets = this.localSockets(optionsOf(fetch)).map(describeSocket);
    this.#node.reply(origin, { kind: "sockets", namespace, request, sockets });
  }

  #serverSideEmitted({ origin, namespace, args, request }: ServerSideEmit): void {
    if (request === undefined) {
      this.host.onServerSideEmit([...args]);
      return;
    }
    let answered = false;
    const answer = (...response: unknown[]) => {
      if (answered) return;
      answered = true;
      this.#node.reply(origin, { kind: "answer", namespace, request, args: response });
    };
    this.host.onServerSideEmit([...args, answer]);
  }

  #createPort(): NamespacePort {
    return {
      name: this.host.name,
      parserId: this.host.parserId,
      keepsLog: this.#log !== undefined,
      receive: (envelope, position) => this.#receive(envelope, position),
      gap: () => this.#log?.gap(),
      returned: () => this.#log?.returned(),
      nodeLeft: (node, saidGoodbye) => {
        this.#requests.nodeLeft(node, saidGoodbye);
        this.#rounds.nodeLeft(node);
      },
      healthChanged: (health) => this.announce("health", health),
      sweep: (now) => {
        this.#interest.sweep(now);
        this.#log?.sweep(now);
      },
      reportError: (error) => this.host.reportError(error),
    };
  }

  #receive(envelope: NamespaceEnvelope, position: LogPosition | undefined): void {
    const log = this.#log;
    if (log !== undefined && position !== undefined && envelope.kind === "broadcast") {
      log.heard(position, this.#entryOf(envelope));
    } else if (log !== undefined && isOperation(envelope)) {
      log.command(() => this.#guard(() => dispatch(this.#handlers, envelope)));
    } else dispatch(this.#handlers, envelope);
  }

  // --- the recovery log -----------------------------------------------------------------------------------------------

  #logPort(): ClusterLogPort {
    return {
      self: this.#node.id,
      index: this,
      deliver: (entry, position) => this.#deliverEntry(entry, position),
      deliverTo: (socket, { encoded = [], options: { flags = {} }, packet }) =>
        this.#guard(() => this.host.deliver({ encoded, flags, packet }, new OneSocket(socket))),
      sendTo: (socket, encoded) => this.#sendTo(socket, encoded),
      tell: ({ options, envelope }) => this.#node.publishStamped(this.#channelFor(options.rooms), envelope),
      entryOf: (bytes) => this.#entryIn(bytes),
      refused: (error) => this.#node.refused(error),
      answered: () => this.#node.answered(),
      report: (error) => this.#node.complain(error),
      mayBeMember: (node) => this.#node.mayBeMember(node),
      askFor: (node, pid) => this.#askFor(node, pid),
    };
  }

  #sendTo(socket: SocketId, encoded: EncodedPacket): void {
    const event = this.host.decode(encoded);
    if (event !== undefined) this.#log?.broadcast(this.#ownBroadcast(event, encoded, { rooms: new Set([socket]) }));
  }

  #deliverEntry({ origin, encoded, packet, options }: LogEntry, offset: string | undefined): void {
    if (offset === undefined) this.#node.traffic.unlogged++;
    if (encoded === undefined) return;
    const { flags = {} } = options;
    if (this.reachesAnyone(options) || this.#log?.isMoving) {
      this.#guard(() => this.host.deliver({ encoded, flags, packet, offset }, this.recipients(options)));
    } else if (origin !== this.#node.id) this.#node.traffic.wasted++;
  }

  /** As it was read from the log. */
  #entryIn(bytes: Uint8Array): LogEntry | undefined {
    const envelope = decodeEnvelope(bytes);
    if (!(envelope instanceof ClusterViolation) && envelope.kind === "broadcast") return this.#entryOf(envelope);
    this.#node.traffic.malformed++;
    return undefined;
  }

  #entryOf(broadcast: Broadcast): LogEntry {
    const { origin, sequence, flags } = broadcast;
    let encoded: EncodedPacket | undefined;
    this.#guard(() => {
      encoded = this.#encodedIn(broadcast);
    });
    return { origin, sequence, encoded, options: broadcast.whom ?? optionsOf(broadcast, flags) };
  }

  async #askFor(node: NodeId, pid: string): Promise<void> {
    const request = this.#node.nextRequest();
    const answered = this.#requests.open(request, [node], this.#options.handOverTimeout);
    this.#node.publish({ kind: "node", node }, { kind: "hand-over", namespace: this.host.name, request, pid });
    await answered;
  }

  #handOver({ origin, namespace, request, pid }: HandOver): void {
    const reply = (): void => this.#node.reply(origin, { kind: "handed-over", namespace, request });
    if (this.#log === undefined) reply();
    else this.#log.release(pid).then(reply, this.#node.complain);
  }

  #createInterest(): Interest {
    const channel = (partition: number): Channel => ({ kind: "rooms", namespace: this.host.name, partition });
    const { interest } = this.#options.driver.capabilities;
    return new Interest({
      partitions: this.#options.partitions,
      linger: this.#options.subscriptionLinger,
      subscribe: async (partition) => (interest ? this.#node.subscribe(channel(partition)) : undefined),
      unsubscribe: async (partition) => (interest ? this.#node.unsubscribe(channel(partition)) : undefined),
      onError: (thrown) => this.host.reportError(asError(thrown)),
    });
  }

  #guard(callback: () => void): void {
    try {
      callback();
    } catch (thrown) {
      this.host.reportError(asError(thrown));
    }
  }
}

const NO_ROOMS: readonly Room[] = [];

/** The recipient of something that does not wait for its turn. */
class OneSocket implements Selection {
  readonly rooms: ReadonlySet<Room>;
  readonly except: ReadonlySet<Room> = new Set();

  constructor(private readonly id: SocketId) {
    this.rooms = new Set([id]);
  }

  forEach(visit: (id: SocketId) => void): void {
    visit(this.id);
  }
}

function copyOf({ rooms, except, flags }: BroadcastOptions): BroadcastOptions {
  return { rooms: new Set(rooms), except: new Set(except), flags: { ...flags } };
}

/** Neither volatile, nor to be answered, nor for this node alone. */
function isRecoverable(event: OutgoingEvent | undefined, flags: BroadcastFlags = {}): boolean {
  return flags.volatile !== true && flags.local !== true && event?.id === undefined;
}

function isOperation({ kind }: NamespaceEnvelope): boolean {
  return kind === "broadcast" || kind === "join" || kind === "leave" || kind === "disconnect";
}

function eventOf(data: readonly unknown[]): OutgoingEvent {
  return { type: 2, data: data as OutgoingEvent["data"] };
}

/**
 * For the `adapter` option of a server: one node of a cluster, whose namespaces share the driver.
 *
 * ```ts
 * const io = new Server(3000, { adapter: createClusterAdapter({ driver: new MyDriver(client) }) });
 * ```
 *
 * @throws ClusterError `ERR_SOCKEYE_CLUSTER_OPTION`
 */
export function createClusterAdapter(options: ClusterAdapterOptions): (nsp: AdapterTarget) => ClusterAdapter {
  const complete = { ...clusterOptions(options), recovery: options.recovery };
  const node = new ClusterNode(complete);
  // Not an arrow function: servers call adapters with `new`.
  return function clusterAdapter(nsp) {
    return new ClusterAdapter(nsp, node, complete);
  };
}
