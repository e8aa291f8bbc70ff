export * from "./contract.js";
export { AdapterError, type AdapterErrorCode } from "./errors.js";
export { hostOf } from "./host-of.js";
export { createInMemoryAdapter, InMemoryAdapter, type InMemoryAdapterOptions } from "./in-memory-adapter.js";
export type * from "./recovery/contract.js";
export { MemoryLog } from "./recovery/memory-log.js";
export { MEMORY_LOG_DEFAULTS, type MemoryLogOptions } from "./recovery/options.js";
