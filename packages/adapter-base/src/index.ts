export * from "./contract.js";
export { AdapterError, type AdapterErrorCode } from "./errors.js";
export { hostOf } from "./host-of.js";
export { InMemoryAdapter } from "./in-memory-adapter.js";
export type * from "./recovery/contract.js";
