export { type AdapterFactory, createAdapter, createShardedAdapter } from "./adapters.js";
export type * from "./contract.js";
export { RedisAdapterError, type RedisAdapterErrorCode } from "./errors.js";
