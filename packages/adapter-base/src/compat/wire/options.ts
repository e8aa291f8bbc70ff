import { ClusterError } from "../../cluster/errors.js";
import type { InMemoryAdapterOptions } from "../../in-memory-adapter.js";
import type { WireBus } from "./contract.js";

/** Times in milliseconds. */
export interface OfficialWireOptions extends InMemoryAdapterOptions {
  /** Moves the messages. One bus serves all namespaces of a server. */
  readonly bus: WireBus;
  /** On a bus without counts, a member that has nothing to say says so this often. Default 5,000. */
  readonly heartbeatInterval?: number;
  /** On a bus without counts, a member not heard of for this long is taken for dead. Default 10,000. */
  readonly heartbeatTimeout?: number;
  /** How long answers of other servers are waited for, unless the operation has a time-out of its own. Default 5,000. */
  readonly requestTimeout?: number;
}

const DEFAULTS = { heartbeatInterval: 5_000, heartbeatTimeout: 10_000, requestTimeout: 5_000 };

export type CompleteOptions = OfficialWireOptions & typeof DEFAULTS;

/** @throws ClusterError `ERR_SOCKEYE_CLUSTER_OPTION` */
export function officialWireOptions(given: OfficialWireOptions): CompleteOptions {
  const options = { ...DEFAULTS, bus: given.bus, recovery: given.recovery };
  for (const name of Object.keys(DEFAULTS) as (keyof typeof DEFAULTS)[]) {
    const value = given[name];
    if (value === undefined) continue;
    if (!Number.isFinite(value) || value < 0) throw badOption(`${name} must be a number from 0 on`);
    options[name] = value;
  }
  if (typeof given.bus?.publish !== "function") throw badOption("bus must be a WireBus");
  return options;
}

function badOption(message: string): ClusterError {
  return new ClusterError("ERR_SOCKEYE_CLUSTER_OPTION", `cluster option ${message}`);
}
