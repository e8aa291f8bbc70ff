import { afterEach, beforeEach, describe, it } from "vitest";
import { type Faults, MemoryBus, recoveryStoreConformance } from "../../src/conformance/index.js";

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
