import { asViolation, fromCatalog, toCatalog } from "./catalog.js";
import type { Decoded, WireMessage } from "./contract.js";
import { fromTextOrPacked, packed, textOrPacked } from "./text-or-packed.js";

/**
 * One whole message as one body: JSON, or MessagePack where there are bytes in it. The incumbent's sharded Redis adapter.
 *
 * @throws ClusterError `ERR_SOCKEYE_CLUSTER_UNSERIALIZABLE`
 */
export function encodeBody(message: WireMessage): string | Uint8Array {
  return textOrPacked(toCatalog(message));
}

/**
 * MessagePack in any case. What the incumbent's streams adapter does not put into its stream.
 *
 * @throws ClusterError `ERR_SOCKEYE_CLUSTER_UNSERIALIZABLE`
 */
export function encodePackedBody(message: WireMessage): Uint8Array {
  return packed(toCatalog(message));
}

/** Reads both. Never throws. */
export function decodeBody(body: string | Uint8Array, namespace: string): Decoded {
  try {
    return fromCatalog(fromTextOrPacked(body), namespace);
  } catch (thrown) {
    return asViolation(thrown);
  }
}
