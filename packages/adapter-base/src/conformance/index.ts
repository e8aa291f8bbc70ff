export { adapterConformance } from "./adapter-suite.js";
export { type AdapterCase, type AdapterCluster, type AdapterSubject, type AdapterSupports, Bench } from "./bench.js";
export type { DriverCluster, DriverSubject } from "./driver-bench.js";
export { driverConformance } from "./driver-suite.js";
export { eventually } from "./eventually.js";
export { type Faults, MemoryBus, type MemoryBusOptions, MemoryDriver } from "./memory-bus.js";
export { recoveryStoreConformance } from "./recovery-store-suite.js";
export type { TestRunner } from "./runner.js";
export {
  type Received,
  SimulatedNamespace,
  type SimulatedNamespaceOptions,
  SimulatedSocket,
} from "./simulated-namespace.js";
