import type { NodeId } from "./contract.js";

/** Codes of {@link ClusterError}. */
export type ClusterErrorCode =
  /** The backend did not take an envelope; the other nodes did not get it. */
  | "ERR_SOCKEYE_CLUSTER_PUBLISH"
  /** An envelope is larger than the driver's backend takes. */
  | "ERR_SOCKEYE_CLUSTER_TOO_LARGE"
  /** Not every node answered in time; `responses` holds what arrived, `missing` the nodes that did not answer. */
  | "ERR_SOCKEYE_CLUSTER_TIMEOUT"
  /** The driver or the adapter was closed. */
  | "ERR_SOCKEYE_CLUSTER_CLOSED"
  /** Envelopes may have been lost: the way to the backend was interrupted. */
  | "ERR_SOCKEYE_CLUSTER_GAP"
  /** Two nodes were configured so that they cannot understand each other. */
  | "ERR_SOCKEYE_CLUSTER_MISMATCH"
  /** What another server is asked or answered cannot be written down. */
  | "ERR_SOCKEYE_CLUSTER_UNSERIALIZABLE"
  /** An option has a value it cannot have. */
  | "ERR_SOCKEYE_CLUSTER_OPTION";

/** Something this node did, or its backend did to it. */
export class ClusterError extends Error {
  override readonly name: string = "ClusterError";

  constructor(
    readonly code: ClusterErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** A request to which some nodes did not answer. */
export class ClusterTimeoutError<T> extends ClusterError {
  override readonly name = "ClusterTimeoutError";

  constructor(
    /** What arrived in time, this node's own part included where there is one. */
    readonly responses: readonly T[],
    readonly missing: readonly NodeId[],
  ) {
    super("ERR_SOCKEYE_CLUSTER_TIMEOUT", `timeout reached: missing ${missing.length} responses`);
  }
}

/** What another node, or something else on the bus, sent is not an envelope. It was dropped. */
export class ClusterViolation extends Error {
  override readonly name = "ClusterViolation";
  readonly code = "ERR_SOCKEYE_CLUSTER_ENVELOPE";
}
