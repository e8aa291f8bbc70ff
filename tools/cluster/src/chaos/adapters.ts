import type { AdapterTarget, ClusterAdapter } from "@sockeye/adapter-base";
import { createAdapter as createPostgresAdapter } from "@sockeye/postgres-adapter";
import { createAdapter, createShardedAdapter, createStreamsAdapter } from "@sockeye/redis-adapter";
import { Redis } from "ioredis-5";
import { Pool } from "pg";
import { createClient } from "redis-6";

type Factory = (namespace: AdapterTarget) => ClusterAdapter;

/** By name, with a broker of a given address. */
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
  postgres: async (connectionString) =>
    createPostgresAdapter(new Pool({ connectionString }), { createSchema: true }) as Factory,
};
