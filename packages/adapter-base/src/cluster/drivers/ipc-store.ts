import type { NodeId } from "../node-id.js";
import type {
  LoggedEnvelope,
  LogHead,
  LogPosition,
  OwnedSession,
  RecoveryStore,
  SessionKey,
  StoredEvent,
  StoredRecord,
  StoreLimits,
  TakenSession,
} from "../recovery/contract.js";
import type { StoreAnswer, StoreCall } from "./ipc-messages.js";

/** Asks the hub; rejects with `ERR_SOCKEYE_CLUSTER_PUBLISH`, or with what else keeps a driver from asking. */
type Ask = (call: StoreCall) => Promise<StoreAnswer["value"]>;

/** The recovery store in the primary process, as a worker uses it. */
export class IpcStore implements RecoveryStore {
  constructor(private readonly ask: Ask) {}

  open(namespace: string, limits: StoreLimits): Promise<LogHead> {
    return this.ask({ do: "open", namespace, limits }) as Promise<LogHead>;
  }

  append(namespace: string, bytes: Uint8Array, wanted: boolean): Promise<LogPosition | undefined> {
    return this.ask({ do: "append", namespace, bytes, wanted }) as Promise<LogPosition | undefined>;
  }

  read(namespace: string, after: LogPosition, limit?: number): Promise<readonly LoggedEnvelope[] | "trimmed"> {
    return this.ask({ do: "read", namespace, after, limit }) as Promise<readonly LoggedEnvelope[] | "trimmed">;
  }

  async save(namespace: string, records: readonly StoredRecord[], lifetime: number): Promise<void> {
    await this.ask({ do: "save", namespace, records, lifetime });
  }

  async touch(namespace: string, sessions: readonly SessionKey[], lifetime: number): Promise<void> {
    await this.ask({ do: "touch", namespace, sessions, lifetime });
  }

  async appendPrivate(namespace: string, events: readonly StoredEvent[]): Promise<void> {
    await this.ask({ do: "append-private", namespace, events });
  }

  take(namespace: string, pid: string, taker: NodeId, from?: NodeId): Promise<TakenSession | OwnedSession | undefined> {
    return this.ask({ do: "take", namespace, pid, taker, from }) as Promise<TakenSession | OwnedSession | undefined>;
  }

  async remove(namespace: string, sessions: readonly SessionKey[]): Promise<void> {
    await this.ask({ do: "remove", namespace, sessions });
  }
}
