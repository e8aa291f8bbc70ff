import { adapterConformance } from "@sockeye/adapter-base/conformance";
import {
  type AdapterFactory,
  createAdapter,
  createShardedAdapter,
  createStreamsAdapter,
  type RedisClient,
} from "@sockeye/redis-adapter";
import { afterAll, afterEach, beforeAll, beforeEach, describe, it } from "vitest";
import { freshName } from "../../src/redis/brokers.js";
import { ClientPool } from "../../src/redis/client-pool.js";
import { type Library, libraries } from "../../src/redis/clients.js";
import { RedisServer } from "../../src/redis/redis-server.js";

const runner = { describe, it, beforeEach, afterEach };

type Create = (pub: RedisClient, sub: RedisClient, prefix: string) => AdapterFactory;

const modes: Readonly<Record<string, Create>> = {
  "createAdapter()": (pub, sub, key) => createAdapter(pub, sub, { key }),
  "createShardedAdapter()": (pub, sub, channelPrefix) => createShardedAdapter(pub, sub, { channelPrefix }),
  "createStreamsAdapter()": (client, _, streamName) => createStreamsAdapter(client, { streamName }),
};

// What the drivers do with every library, `recovery.test.ts` shows; here it is the functions that make adapters of them.
let server: RedisServer;
const pools = new Map<string, ClientPool>();

beforeAll(async () => {
  server = await RedisServer.start();
});
afterAll(async () => {
  for (const pool of pools.values()) await pool.close();
  await server.stop();
});

function poolOf(library: Library): ClientPool {
  const pool = pools.get(library.name) ?? new ClientPool(() => library.connect(server.port));
  pools.set(library.name, pool);
  return pool;
}

for (const library of [libraries[0]!, libraries.at(-1)!]) {
  for (const [mode, create] of Object.entries(modes)) {
    adapterConformance(runner, {
      name: `${mode}, ${library.name},`,
      supports: { cluster: true, gone: true, recovery: true, sessions: true },
      async start() {
        const prefix = freshName();
        const pairs = await Promise.all([0, 1, 2].map((node) => poolOf(library).pair(node)));
        const nodes = new Map<number, AdapterFactory>();
        return {
          create(node, namespace) {
            if (!nodes.has(node)) nodes.set(node, create(...pairs[node]!, prefix));
            return nodes.get(node)!(namespace);
          },
        };
      },
    });
  }
}
