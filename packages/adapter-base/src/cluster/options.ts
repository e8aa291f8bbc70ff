import type { ClusterDriver } from "./contract.js";
import { ClusterError } from "./errors.js";
import type { CommandSource } from "./foreign/contract.js";

/** Times in milliseconds. */
export interface ClusterOptions {
  /** Moves the envelopes. One driver serves all namespaces of a server. */
  readonly driver: ClusterDriver;
  /** A node that has nothing to say says so this often. Default 5,000. */
  readonly heartbeatInterval?: number;
  /** A node not heard of for this long is taken for dead. Default 10,000. */
  readonly heartbeatTimeout?: number;
  /** How long answers of other nodes are waited for, unless the operation has a time-out of its own. Default 5,000. */
  readonly requestTimeout?: number;
  /**
   * With connection state recovery on a driver that has a store: how long a recoverable broadcast waits for its place in the
   * shared log, before it is delivered without one, and cannot be recovered. A broker that is known to be away is not waited for.
   * Default 3,000.
   */
  readonly logTimeout?: number;
  /** How long the node that has a session is waited for when its peer is back on this one. Default 1,000. */
  readonly handOverTimeout?: number;
  /** Into how many channels the rooms of a namespace are divided, from 1 to 65,536. The same on every node. Default 64. */
  readonly partitions?: number;
  /** How long a node goes on listening to a channel after the last room it listened for. Default 30,000. */
  readonly subscriptionLinger?: number;
  /** Who else may command the sockets of this node, besides the other nodes. Default: nobody. */
  readonly sources?: readonly CommandSource[];
}

const DEFAULTS = {
  heartbeatInterval: 5_000,
  heartbeatTimeout: 10_000,
  requestTimeout: 5_000,
  logTimeout: 3_000,
  handOverTimeout: 1_000,
  partitions: 64,
  subscriptionLinger: 30_000,
};

/** @throws ClusterError `ERR_SOCKEYE_CLUSTER_OPTION` */
export function clusterOptions(given: ClusterOptions): Required<ClusterOptions> {
  const options = { ...DEFAULTS, driver: given.driver, sources: given.sources ?? [] };
  for (const name of Object.keys(DEFAULTS) as (keyof typeof DEFAULTS)[]) {
    const value = given[name];
    if (value === undefined) continue;
    if (!Number.isFinite(value) || value < 0) throw badOption(`${name} must be a number from 0 on`);
    options[name] = value;
  }
  if (!Number.isInteger(options.partitions) || options.partitions < 1 || options.partitions > 65_536) {
    throw badOption("partitions must be a whole number from 1 to 65,536");
  }
  if (typeof given.driver?.publish !== "function") throw badOption("driver must be a ClusterDriver");
  return options;
}

function badOption(message: string): ClusterError {
  return new ClusterError("ERR_SOCKEYE_CLUSTER_OPTION", `cluster option ${message}`);
}
