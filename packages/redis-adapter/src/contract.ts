import type { ClusterAdapterOptions } from "@sockeye/adapter-base";

/**
 * A client of node-redis 4 to 6 or of ioredis 5 or 6, for one node or for a Redis Cluster: told by what it can do, which is
 * looked at more closely when it is used.
 */
export type RedisClient = NodeRedisLike | IoRedisLike;

export interface NodeRedisLike {
  readonly isOpen: boolean;
  pSubscribe(...args: never[]): unknown;
  duplicate(...args: never[]): unknown;
}

export interface IoRedisLike {
  readonly status: string;
  callBuffer(...args: never[]): unknown;
  duplicate(...args: never[]): unknown;
}

/**
 * Which messages nodes exchange.
 * - `native`: the cluster protocol of `@sockeye/adapter-base`: room traffic goes only where the room has members, and what Redis
 *   could not do is told. All nodes are Sockeye's, or servers with this adapter.
 * - `socket.io`: what the incumbent's adapters say, for clusters in which both take part.
 */
export type Wire = "native" | "socket.io";

/** Limits of what is done about a Redis that is away; times in milliseconds, sizes in bytes. */
export interface OutageOptions {
  /** Envelopes that wait for Redis. Beyond it `queuePolicy` decides. Default 100,000. */
  readonly maxQueued?: number;
  /** Their bytes. Default 64 MiB. */
  readonly maxQueuedBytes?: number;
  /** When the queue is full, the oldest goes, or the newest is refused. Either is reported. Default `drop-oldest`. */
  readonly queuePolicy?: "drop-oldest" | "reject";
  /** An envelope that Redis did not take for this long is given up and reported. Default 10,000. */
  readonly publishTimeout?: number;
  /** How long Redis may take for other commands: subscriptions, and a first sign of life at the start. Default 5,000. */
  readonly commandTimeout?: number;
  /** A connection that was silent for this long is asked to prove that it still hears. Default 2,000. */
  readonly probeInterval?: number;
  /** How long the proof may take; then it is taken for deaf, and mended. Default 2,000. */
  readonly probeTimeout?: number;
  /**
   * Larger envelopes are refused with `ERR_SOCKEYE_CLUSTER_TOO_LARGE`. Redis itself cuts off subscribers that are many megabytes
   * behind (`client-output-buffer-limit pubsub`, 32 MB by default). Default 8 MiB.
   */
  readonly maxEnvelopeBytes?: number;
}

/** What all adapters of this package take. */
export interface RedisAdapterOptions extends Omit<ClusterAdapterOptions, "driver">, OutageOptions {
  /** Default `native`. */
  readonly wire?: Wire;
  /**
   * Whether the incumbent's emitters are heard, and those in other languages that speak as they do, under the same key, prefix or
   * name of the stream. With `wire: "socket.io"` they always are. Default `true`.
   */
  readonly emitters?: boolean;
}

/** Options of `createAdapter`. */
export interface PubSubAdapterOptions extends RedisAdapterOptions {
  /** Before the names of channels: clusters with different keys do not hear each other. Default `socket.io`. */
  readonly key?: string;
  /** The same as `requestTimeout`, by its older name. */
  readonly requestsTimeout?: number;
  /** For `wire: "socket.io"`: answers go to the asking node alone. With the native wire they always do. */
  readonly publishOnSpecificResponseChannel?: boolean;
  /** For `wire: "socket.io"`: how messages are written, MessagePack by default. The native wire relays what the server encoded. */
  readonly parser?: { encode(message: unknown): Uint8Array; decode(bytes: Uint8Array): unknown };
}

/** Options of `createShardedAdapter`. */
export interface ShardedAdapterOptions extends RedisAdapterOptions {
  /** Before the names of channels: clusters with different prefixes do not hear each other. Default `socket.io`. */
  readonly channelPrefix?: string;
  /**
   * `static`: every node hears everything. Otherwise room traffic goes to nodes with members: over a fixed number of
   * partitions (`partitions`) with the native wire, over a channel per room with `wire: "socket.io"`, private rooms included in
   * `dynamic-private`. Default `dynamic`.
   */
  readonly subscriptionMode?: "static" | "dynamic" | "dynamic-private";
}

/** Options of `createStreamsAdapter`. */
export interface StreamsAdapterOptions extends RedisAdapterOptions {
  /** Key of the stream. Default `socket.io`. */
  readonly streamName?: string;
  /** With more than one stream, namespaces are dealt out to `streamName-0`, `streamName-1`, ... The same on every node. Default 1. */
  readonly streamCount?: number;
  /** For `wire: "socket.io"`: before the names of the channels for what is not worth keeping. */
  readonly channelPrefix?: string;
  /** For `wire: "socket.io"`: those channels are sharded ones. */
  readonly useShardedPubSub?: boolean;
  /** About how many entries a stream keeps: how much a node may be behind without a loss. Default 10,000. */
  readonly maxLen?: number;
  /** How many entries are read at once. Default 100. */
  readonly readCount?: number;
  /** How long a read waits for entries, in milliseconds. Default 5,000. */
  readonly blockTimeInMs?: number;
  /** For `wire: "socket.io"`: before the keys of sessions. The native wire keeps them under its own prefix. */
  readonly sessionKeyPrefix?: string;
  /** For `wire: "socket.io"`: nothing binary is sent, so nobody looks for it. The native wire never looks. */
  readonly onlyPlaintext?: boolean;
}
