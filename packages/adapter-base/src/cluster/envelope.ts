import type { EncodedPacket } from "@sockeye/socketio-parser";
import type { BroadcastFlags, BroadcastOptions } from "../contract.js";
import type { Room, SocketId } from "../names.js";
import type { NodeId } from "./contract.js";

/**
 * What nodes say to each other. `codec.ts` turns it into bytes and back; `fields.ts` says which fields each kind has.
 * To add a message: a type here, its fields there, a handler in `commands.ts` or `replies.ts` (`cluster-node.ts` for membership).
 * Nodes that do not know it ignore it.
 */
export type Envelope = MembershipEnvelope | NamespaceEnvelope;

/** On the cluster's channel, or to one node's. */
export type MembershipEnvelope = Hello | NamespaceChange | Heartbeat | Goodbye;

/** About one namespace. */
export type NamespaceEnvelope = Command | Reply;

/** To all nodes with the namespace, or to those with an interest in a room. */
export type Command = Broadcast | Join | Leave | Disconnect | Fetch | ServerSideEmit | HandOver;

/** To the node that asked. */
export type Reply = Sockets | ClientCount | Ack | Gone | Answer | HandedOver;

interface Common {
  readonly origin: NodeId;
  /** Grows with each envelope of its origin, over all channels; equal numbers are duplicates. */
  readonly sequence: number;
}

/** A node introduces itself. */
export interface Hello extends Common {
  readonly kind: "hello";
  readonly namespaces: readonly string[];
  /** Counts the changes to `namespaces`. */
  readonly version: number;
  /** Codec id of its parser; empty when it has none. */
  readonly parser: string;
  readonly partitions: number;
  /** It wants to know the others. */
  readonly ask: boolean;
}

/** A node opened or closed a namespace. */
export interface NamespaceChange extends Common {
  readonly kind: "namespace";
  readonly name: string;
  readonly open: boolean;
  readonly version: number;
}

export interface Heartbeat extends Common {
  readonly kind: "heartbeat";
  readonly version: number;
}

export interface Goodbye extends Common {
  readonly kind: "goodbye";
}

interface InNamespace extends Common {
  readonly namespace: string;
}

interface Selecting extends InNamespace {
  readonly rooms: readonly Room[];
  readonly except: readonly Room[];
}

/** Carries the event encoded by a parser all nodes share, or else its arguments. */
export interface Broadcast extends Selecting {
  readonly kind: "broadcast";
  readonly flags: BroadcastFlags;
  /** The same three fields as adapters take them, for this node alone: of one that was read. Shared by all with the same header. */
  readonly whom?: BroadcastOptions | undefined;
  readonly packet?: EncodedPacket | undefined;
  /** Which parser encoded `packet`. */
  readonly parser?: string | undefined;
  readonly event?: readonly unknown[] | undefined;
  /** Acknowledgements are asked for, under this id. */
  readonly request?: string | undefined;
}

export interface Join extends Selecting {
  readonly kind: "join";
  readonly target: readonly Room[];
}

export interface Leave extends Selecting {
  readonly kind: "leave";
  readonly target: readonly Room[];
}

export interface Disconnect extends Selecting {
  readonly kind: "disconnect";
  readonly close: boolean;
}

export interface Fetch extends Selecting {
  readonly kind: "fetch";
  readonly request: string;
}

export interface ServerSideEmit extends InNamespace {
  readonly kind: "server-side-emit";
  readonly args: readonly unknown[];
  readonly request?: string | undefined;
}

/** To one node: the peer of a session that is live there is back on another. */
export interface HandOver extends InNamespace {
  readonly kind: "hand-over";
  readonly request: string;
  readonly pid: string;
}

interface Replying extends InNamespace {
  readonly request: string;
}

export interface RemoteSocketDetails {
  readonly id: SocketId;
  readonly handshake: unknown;
  readonly rooms: readonly Room[];
  readonly data: unknown;
}

export interface Sockets extends Replying {
  readonly kind: "sockets";
  readonly sockets: readonly RemoteSocketDetails[];
}

/** How many sockets of the node were asked. */
export interface ClientCount extends Replying {
  readonly kind: "client-count";
  readonly count: number;
}

export interface Ack extends Replying {
  readonly kind: "ack";
  readonly args: readonly unknown[];
}

/** A socket that was asked left without an answer. */
export interface Gone extends Replying {
  readonly kind: "gone";
}

/** To a `server-side-emit`. */
export interface Answer extends Replying {
  readonly kind: "answer";
  readonly args: readonly unknown[];
}

/** To a `hand-over`: the session is in the store, or over, or was never there. */
export interface HandedOver extends Replying {
  readonly kind: "handed-over";
}

/** An envelope without what the node adds as it sends it. */
export type Draft<E extends Envelope = Envelope> = E extends Envelope ? Omit<E, "origin" | "sequence"> : never;

/** What may be done to a selection of sockets. */
export type Operation = Broadcast | Join | Leave | Disconnect;

/** An operation without its selection. */
export type OperationDraft<E extends Operation = Operation> = E extends Operation
  ? Omit<E, "origin" | "sequence" | "namespace" | "rooms" | "except">
  : never;
