import type {
  Ack,
  Answer,
  Broadcast,
  ClientCount,
  Disconnect,
  Fetch,
  Join,
  Leave,
  ServerSideEmit,
  Sockets,
} from "../../cluster/envelope.js";
import type { ClusterViolation } from "../../cluster/errors.js";
import type { Room, SocketId } from "../../names.js";

/**
 * The incumbent's wire, for clusters in which servers of both kinds live side by side. `OfficialWireAdapter` says what a member
 * of such a cluster says; a bus moves its messages in the notation of one of the incumbent's adapters. Codecs for those
 * notations stand beside this file: `catalog.ts` (objects: node:cluster, and inside all others), `bus-codec.ts` (sharded Redis),
 * `stream-codec.ts` (Redis streams), `classic-codec.ts` (Redis pub/sub), `notification-codec.ts` (PostgreSQL).
 *
 * A bus
 * - MUST deliver what a member publishes to the other members of its namespace, in order. It MAY deliver it to the member
 *   itself, and replies to those who did not ask; both are ignored.
 * - MUST hand over what its codec made of a message, whatever that is: `receive` counts and reports.
 * - MUST encode during the call to `publish` or `reply`, and throw then when a value cannot be written down.
 * - MUST reconnect and resubscribe by itself, and tell through `stateChanged`; MUST bound what waits meanwhile.
 * - MUST NOT throw or reject outside the promises it returned.
 */
export interface WireBus {
  /** How members know of each other: they tell (`hello`, `heartbeat`, `goodbye`), or the bus counts its subscribers. */
  readonly membership: "heartbeats" | "counts";

  /** Joins. Resolves when messages published afterwards, by anybody, arrive at the member. */
  open(member: WireMember): Promise<void>;
  /** Leaves. Releases what `open` made, and with the last member everything. Idempotent. */
  close(member: WireMember): Promise<void>;

  /**
   * To every other member of the namespace. Resolves when the backend has taken it, rejects with
   * `ERR_SOCKEYE_CLUSTER_PUBLISH`.
   */
  publish(message: WireCommand | WireMembership): Promise<void>;
  /** To the member that asked. */
  reply(to: string, message: WireReply): Promise<void>;

  /** Members of a namespace, this one included. There MUST be one when `membership` is `counts`. */
  count?(namespace: string): Promise<number>;

  /** Capability: rooms have channels of their own. Resolves when what is sent to the room arrives here. */
  follow?(member: WireMember, room: Room): Promise<void>;
  unfollow?(member: WireMember, room: Room): Promise<void>;
}

/** One namespace of one process, as a bus sees it. */
export interface WireMember {
  readonly namespace: string;
  /** 16 hexadecimal digits. */
  readonly id: string;
  /** The rooms that have members here, and the rooms of each socket. A bus MAY drop what is for others. */
  readonly rooms: ReadonlyMap<Room, ReadonlySet<SocketId>>;
  readonly sids: ReadonlyMap<SocketId, ReadonlySet<Room>>;
  receive(message: Decoded): void;
  /** Something came that by its channel concerns nobody here. */
  wasted(): void;
  stateChanged(state: { readonly publish: "up" | "down"; readonly receive: "up" | "down" }): void;
  /** What nobody awaits: a subscription was lost, messages may have been. */
  report(error: Error): void;
}

/** What a codec makes of foreign bytes: never half a message, and it never throws. */
export type Decoded = WireMessage | UnknownMessage | ClusterViolation;

/** Well-formed, of a type that this version does not know, or for somebody else. */
export interface UnknownMessage {
  readonly kind: "unknown";
}

export type WireMessage = WireCommand | WireReply | WireMembership;

/** The words of our own protocol, so far as the incumbent has them. `origin` is {@link WireMember.id}, or "emitter". */
export type WireCommand = Plain<Broadcast | Join | Leave | Disconnect | Fetch | ServerSideEmit>;

/** Some buses do not tell who replied; then `origin` is empty. */
export type WireReply = Plain<Sockets | ClientCount | Ack | Answer>;

export interface WireMembership {
  /** `hello` is answered with `heartbeat`. */
  readonly kind: "hello" | "heartbeat" | "goodbye";
  readonly origin: string;
  readonly namespace: string;
}

type Plain<E> = E extends { kind: unknown } ? Omit<E, "sequence" | "packet" | "parser"> : never;

/** What a member knows of the others, and waits for from them. */
export interface Peers {
  /** How many there are. */
  count(): Promise<number>;
  /** A question that each answers once. Settles by answers, by departures, or after `timeout` milliseconds. */
  ask<T>(request: string, timeout: number): Promise<PeerAnswers<T>>;
  /** A question that each puts to its clients. */
  askClients(request: string, timeout: number, listener: ClientAnswers): void;

  answered(request: string, origin: string, response: unknown): void;
  counted(request: string, origin: string, clients: number): void;
  acknowledged(request: string, origin: string, args: readonly unknown[]): void;

  /** Anything came from a member. Times in milliseconds. */
  heard(origin: string, now: number): void;
  left(origin: string): void;
  /** Who was not heard of since this time is dead. */
  expire(heardBefore: number): void;
  /** This process stood still for so long: nobody is dead for it. */
  excuse(stall: number): void;
  /** Settles everything with what there is; from then on there is nobody. */
  close(): void;
}

export interface PeerAnswers<T> {
  readonly responses: readonly T[];
  /** Those that did not answer; where nobody is known by name, "unknown" for each. */
  readonly missing: readonly string[];
}

export interface ClientAnswers {
  clientCount(count: number): void;
  ack(...args: unknown[]): void;
  gone(): void;
}
