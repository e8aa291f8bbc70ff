export {
  type AdapterCase,
  type AdapterCluster,
  type AdapterSubject,
  type AdapterSupports,
  adapterConformance,
  Bench,
} from "./adapter-suite.js";
export { eventually } from "./eventually.js";
export type { TestRunner } from "./runner.js";
export {
  type Received,
  SimulatedNamespace,
  type SimulatedNamespaceOptions,
  SimulatedSocket,
} from "./simulated-namespace.js";
