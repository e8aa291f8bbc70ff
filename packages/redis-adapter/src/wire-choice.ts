import type { RedisAdapterOptions } from "./contract.js";
import { RedisAdapterError } from "./errors.js";
import { badOption } from "./options.js";

/**
 * Whether the native wire is wanted.
 *
 * @throws RedisAdapterError `ERR_SOCKEYE_REDIS_WIRE`, `ERR_SOCKEYE_REDIS_OPTION`
 */
export function isNative({ wire = "native" }: RedisAdapterOptions): boolean {
  if (wire === "native") return true;
  if (wire !== "socket.io") throw badOption("wire", "native or socket.io");
  throw new RedisAdapterError("ERR_SOCKEYE_REDIS_WIRE", 'wire: "socket.io" is not available yet');
}
