export { channelKey } from "./cluster/channel-key.js";
export { ClusterAdapter, type ClusterAdapterOptions, createClusterAdapter } from "./cluster/cluster-adapter.js";
export type { Traffic } from "./cluster/cluster-node.js";
export type * from "./cluster/contract.js";
export {
  BroadcastChannelDriver,
  type BroadcastChannelDriverOptions,
} from "./cluster/drivers/broadcast-channel-driver.js";
export { ClusterError, type ClusterErrorCode, ClusterTimeoutError, ClusterViolation } from "./cluster/errors.js";
export type * from "./cluster/foreign/contract.js";
export type { ClusterOptions } from "./cluster/options.js";
export type * from "./cluster/recovery/contract.js";
export * from "./contract.js";
export { AdapterError, type AdapterErrorCode } from "./errors.js";
export { hostOf } from "./host-of.js";
export { createInMemoryAdapter, InMemoryAdapter, type InMemoryAdapterOptions } from "./in-memory-adapter.js";
export type * from "./recovery/contract.js";
export { MemoryLog } from "./recovery/memory-log.js";
export { MEMORY_LOG_DEFAULTS, type MemoryLogOptions } from "./recovery/options.js";
