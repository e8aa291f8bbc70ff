import { afterEach, beforeEach, describe, it } from "vitest";
import { createOfficialWireAdapter, type WireBus } from "../../src/compat/wire/index.js";
import { type AdapterCluster, type AdapterSubject, adapterConformance } from "../../src/conformance/index.js";
import { officialAdapter, WireHub } from "../support/wire-hub.js";

const runner = { describe, it, beforeEach, afterEach };

/** Which nodes of the cluster are the incumbent's. */
type Mix = (node: number) => boolean;

function cluster(membership: WireBus["membership"], isOfficial: Mix): AdapterCluster {
  const hub = new WireHub();
  return {
    create(node, namespace) {
      if (isOfficial(node)) return officialAdapter(hub, membership, namespace);
      return createOfficialWireAdapter({ bus: hub.bus(membership), heartbeatInterval: 50, heartbeatTimeout: 500 })(
        namespace,
      );
    },
  };
}

/** Node 0 is the one that most cases look at, and the only one of those without a cluster. */
const official: AdapterSubject["exceptions"] = {
  "keeps the order of broadcasts and events sent directly": "delivers to its own sockets after it has published",
  "delivers to the node's own sockets at once, in order with events sent directly": "the same",
  "does without flags and except on all nodes": "takes both for given",
};

for (const membership of ["heartbeats", "counts"] as const) {
  adapterConformance(runner, {
    name: `OfficialWireAdapter by ${membership}`,
    supports: { cluster: true, sessions: true },
    start: () => cluster(membership, () => false),
  });

  adapterConformance(runner, {
    name: `OfficialWireAdapter among the incumbent's, by ${membership}`,
    supports: { cluster: true, sessions: true },
    start: () => cluster(membership, (node) => node > 0),
  });

  adapterConformance(runner, {
    name: `The incumbent's cluster adapter among OfficialWireAdapters, by ${membership}`,
    supports: { cluster: true },
    exceptions: official,
    start: () => cluster(membership, (node) => node === 0),
  });
}
