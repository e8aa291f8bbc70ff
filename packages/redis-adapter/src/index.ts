export { RedisAdapterError, type RedisAdapterErrorCode } from "./errors.js";
