import { type AdapterTarget, type ClusterAdapter, createClusterAdapter } from "@sockeye/adapter-base";
import type { PubSubAdapterOptions, RedisAdapterOptions, RedisClient, ShardedAdapterOptions } from "./contract.js";
import { PubSubDriver } from "./drivers/pub-sub-driver.js";
import { badOption, nonEmptyText, outageOptions } from "./options.js";
import { isNative } from "./wire-choice.js";

/** What the `adapter` option of a server takes. */
export type AdapterFactory = (nsp: AdapterTarget) => ClusterAdapter;

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
  isNative(options);
  const driver = new PubSubDriver(pub, sub, {
    ...outageOptions(options),
    prefix: nonEmptyText("key", key),
    sharded: false,
    interest: true,
  });
  return createClusterAdapter({ requestTimeout: requestsTimeout, ...clusterPart(options), driver });
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
  isNative(options);
  if (!["static", "dynamic", "dynamic-private"].includes(subscriptionMode)) {
    throw badOption("subscriptionMode", "static, dynamic or dynamic-private");
  }
  const driver = new PubSubDriver(pub, sub, {
    ...outageOptions(options),
    prefix: nonEmptyText("channelPrefix", channelPrefix),
    sharded: true,
    interest: subscriptionMode !== "static",
  });
  return createClusterAdapter({ ...clusterPart(options), driver });
}

/** Without what is not given, so that it does not hide a default. */
function clusterPart(options: RedisAdapterOptions): RedisAdapterOptions {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}
