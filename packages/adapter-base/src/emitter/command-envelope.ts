import { encodeEnvelope } from "../cluster/codec.js";
import type { Envelope } from "../cluster/envelope.js";
import { ClusterError } from "../cluster/errors.js";
import type { ForeignCommand } from "../cluster/foreign/contract.js";
import type { NodeId } from "../cluster/node-id.js";

/** @throws ClusterError `ERR_SOCKEYE_CLUSTER_UNSERIALIZABLE` */
export function encode(envelope: Envelope): Uint8Array {
  try {
    return encodeEnvelope(envelope);
  } catch (cause) {
    throw new ClusterError("ERR_SOCKEYE_CLUSTER_UNSERIALIZABLE", `${envelope.kind} cannot be written down`, { cause });
  }
}

/**
 * A command as the envelope that servers expect, for ways that do not go through a driver. Numbers of one sender MUST grow, and
 * arrive in about that order: what comes late by more than a thousand is taken for a repetition.
 *
 * @throws ClusterError `ERR_SOCKEYE_CLUSTER_UNSERIALIZABLE`
 */
export function encodeCommand(
  origin: NodeId,
  sequence: number,
  namespace: string,
  command: ForeignCommand,
): Uint8Array {
  return encode({ ...command, origin, sequence, namespace } as Envelope);
}
