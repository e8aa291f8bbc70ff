import {
  type AdapterTarget,
  type ClusterAdapter,
  type CommandSource,
  createClusterAdapter,
} from "@sockeye/adapter-base";
import type { OfficialWireAdapter } from "@sockeye/adapter-base/wire";
import type {
  PubSubAdapterOptions,
  RedisAdapterOptions,
  RedisClient,
  ShardedAdapterOptions,
  StreamsAdapterOptions,
} from "./contract.js";
import { PubSubDriver } from "./drivers/pub-sub-driver.js";
import { StreamsDriver } from "./drivers/streams-driver.js";
import { badOption, nonEmptyText, outageOptions, streamNumbers } from "./options.js";
import { ClassicEmitterSource, StreamEmitterSource } from "./wire/emitter-sources.js";
import { classicWireAdapter, shardedWireAdapter, streamsWireAdapter } from "./wire/wire-adapters.js";
import { isNative } from "./wire-choice.js";

/** What the `adapter` option of a server takes. */
export type AdapterFactory = (nsp: AdapterTarget) => ClusterAdapter | OfficialWireAdapter;

/**
 * Servers as one over classic pub/sub, for the `adapter` option of a server. Any Redis will do, a Redis Cluster as well.
 *
 * The clients are the application's: connected, with an `error` listener if it wants to know, and ended by it after the
 * server. One client publishes; the other one subscribes, and can do nothing else.
 *
 * ```ts
 * const pub = createClient({ url: "redis://localhost:6379" });
 * const sub = pub.duplicate();
 * await Promise.all([pub.connect(), sub.connect()]);
 * const io = new Server(3000, { adapter: createAdapter(pub, sub) });
 * ```
 *
 * @throws RedisAdapterError `ERR_SOCKEYE_REDIS_CLIENT`, `ERR_SOCKEYE_REDIS_OPTION`
 * @throws ClusterError `ERR_SOCKEYE_CLUSTER_OPTION`
 */
export function createAdapter(pub: RedisClient, sub: RedisClient, options: PubSubAdapterOptions = {}): AdapterFactory {
  const { key = "socket.io", requestsTimeout } = options;
  if (!isNative(options)) return classicWireAdapter(pub, sub, options);
  const outage = outageOptions(options);
  const prefix = nonEmptyText("key", key);
  const driver = new PubSubDriver(pub, sub, { ...outage, prefix, sharded: false, interest: true });
  const emitters = () => new ClassicEmitterSource(sub, key, options.parser, outage.commandTimeout);
  const cluster = clusterPart(options);
  return createClusterAdapter({
    requestTimeout: requestsTimeout,
    ...cluster,
    driver,
    sources: sourcesOf(options, emitters),
  });
}

/**
 * Servers as one over sharded pub/sub (Redis 7), for the `adapter` option of a server: in a Redis Cluster, each message is
 * the business of one node instead of all.
 *
 * An ioredis `Cluster` that subscribes needs its option `shardedSubscribers: true`.
 *
 * ```ts
 * const pub = createCluster({ rootNodes });
 * const sub = pub.duplicate();
 * await Promise.all([pub.connect(), sub.connect()]);
 * const io = new Server(3000, { adapter: createShardedAdapter(pub, sub) });
 * ```
 *
 * @throws RedisAdapterError `ERR_SOCKEYE_REDIS_CLIENT`, `ERR_SOCKEYE_REDIS_OPTION`
 * @throws ClusterError `ERR_SOCKEYE_CLUSTER_OPTION`
 */
export function createShardedAdapter(
  pub: RedisClient,
  sub: RedisClient,
  options: ShardedAdapterOptions = {},
): AdapterFactory {
  const { channelPrefix = "socket.io", subscriptionMode = "dynamic" } = options;
  if (!["static", "dynamic", "dynamic-private"].includes(subscriptionMode)) {
    throw badOption("subscriptionMode", "static, dynamic or dynamic-private");
  }
  if (!isNative(options)) return shardedWireAdapter(pub, sub, options);
  const outage = outageOptions(options);
  const prefix = nonEmptyText("channelPrefix", channelPrefix);
  const interest = subscriptionMode !== "static";
  const driver = new PubSubDriver(pub, sub, { ...outage, prefix, sharded: true, interest });
  const emitters = () => new ClassicEmitterSource(sub, channelPrefix, undefined, outage.commandTimeout);
  return createClusterAdapter({ ...clusterPart(options), driver, sources: sourcesOf(options, emitters) });
}

/**
 * Servers as one over streams (Redis 5), for the `adapter` option of a server. What a node has not read waits for it: an outage
 * shorter than what the stream holds (`maxLen`) loses nothing.
 *
 * The client is the application's; for reading, which waits, the adapter makes another one with the same settings.
 *
 * ```ts
 * const client = await createClient({ url: "redis://localhost:6379" }).connect();
 * const io = new Server(3000, { adapter: createStreamsAdapter(client) });
 * ```
 *
 * @throws RedisAdapterError `ERR_SOCKEYE_REDIS_CLIENT`, `ERR_SOCKEYE_REDIS_OPTION`
 * @throws ClusterError `ERR_SOCKEYE_CLUSTER_OPTION`
 */
export function createStreamsAdapter(client: RedisClient, options: StreamsAdapterOptions = {}): AdapterFactory {
  if (!isNative(options)) return streamsWireAdapter(client, options);
  const streamName = nonEmptyText("streamName", options.streamName ?? "socket.io");
  const complete = { ...outageOptions(options), ...streamNumbers(options), streamName };
  const driver = new StreamsDriver(client, complete);
  const emitters = () => new StreamEmitterSource(client, complete);
  return createClusterAdapter({ ...clusterPart(options), driver, sources: sourcesOf(options, emitters) });
}

function sourcesOf({ sources = [], emitters = true }: RedisAdapterOptions, ofEmitters: () => CommandSource) {
  return emitters ? [...sources, ofEmitters()] : sources;
}

/** Without what is not given, so that it does not hide a default. */
function clusterPart(options: RedisAdapterOptions): RedisAdapterOptions {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}
