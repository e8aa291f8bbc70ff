import { adapterConformance } from "@sockeye/adapter-base/conformance";
import {
  type AdapterFactory,
  createAdapter,
  createShardedAdapter,
  createStreamsAdapter,
  type RedisClient,
} from "@sockeye/redis-adapter";
import { afterEach, beforeEach, describe, it } from "vitest";
import { freshName, onEveryBroker } from "../../src/redis/brokers.js";

const runner = { describe, it, beforeEach, afterEach };

type Create = (pub: RedisClient, sub: RedisClient, prefix: string) => AdapterFactory;

const modes: Readonly<Record<string, Create>> = {
  "createAdapter()": (pub, sub, key) => createAdapter(pub, sub, { key }),
  "createShardedAdapter()": (pub, sub, channelPrefix) => createShardedAdapter(pub, sub, { channelPrefix }),
  "createStreamsAdapter()": (client, _, streamName) => createStreamsAdapter(client, { streamName }),
};

onEveryBroker((broker, pool) => {
  for (const [mode, create] of Object.entries(modes)) {
    adapterConformance(runner, {
      name: `${mode}, ${broker},`,
      supports: { cluster: true, gone: true },
      async start() {
        const prefix = freshName();
        const pairs = await Promise.all([0, 1, 2].map((node) => pool.pair(node)));
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
});
