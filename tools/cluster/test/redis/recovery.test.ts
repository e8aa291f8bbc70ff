/** Connection state recovery over every mode: on any node, after a node was killed, as over the store in memory. */
import {
  type AdapterTarget,
  type ClusterAdapter,
  type ClusterDriver,
  createClusterAdapter,
} from "@sockeye/adapter-base";
import { adapterConformance } from "@sockeye/adapter-base/conformance";
import type { RedisClient } from "@sockeye/redis-adapter";
import { afterEach, beforeEach, describe, it } from "vitest";
import { PubSubDriver } from "../../../../packages/redis-adapter/src/drivers/pub-sub-driver.js";
import { StreamsDriver } from "../../../../packages/redis-adapter/src/drivers/streams-driver.js";
import { outageOptions, streamNumbers } from "../../../../packages/redis-adapter/src/options.js";
import { freshName, onEveryBroker } from "../../src/redis/brokers.js";

const runner = { describe, it, beforeEach, afterEach };
const supports = { cluster: true, gone: true, recovery: true, clusterRecovery: true, sessions: true };
const times = { heartbeatInterval: 100, heartbeatTimeout: 1_000, handOverTimeout: 200 };
const outage = outageOptions({});

type CreateDriver = (pub: RedisClient, sub: RedisClient, name: string) => ClusterDriver;

const modes: Readonly<Record<string, CreateDriver>> = {
  "pub/sub": (pub, sub, prefix) => new PubSubDriver(pub, sub, { ...outage, prefix, sharded: false, interest: true }),
  "sharded pub/sub": (pub, sub, prefix) =>
    new PubSubDriver(pub, sub, { ...outage, prefix, sharded: true, interest: true }),
  streams: (client, _, streamName) => new StreamsDriver(client, { ...outage, ...streamNumbers({}), streamName }),
};

interface Node {
  readonly driver: ClusterDriver;
  readonly create: (namespace: AdapterTarget) => ClusterAdapter;
}

onEveryBroker(
  (broker, pool) => {
    for (const [mode, createDriver] of Object.entries(modes)) {
      adapterConformance(runner, {
        name: `${mode} with recovery, ${broker},`,
        supports,
        async start() {
          const name = freshName();
          const pairs = await Promise.all([0, 1, 2].map((node) => pool.pair(node)));
          const nodes = new Map<number, Node>();
          return {
            create(number, namespace) {
              let node = nodes.get(number);
              if (node === undefined) {
                const driver = createDriver(...pairs[number]!, name);
                node = { driver, create: createClusterAdapter({ driver, ...times }) };
                nodes.set(number, node);
              }
              return node.create(namespace);
            },
            // Whoever has a driver that is closed can no longer say that it leaves.
            kill: (number) => nodes.get(number)!.driver.close(),
          };
        },
      });
    }
  },
  { few: true },
);
