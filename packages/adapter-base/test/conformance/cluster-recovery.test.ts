import { afterEach, beforeEach, describe, it } from "vitest";
import { type ClusterAdapter, createClusterAdapter } from "../../src/cluster/cluster-adapter.js";
import {
  type AdapterCluster,
  adapterConformance,
  type Faults,
  MemoryBus,
  type MemoryDriver,
} from "../../src/conformance/index.js";
import type { AdapterTarget } from "../../src/contract.js";

/** Nodes on one bus with a recovery store. */
function cluster(faults: Faults = {}): AdapterCluster {
  const bus = new MemoryBus(faults, { recovery: true });
  const nodes = new Map<number, { driver: MemoryDriver; create: (namespace: AdapterTarget) => ClusterAdapter }>();
  return {
    create(node, namespace) {
      if (!nodes.has(node)) {
        const driver = bus.driver();
        const times = { heartbeatInterval: 100, heartbeatTimeout: 1_000, handOverTimeout: 200 };
        nodes.set(node, { driver, create: createClusterAdapter({ driver, ...times }) });
      }
      return nodes.get(node)!.create(namespace);
    },
    inject: (channel, bytes) => bus.send(channel, bytes),
    kill: (node) => nodes.get(node)!.driver.die(),
  };
}

const runner = { describe, it, beforeEach, afterEach };
const supports = { cluster: true, inject: true, gone: true, recovery: true, clusterRecovery: true, sessions: true };

adapterConformance(runner, { name: "ClusterAdapter with a recovery store", supports, start: () => cluster() });
adapterConformance(runner, {
  name: "ClusterAdapter with a slow recovery store",
  supports,
  start: () => cluster({ seed: 3, slow: 4, delay: 3, duplicate: 0.3 }),
});
