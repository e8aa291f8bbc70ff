import type { AdapterTarget, ClusterAdapter } from "@sockeye/adapter-base";
import { createAdapter as createPostgresAdapter } from "@sockeye/postgres-adapter";
import { createAdapter, createShardedAdapter, createStreamsAdapter } from "@sockeye/redis-adapter";
import { Cluster, Redis } from "ioredis-5";
import { Pool } from "pg";
import { createClient, createCluster } from "redis-6";

type Factory = (namespace: AdapterTarget) => ClusterAdapter;

/** By name, with a broker of a given address; of a Redis Cluster there is one per node, with spaces between. */
export async function adapterNamed(name: string, url: string): Promise<Factory> {
  const open = ADAPTERS[name];
  if (open === undefined) throw new Error(`no adapter is called ${name}`);
  return open(url);
}

// No client has a listener for `error`: an adapter must live with that.
const ADAPTERS: Readonly<Record<string, (url: string) => Promise<Factory>>> = {
  "redis pub/sub": async (url) => {
    const pub = createClient({ url });
    const sub = pub.duplicate();
    await Promise.all([pub.connect(), sub.connect()]);
    return createAdapter(pub, sub) as Factory;
  },
  "redis sharded pub/sub": async (url) => {
    const pub = new Redis(url);
    return createShardedAdapter(pub, pub.duplicate()) as Factory;
  },
  "redis streams": async (url) => createStreamsAdapter(new Redis(url)) as Factory,
  "redis pub/sub on a cluster": async (urls) => {
    const pub = createCluster({ rootNodes: urls.split(" ").map((url) => ({ url })) });
    const sub = pub.duplicate();
    await Promise.all([pub.connect(), sub.connect()]);
    return createAdapter(pub, sub) as Factory;
  },
  "redis sharded pub/sub on a cluster": async (urls) => {
    const open = () => new Cluster(urls.split(" "), { shardedSubscribers: true });
    return createShardedAdapter(open(), open()) as Factory;
  },
  "redis streams on a cluster": async (urls) => createStreamsAdapter(new Cluster(urls.split(" "))) as Factory,
  postgres: async (connectionString) =>
    createPostgresAdapter(new Pool({ connectionString }), { createSchema: true }) as Factory,
};
