import type { RedisAdapterOptions } from "./contract.js";
import { badOption } from "./options.js";

/**
 * Whether the native wire is wanted.
 *
 * @throws RedisAdapterError `ERR_SOCKEYE_REDIS_OPTION`
 */
export function isNative({ wire = "native" }: RedisAdapterOptions): boolean {
  if (wire !== "native" && wire !== "socket.io") throw badOption("wire", "native or socket.io");
  return wire === "native";
}
