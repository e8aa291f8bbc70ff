export { type AdapterFactory, createAdapter, createShardedAdapter, createStreamsAdapter } from "./adapters.js";
export type * from "./contract.js";
export { RedisAdapterError, type RedisAdapterErrorCode } from "./errors.js";
