import type { NodeId } from "./node-id.js";
import type { LogPosition, RecoveryStore } from "./recovery/contract.js";

export type { NodeId } from "./node-id.js";

/**
 * The driver contract: how envelopes of the cluster protocol travel between nodes. The protocol itself (requests,
 * membership, interest, recovery) is written once, above this line; a driver for Redis, PostgreSQL or an IPC channel only
 * moves bytes.
 *
 * A driver
 * - MUST deliver each envelope published on a channel to every node subscribed to it when it was published, at most
 *   once in the absence of faults; MAY deliver duplicates after a reconnection (envelopes carry ids and sequence numbers).
 * - MUST keep the order of one node's envelopes on one channel; SHOULD keep it across that node's channels
 *   (`capabilities.ordered`).
 * - MUST NOT interpret, change or re-encode an envelope. MAY deliver a node's own envelopes back to it.
 * - MUST reconnect and resubscribe by itself, and tell `onState` and `onGap` what happened; MUST NOT throw or reject
 *   outside the promises it returned.
 * - MUST batch what is published in one event-loop turn where the backend can.
 * - MUST bound what it queues while the backend is away, and report what it dropped through `onGap`.
 */
export interface ClusterDriver {
  readonly capabilities: DriverCapabilities;

  /** Capability: sessions can be resumed on any node. Usable between `start` and `close`. */
  readonly recovery?: RecoveryStore;

  /** Connects. Resolves when published envelopes would be delivered and subscriptions take effect. */
  start(node: NodeId, receiver: DriverReceiver): Promise<void>;

  /** Resolves when the subscription is in force: an envelope published afterwards, anywhere, arrives here. */
  subscribe(channel: Channel): Promise<void>;
  unsubscribe(channel: Channel): Promise<void>;

  /** Resolves when the backend has taken the envelope; rejects with `ERR_SOCKEYE_CLUSTER_PUBLISH`. */
  publish(channel: Channel, envelope: Uint8Array): Promise<void>;

  /** Leaves. MUST release timers, listeners and connections it made (not the clients it was given). Idempotent. */
  close(): Promise<void>;
}

/** Where an envelope goes. A driver maps it to a channel name, a stream or a topic of its backend, escaped. */
export type Channel =
  /** Every node: membership. */
  | { readonly kind: "cluster" }
  /** Every node with this namespace. */
  | { readonly kind: "all"; readonly namespace: string }
  /** One node: replies to its requests, messages for its sockets. */
  | { readonly kind: "node"; readonly node: NodeId }
  /** Nodes with members in rooms whose hash falls into this partition. */
  | { readonly kind: "rooms"; readonly namespace: string; readonly partition: number };

export interface DriverReceiver {
  /**
   * One envelope, in order. `bytes` are the receiver's to keep. `position`: its place in the log of a recovery store that
   * published it. MUST NOT throw.
   */
  onEnvelope(channel: Channel, bytes: Uint8Array, position?: LogPosition): void;
  /** Envelopes may have been lost since the last one on these channels (all, when absent). */
  onGap(channels?: readonly Channel[]): void;
  /** `up` / `down` of the write path and of the read path, each as the driver sees it. */
  onState(state: { readonly publish: "up" | "down"; readonly receive: "up" | "down" }): void;
}

/** What a driver's backend offers beyond moving envelopes, declared as data; the conformance suite skips by it. */
export interface DriverCapabilities {
  /** Order of one node's envelopes holds across channels. */
  readonly ordered: boolean;
  /** `subscribe` narrows what this node receives; without it, every node receives everything and filters. */
  readonly interest: boolean;
  /** The backend can continue after an outage where it stopped. */
  readonly replay: boolean;
  /**
   * A node's own envelopes come back to it on channels it subscribes to; it then proves its read path by them. `"cluster"`: they do
   * on the cluster's channel, which is enough for that, and need not on others.
   */
  readonly echo: boolean | "cluster";
  /** Largest envelope, in bytes, that the backend takes; larger ones are refused with `ERR_SOCKEYE_CLUSTER_TOO_LARGE`. */
  readonly maxEnvelopeBytes: number;
}
