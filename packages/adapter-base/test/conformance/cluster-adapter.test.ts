import { afterEach, beforeEach, describe, it } from "vitest";
import { type ClusterAdapter, createClusterAdapter } from "../../src/cluster/cluster-adapter.js";
import type { DriverCapabilities } from "../../src/cluster/contract.js";
import { type AdapterCluster, adapterConformance, type Faults, MemoryBus } from "../../src/conformance/index.js";
import type { AdapterTarget } from "../../src/contract.js";

/** Nodes on one bus; the namespaces of a node share its driver. */
function cluster(faults: Faults = {}, capabilities: Partial<DriverCapabilities> = {}): AdapterCluster {
  const bus = new MemoryBus(faults);
  const nodes = new Map<number, (namespace: AdapterTarget) => ClusterAdapter>();
  return {
    create(node, namespace) {
      if (!nodes.has(node))
        nodes.set(node, createClusterAdapter({ driver: bus.driver(capabilities), heartbeatInterval: 100 }));
      return nodes.get(node)!(namespace);
    },
    inject: (channel, bytes) => bus.send(channel, bytes),
  };
}

const runner = { describe, it, beforeEach, afterEach };
const supports = { cluster: true, inject: true, gone: true, recovery: true, sessions: true };

adapterConformance(runner, { name: "ClusterAdapter", supports, start: () => cluster() });

adapterConformance(runner, {
  name: "ClusterAdapter without interest routing, on a slow bus that repeats itself",
  supports,
  start: () => cluster({ seed: 7, delay: 3, duplicate: 0.5 }, { interest: false, echo: false }),
});
