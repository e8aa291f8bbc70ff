import type { ForeignCommand } from "../cluster/foreign/contract.js";
import type { SocketDetails } from "../contract.js";
import type { Room } from "../names.js";

/**
 * How an emitter, which is no server, reaches the servers of a cluster. `Emitter` is what applications see; a way carries what
 * it says: `ClusterEmitterWay` over any `ClusterDriver`, and one for each notation of the incumbent's.
 *
 * A way
 * - MUST encode during the call to `send`, and throw then when a value cannot be written down.
 * - MUST keep the order of what was sent, and MUST connect by itself.
 * - MUST settle every promise.
 */
export interface EmitterWay {
  /** Resolves when the backend has taken it; rejects with `ERR_SOCKEYE_CLUSTER_PUBLISH` or another error of its own. */
  send(namespace: string, command: ForeignCommand): Promise<void>;

  /** Capability: servers can answer. */
  readonly questions?: EmitterQuestions;

  /** Releases what the way made, not what it was given. What was sent before is taken first. Idempotent. */
  close(): Promise<void>;
}

/** Times in milliseconds. */
export interface EmitterQuestions {
  /** Answers of clients, one each; rejects with `ERR_SOCKEYE_EMITTER_TIMEOUT` when some are missing. */
  askClients(
    namespace: string,
    broadcast: Extract<ForeignCommand, { kind: "broadcast" }>,
    timeout: number,
  ): Promise<unknown[]>;
  /** First arguments of the servers' answers; rejects with `ERR_SOCKEYE_CLUSTER_TIMEOUT` when servers did not answer. */
  askServers(namespace: string, args: readonly unknown[], timeout: number): Promise<unknown[]>;
  /** Rejects with `ERR_SOCKEYE_CLUSTER_TIMEOUT` when servers did not answer. */
  fetchSockets(
    namespace: string,
    selection: { readonly rooms: readonly Room[]; readonly except: readonly Room[] },
    timeout: number,
  ): Promise<SocketDetails[]>;
}
