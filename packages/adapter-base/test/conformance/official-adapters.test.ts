import { Adapter, SessionAwareAdapter } from "socket.io-adapter";
import { afterEach, beforeEach, describe, it } from "vitest";
import { type AdapterSubject, adapterConformance, type SimulatedNamespace } from "../../src/conformance/index.js";
import type { Adapter as AdapterContract } from "../../src/contract.js";

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
