import { Complaints } from "../../cluster/complaints.js";
import { dispatch, type Handlers } from "../../cluster/dispatch.js";
import type { RemoteSocketDetails } from "../../cluster/envelope.js";
import { ClusterError, ClusterTimeoutError, ClusterViolation } from "../../cluster/errors.js";
import { Health } from "../../cluster/health.js";
import { describeSocket, reviveSocket } from "../../cluster/socket-details.js";
import type {
  AdapterHealth,
  AdapterTarget,
  BroadcastAckSink,
  BroadcastFlags,
  BroadcastOptions,
  HostSocket,
  OutgoingEvent,
  SocketDetails,
} from "../../contract.js";
import { asError } from "../../errors.js";
import { InMemoryAdapter } from "../../in-memory-adapter.js";
import type { Room, SocketId } from "../../names.js";
import { EMITTER } from "./catalog.js";
import type { Decoded, Peers, WireCommand, WireMember, WireMembership, WireMessage, WireReply } from "./contract.js";
import { CountedPeers } from "./counted-peers.js";
import { NamedPeers } from "./named-peers.js";
import { type CompleteOptions, type OfficialWireOptions, officialWireOptions } from "./options.js";

/** What went over the bus since this adapter was made. */
export interface WireTraffic {
  sent: number;
  received: number;
  /** Received without a socket here that it concerned. */
  wasted: number;
  malformed: number;
  /** Of a type this version does not know, or for another namespace. */
  unknown: number;
  /** Not taken by the backend. */
  failed: number;
}

type Draft<M> = M extends { kind: unknown } ? Omit<M, "origin" | "namespace"> : never;
type Of<K extends WireMessage["kind"]> = Extract<WireMessage, { kind: K }>;

/**
 * The adapter of a server in a cluster that also has the incumbent's servers in it: it says what they say, over a
 * {@link WireBus}. What it does to its own sockets it does as {@link InMemoryAdapter} would, at once and whether or not the
 * others can be reached; then it tells the others.
 *
 * Connection state recovery, where it is on, keeps its log on this server: a session is resumed where it was.
 */
export class OfficialWireAdapter extends InMemoryAdapter {
  readonly traffic: WireTraffic = { sent: 0, received: 0, wasted: 0, malformed: 0, unknown: 0, failed: 0 };
  readonly #options: CompleteOptions;
  readonly #id = randomMemberId();
  readonly #member: WireMember;
  readonly #peers: Peers;
  readonly #health = new Health();
  readonly #complaints = new Complaints();
  readonly #handlers: Handlers<WireMessage>;
  #announcedHealth: AdapterHealth = "ok";
  #requests = 0;
  /** Subscriptions of the join under way. */
  #following: Promise<void>[] | undefined;
  #lastPublished = 0;
  #lastSweep = 0;
  #opened = false;
  #closed = false;
  #sweepTimer: ReturnType<typeof setInterval> | undefined;

  constructor(nsp: AdapterTarget, options: CompleteOptions) {
    super(nsp, options);
    this.#options = options;
    this.#member = this.#createMember();
    this.#peers = this.#createPeers();
    this.#handlers = { ...this.#commands(), ...this.#replies(), ...this.#membership() };
  }

  /** How well this server reaches the others. Changes are announced with the event `health`. */
  get health(): AdapterHealth {
    return this.#health.state;
  }

  override async init(): Promise<void> {
    await this.#options.bus.open(this.#member);
    this.#opened = true;
    if (this.#options.bus.membership !== "heartbeats" || this.#closed) return;
    this.#tell("hello");
    this.#lastSweep = performance.now();
    this.#sweepTimer = setInterval(() => this.#sweep(performance.now()), this.#sweepInterval);
    (this.#sweepTimer as { unref?(): void }).unref?.();
  }

  override async close(): Promise<void> {
    if (this.#closed) return;
    clearInterval(this.#sweepTimer);
    if (this.#opened && this.#options.bus.membership === "heartbeats") this.#tell("goodbye");
    this.#closed = true;
    this.#peers.close();
    super.close();
    await this.#options.bus.close(this.#member);
  }

  override async serverCount(): Promise<number> {
    return 1 + (await this.#peers.count());
  }

  /** In force on this server at once; on the others when the promise resolves, if there is one. */
  override addAll(id: SocketId, rooms: Set<Room>): void | Promise<void> {
    const following: Promise<void>[] = [];
    this.#following = following;
    super.addAll(id, rooms);
    this.#following = undefined;
    if (following.length > 0) return Promise.all(following).then(() => undefined);
  }

  override broadcast(event: OutgoingEvent, options: BroadcastOptions): void {
    super.broadcast(event, options);
    if (options.flags?.local) return;
    this.#send({ kind: "broadcast", ...selectionOf(options), flags: flagsOf(options), event: event.data });
  }

  override broadcastWithAck(
    event: OutgoingEvent,
    options: BroadcastOptions,
    clientCount: (count: number) => void,
    ack: (...args: unknown[]) => void,
    gone: () => void = () => {},
  ): void {
    if (!options.flags?.local) {
      const request = this.#nextRequest();
      this.#peers.askClients(request, this.#timeout(options), { clientCount, ack, gone });
      const flags = flagsOf(options);
      this.#send({ kind: "broadcast", ...selectionOf(options), flags, event: event.data, request });
    }
    super.broadcastWithAck(event, options, clientCount, ack, gone);
  }

  /**
   * Sockets of this server as themselves, of others as they were described.
   *
   * @throws ClusterTimeoutError when a server did not answer; `responses` are the sockets that were found
   */
  override async fetchSockets(options: BroadcastOptions): Promise<(HostSocket | SocketDetails)[]> {
    const local = await super.fetchSockets(options);
    if (options.flags?.local) return local;
    const request = this.#nextRequest();
    const answers = this.#peers.ask<readonly RemoteSocketDetails[]>(request, this.#timeout(options));
    this.#send({ kind: "fetch", ...selectionOf(options), request });
    const { responses, missing } = await answers;
    const found = [...local, ...responses.flat().map(reviveSocket)];
    if (missing.length > 0) throw new ClusterTimeoutError(found, missing);
    return found;
  }

  override addSockets(options: BroadcastOptions, rooms: Room[]): void {
    super.addSockets(options, rooms);
    if (!options.flags?.local) this.#send({ kind: "join", ...selectionOf(options), target: rooms });
  }

  override delSockets(options: BroadcastOptions, rooms: Room[]): void {
    super.delSockets(options, rooms);
    if (!options.flags?.local) this.#send({ kind: "leave", ...selectionOf(options), target: rooms });
  }

  override disconnectSockets(options: BroadcastOptions, close: boolean): void {
    super.disconnectSockets(options, close);
    if (!options.flags?.local) this.#send({ kind: "disconnect", ...selectionOf(options), close });
  }

  /** A trailing function is called with `(error, responses)`; the error is a {@link ClusterTimeoutError} or null. */
  override serverSideEmit(args: unknown[]): void {
    const answer = args.at(-1);
    if (typeof answer !== "function") {
      this.#send({ kind: "server-side-emit", args });
      return;
    }
    const request = this.#nextRequest();
    const answers = this.#peers.ask<unknown>(request, this.#options.requestTimeout);
    this.#send({ kind: "server-side-emit", args: args.slice(0, -1), request });
    answers.then(({ responses, missing }) => {
      this.#guard(() => answer(missing.length > 0 ? new ClusterTimeoutError(responses, missing) : null, responses));
    });
  }

  protected override roomCreated(room: Room): void {
    const following = this.#options.bus.follow?.(this.#member, room);
    following?.catch(this.#complain);
    if (following !== undefined) this.#following?.push(following);
    super.roomCreated(room);
  }

  protected override roomDeleted(room: Room): void {
    if (!this.#closed) this.#options.bus.unfollow?.(this.#member, room).catch(this.#complain);
    super.roomDeleted(room);
  }

  #createMember(): WireMember {
    return {
      namespace: this.host.name,
      id: this.#id,
      rooms: this.rooms,
      sids: this.sids,
      receive: (message) => this.#receive(message),
      wasted: () => {
        this.traffic.received++;
        this.traffic.wasted++;
      },
      stateChanged: ({ publish, receive }) => {
        this.#health.publishing(publish);
        this.#health.receiving(receive);
        this.#announceHealth();
      },
      report: this.#complain,
    };
  }

  #createPeers(): Peers {
    const { bus } = this.#options;
    if (bus.membership === "heartbeats") return new NamedPeers();
    const count = bus.count?.bind(bus);
    if (count === undefined) throw new ClusterError("ERR_SOCKEYE_CLUSTER_OPTION", "this bus does not count");
    return new CountedPeers(() => count(this.host.name), this.#complain);
  }

  #receive(message: Decoded): void {
    if (this.#closed) return;
    if (message instanceof ClusterViolation) {
      this.traffic.malformed++;
      this.#complain(message);
    } else if (message.kind === "unknown") this.traffic.unknown++;
    else if (message.origin !== this.#id) this.#receiveFrom(message);
  }

  #receiveFrom(message: WireMessage): void {
    this.traffic.received++;
    if (message.origin !== EMITTER && message.origin !== "") this.#peers.heard(message.origin, performance.now());
    this.#guard(() => dispatch(this.#handlers, message));
  }

  #commands(): Handlers<WireCommand> {
    return {
      broadcast: (broadcast) => {
        if (broadcast.request === undefined) this.#relay(broadcast);
        else this.#relayWithAck(broadcast, broadcast.request);
      },
      join: (join) => super.addSockets(locally(join), [...join.target]),
      leave: (leave) => super.delSockets(locally(leave), [...leave.target]),
      disconnect: (disconnect) => super.disconnectSockets(locally(disconnect), disconnect.close),
      fetch: (fetch) => {
        const sockets = this.localSockets(locally(fetch)).map(describeSocket);
        this.#reply(fetch.origin, { kind: "sockets", request: fetch.request, sockets });
      },
      "server-side-emit": (emit) => this.#serverSideEmitted(emit),
    };
  }

  #replies(): Handlers<WireReply> {
    const peers = this.#peers;
    return {
      sockets: ({ request, origin, sockets }) => peers.answered(request, origin, sockets),
      answer: ({ request, origin, args }) => peers.answered(request, origin, args[0]),
      "client-count": ({ request, origin, count }) => peers.counted(request, origin, count),
      ack: ({ request, origin, args }) => peers.acknowledged(request, origin, args),
    };
  }

  #membership(): Handlers<WireMembership> {
    return {
      hello: () => this.#tell("heartbeat"),
      heartbeat: () => {},
      goodbye: ({ origin }) => this.#peers.left(origin),
    };
  }

  #relay({ event = [], flags, ...selecting }: Of<"broadcast">): void {
    const options = locally(selecting, flags);
    if (!this.reachesAnyone(options)) {
      this.traffic.wasted++;
      return;
    }
    const outgoing = eventOf(event);
    this.deliver(this.host.encode(outgoing), outgoing, options);
  }

  #relayWithAck({ origin, event = [], flags, ...selecting }: Of<"broadcast">, request: string): void {
    const sink: BroadcastAckSink = {
      onClientCount: (count) => this.#reply(origin, { kind: "client-count", request, count }),
      onAck: (args) => this.#reply(origin, { kind: "ack", request, args }),
      // The incumbent's wire has no word for it.
      onGone: () => {},
    };
    const options = locally(selecting, flags);
    this.host.deliverWithAck(eventOf(event), options.flags ?? {}, this.select(options), sink);
  }

  #serverSideEmitted({ origin, args, request }: Of<"server-side-emit">): void {
    if (request === undefined) {
      this.host.onServerSideEmit([...args]);
      return;
    }
    let answered = false;
    const answer = (...response: unknown[]) => {
      if (answered) return;
      answered = true;
      this.#reply(origin, { kind: "answer", request, args: response });
    };
    this.host.onServerSideEmit([...args, answer]);
  }

  /** @throws ClusterError `ERR_SOCKEYE_CLUSTER_UNSERIALIZABLE` */
  #send(draft: Draft<WireCommand | WireMembership>): void {
    if (this.#closed) return;
    this.#lastPublished = performance.now();
    const message = { ...draft, origin: this.#id, namespace: this.host.name } as WireCommand | WireMembership;
    this.#sent(this.#options.bus.publish(message));
  }

  #tell(kind: WireMembership["kind"]): void {
    this.#guard(() => this.#send({ kind }));
  }

  #reply(to: string, draft: Draft<WireReply>): void {
    if (this.#closed) return;
    const message = { ...draft, origin: this.#id, namespace: this.host.name } as WireReply;
    this.#guard(() => this.#sent(this.#options.bus.reply(to, message)));
  }

  #sent(taken: Promise<void>): void {
    this.traffic.sent++;
    taken.then(this.#published, this.#publishFailed);
  }

  readonly #published = (): void => {
    this.#health.publishing("up");
    this.#announceHealth();
  };

  readonly #publishFailed = (thrown: unknown): void => {
    this.traffic.failed++;
    if (this.#closed) return;
    if ((thrown as { code?: unknown } | undefined)?.code !== "ERR_SOCKEYE_CLUSTER_TOO_LARGE") {
      this.#health.publishing("down");
      this.#announceHealth();
    }
    this.#complain(thrown);
  };

  get #sweepInterval(): number {
    return Math.max(10, Math.min(1000, this.#options.heartbeatTimeout / 10));
  }

  #sweep(now: number): void {
    const { heartbeatInterval, heartbeatTimeout } = this.#options;
    const stall = now - this.#lastSweep - this.#sweepInterval;
    this.#lastSweep = now;
    // What arrived during a stall of this process is still waiting to be read: nobody is dead for it.
    if (stall > this.#sweepInterval) this.#peers.excuse(stall);
    if (now - this.#lastPublished >= heartbeatInterval) this.#tell("heartbeat");
    this.#peers.expire(now - heartbeatTimeout);
  }

  #announceHealth(): void {
    if (this.#announcedHealth === this.health) return;
    this.#announcedHealth = this.health;
    this.announce("health", this.health);
  }

  /** 16 hexadecimal digits, which nobody else uses. */
  #nextRequest(): string {
    return this.#id.slice(0, 8) + (++this.#requests % 2 ** 32).toString(16).padStart(8, "0");
  }

  #timeout(options: BroadcastOptions): number {
    return options.flags?.timeout ?? this.#options.requestTimeout;
  }

  #guard(act: () => void): void {
    try {
      act();
    } catch (thrown) {
      this.#complain(thrown);
    }
  }

  readonly #complain = (thrown: unknown): void => {
    const error = asError(thrown);
    if (this.#complaints.admit(error, performance.now())) this.host.reportError(error);
  };
}

function eventOf(data: readonly unknown[]): OutgoingEvent {
  return { type: 2, data: data as OutgoingEvent["data"] };
}

function selectionOf({ rooms, except }: BroadcastOptions): { rooms: Room[]; except: Room[] } {
  return { rooms: [...rooms], except: [...(except ?? [])] };
}

/** What the others may use of the flags. */
function flagsOf({ flags = {} }: BroadcastOptions): BroadcastFlags {
  const { local, expectSingleResponse, ...rest } = flags;
  return rest;
}

/** The selection of a message, for this server alone. */
function locally(
  { rooms, except }: { readonly rooms: readonly Room[]; readonly except: readonly Room[] },
  flags: BroadcastFlags = {},
): BroadcastOptions {
  return { rooms: new Set(rooms), except: new Set(except), flags: { ...flags, local: true } };
}

function randomMemberId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(8));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/**
 * For the `adapter` option of a server: a member of a cluster of the incumbent's servers and ours.
 *
 * @throws ClusterError `ERR_SOCKEYE_CLUSTER_OPTION`
 */
export function createOfficialWireAdapter(options: OfficialWireOptions): (nsp: AdapterTarget) => OfficialWireAdapter {
  const complete = officialWireOptions(options);
  // Not an arrow function: servers call adapters with `new`.
  return function officialWireAdapter(nsp) {
    return new OfficialWireAdapter(nsp, complete);
  };
}
