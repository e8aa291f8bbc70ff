import type { Channel } from "../contract.js";
import type { NodeId } from "../node-id.js";
import type {
  LoggedEnvelope,
  LogPosition,
  OwnedSession,
  SessionKey,
  StoredEvent,
  StoredRecord,
  StoreLimits,
  TakenSession,
} from "../recovery/contract.js";

/** What a node and the hub say to each other over an IPC channel that the application may use as well. */
export type ToHub = { readonly sockeye: "hub" } & (
  | { readonly op: "subscribe" | "unsubscribe"; readonly channel: Channel; readonly id: number }
  | { readonly op: "publish"; readonly envelopes: readonly Addressed[] }
  | { readonly op: "store"; readonly calls: readonly { readonly id: number; readonly call: StoreCall }[] }
  | { readonly op: "close" }
);

export type ToNode = { readonly sockeye: "node" } /** `error`: it was not done. */ & (
  | { readonly op: "done"; readonly id: number; readonly error?: string }
  | { readonly op: "deliver"; readonly envelopes: readonly Addressed[] }
  | { readonly op: "answers"; readonly answers: readonly StoreAnswer[] }
  /** Envelopes before this were dropped. */
  | { readonly op: "gap" }
  /** Of the way from the primary to servers elsewhere. */
  | { readonly op: "state"; readonly publish: "up" | "down"; readonly receive: "up" | "down" }
);

/** An envelope and where it goes. */
export interface Addressed {
  readonly channel: Channel;
  readonly bytes: Uint8Array;
  /** Its place in the shared log. */
  readonly position?: LogPosition | undefined;
}

/** What is asked of the recovery store; see `RecoveryStore`. */
export type StoreCall = { readonly namespace: string } & (
  | { readonly do: "open"; readonly limits: StoreLimits }
  | { readonly do: "append"; readonly bytes: Uint8Array; readonly wanted: boolean }
  | { readonly do: "read"; readonly after: LogPosition; readonly limit: number | undefined }
  | { readonly do: "save"; readonly records: readonly StoredRecord[]; readonly lifetime: number }
  | { readonly do: "touch"; readonly sessions: readonly SessionKey[]; readonly lifetime: number }
  | { readonly do: "append-private"; readonly events: readonly StoredEvent[] }
  | { readonly do: "take"; readonly pid: string; readonly taker: NodeId; readonly from: NodeId | undefined }
  | { readonly do: "remove"; readonly sessions: readonly SessionKey[] }
);

export interface StoreAnswer {
  readonly id: number;
  readonly value?: LogPosition | readonly LoggedEnvelope[] | "trimmed" | TakenSession | OwnedSession | undefined;
  /** It was not done. */
  readonly error?: string;
}

/** One end of an IPC channel. It keeps the order, and carries bytes as bytes. */
export interface IpcPort<Out, In> {
  /** Bytes of envelopes that were handed over and have not left this process. */
  readonly queuedBytes: number;
  /** Throws when the channel is closed. */
  send(message: Out): void;
  onMessage(listener: (message: In) => void): void;
  onClose(listener: () => void): void;
  /** Stops listening; the channel itself belongs to somebody else. */
  detach(): void;
}

export interface IpcLimits {
  /**
   * Bytes of envelopes that may wait for a process that does not read. Beyond it a worker refuses to publish
   * (`ERR_SOCKEYE_CLUSTER_PUBLISH`), and the primary drops what is for that worker and tells it so
   * (`ERR_SOCKEYE_CLUSTER_GAP`). Default 64 MiB.
   */
  readonly maxQueuedBytes?: number;
  /** Milliseconds a worker waits for the primary to confirm a subscription. Default 5,000. */
  readonly confirmTimeout?: number;
}

export const MAX_QUEUED_BYTES = 64 * 1024 * 1024;
export const CONFIRM_TIMEOUT = 5_000;

export function isFor<M extends ToHub | ToNode>(message: unknown, side: M["sockeye"]): message is M {
  return typeof message === "object" && message !== null && (message as { sockeye?: unknown }).sockeye === side;
}
