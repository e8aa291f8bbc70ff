import { deserialize, serialize } from "node:v8";
import {
  Adapter,
  ClusterAdapterWithHeartbeat,
  type ClusterMessage,
  type ClusterResponse,
  SessionAwareAdapter,
} from "socket.io-adapter";
import { afterEach, beforeEach, describe, it } from "vitest";
import { type AdapterSubject, adapterConformance, type SimulatedNamespace } from "../../src/conformance/index.js";
import type { Adapter as AdapterContract, AdapterTarget } from "../../src/contract.js";

const runner = { describe, it, beforeEach, afterEach };

// The suite must pass on adapters that were not written for it: what it demands beyond them is listed, with the reason.
const exceptions: AdapterSubject["exceptions"] = {
  "answers serverSideEmit at once when there is no other server": "warns, and the callback is never called",
};

adapterConformance(runner, {
  name: "Adapter of socket.io-adapter",
  supports: {},
  exceptions,
  start: () => ({ create: (_, namespace) => new Adapter(namespace) as unknown as AdapterContract }),
});

adapterConformance(runner, {
  name: "SessionAwareAdapter of socket.io-adapter",
  supports: { sessions: true },
  exceptions: {
    ...exceptions,
    "carries text, numbers, structures and bytes": "the offset is one more argument for everybody to see",
    "restores a session once": "a session can be restored any number of times",
  },
  start: () => ({
    create(_, namespace) {
      // It cannot be constructed without this.
      (namespace as SimulatedNamespace).server.opts.connectionStateRecovery ??= { maxDisconnectionDuration: 1000 };
      return new SessionAwareAdapter(namespace) as unknown as AdapterContract;
    },
  }),
});

/** The incumbent's cluster adapter with the two methods that its authors leave open: publish to all, and to one. */
class OnBus extends ClusterAdapterWithHeartbeat {
  static readonly nodes = new Set<OnBus>();

  constructor(namespace: AdapterTarget) {
    super(namespace, { heartbeatInterval: 50, heartbeatTimeout: 500 });
    OnBus.nodes.add(this);
  }

  async doPublish(message: ClusterMessage): Promise<string> {
    const bytes = serialize(message);
    setImmediate(() => {
      for (const node of OnBus.nodes) if (node.nsp.name === message.nsp) node.onMessage(deserialize(bytes));
    });
    return "";
  }

  async doPublishResponse(_requester: string, response: ClusterResponse): Promise<void> {
    await this.doPublish(response as unknown as ClusterMessage);
  }

  override close(): void {
    super.close();
    OnBus.nodes.delete(this);
  }
}

adapterConformance(runner, {
  name: "ClusterAdapterWithHeartbeat of socket.io-adapter",
  supports: { cluster: true },
  exceptions: {
    "keeps the order of broadcasts and events sent directly": "delivers to its own sockets after it has published",
    "delivers to the node's own sockets at once, in order with events sent directly": "the same",
    "does without flags and except on all nodes": "takes both for given",
  },
  start: () => ({ create: (_, namespace) => new OnBus(namespace) as unknown as AdapterContract }),
});
