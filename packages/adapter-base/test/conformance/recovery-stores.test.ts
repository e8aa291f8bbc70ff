import { afterEach, beforeEach, describe, it } from "vitest";
import { IpcDriver } from "../../src/cluster/drivers/ipc-driver.js";
import { IpcHub } from "../../src/cluster/drivers/ipc-hub.js";
import type { ToHub, ToNode } from "../../src/cluster/drivers/ipc-messages.js";
import { type Faults, MemoryBus, recoveryStoreConformance } from "../../src/conformance/index.js";

import { portPair } from "../support/port-pair.js";

const runner = { describe, it, beforeEach, afterEach };

for (const [name, faults] of [
  ["MemoryDriver", {}],
  ["MemoryDriver when it is slow and repeats itself", { seed: 3, slow: 1, delay: 1, duplicate: 0.2 }],
] satisfies [string, Faults][]) {
  recoveryStoreConformance(runner, {
    name,
    canFail: true,
    canForget: true,
    start() {
      const bus = new MemoryBus(faults, { recovery: true });
      return {
        driver: () => bus.driver(faults.slow === undefined ? {} : { ordered: false }),
        outage: { kill: () => bus.kill(), restart: () => bus.restart() },
        forget: () => bus.forget(),
      };
    },
  });
}

recoveryStoreConformance(runner, {
  name: "IpcDriver over IpcHub",
  start() {
    const hub = new IpcHub();
    return {
      driver() {
        const [node, primary] = portPair<ToHub, ToNode>();
        hub.attach(primary);
        return new IpcDriver(node);
      },
    };
  },
});
