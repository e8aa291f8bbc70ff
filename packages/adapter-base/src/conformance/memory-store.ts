import type { NodeId } from "../cluster/node-id.js";
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
} from "../cluster/recovery/contract.js";
import type { RecoveryTables } from "../cluster/recovery/recovery-tables.js";

/** The way from one node to the backend. */
export interface MemoryStoreLink {
  /**
   * Does something in the backend, after everything asked for before; resolves when the answer is back. Rejects with
   * `ERR_SOCKEYE_CLUSTER_PUBLISH`.
   */
  request<T>(operation: (tables: RecoveryTables) => T): Promise<T>;
  /** @throws ClusterError `ERR_SOCKEYE_CLUSTER_TOO_LARGE` */
  checkSize(envelope: Uint8Array): void;
  /** Within the backend: to all nodes that listen. */
  publish(namespace: string, envelope: Uint8Array, position: LogPosition | undefined): void;
}

/** A recovery store in the memory of the process, beside the {@link MemoryBus}, with the bus's faults. */
export class MemoryStore implements RecoveryStore {
  constructor(private readonly link: MemoryStoreLink) {}

  open(namespace: string, limits: StoreLimits): Promise<LogHead> {
    return this.link.request((tables) => tables.open(namespace, limits));
  }

  async append(namespace: string, envelope: Uint8Array, wanted: boolean): Promise<LogPosition | undefined> {
    this.link.checkSize(envelope);
    const copy = envelope.slice();
    return this.link.request((tables) => {
      const position = tables.append(namespace, copy, wanted, performance.now());
      this.link.publish(namespace, copy, position);
      return position;
    });
  }

  async read(namespace: string, after: LogPosition, limit?: number): Promise<LoggedEnvelope[] | "trimmed"> {
    const entries = await this.link.request((tables) => tables.read(namespace, after, limit));
    if (entries === "trimmed") return entries;
    return entries.map((entry) => ({ ...entry, envelope: entry.envelope.slice() }));
  }

  save(namespace: string, records: readonly StoredRecord[], lifetime: number): Promise<void> {
    const copies = records.map(copied);
    return this.link.request((tables) => tables.save(namespace, copies, lifetime, performance.now()));
  }

  touch(namespace: string, sessions: readonly SessionKey[], lifetime: number): Promise<void> {
    return this.link.request((tables) => tables.touch(namespace, sessions, lifetime, performance.now()));
  }

  appendPrivate(namespace: string, events: readonly StoredEvent[]): Promise<void> {
    const copies = events.map(copied);
    return this.link.request((tables) => tables.appendPrivate(namespace, copies));
  }

  take(namespace: string, pid: string, taker: NodeId, from?: NodeId): Promise<TakenSession | OwnedSession | undefined> {
    return this.link.request((tables) => tables.take(namespace, pid, taker, from, performance.now()));
  }

  remove(namespace: string, sessions: readonly SessionKey[]): Promise<void> {
    return this.link.request((tables) => tables.remove(namespace, sessions));
  }
}

function copied<T extends { readonly bytes: Uint8Array }>(item: T): T {
  return { ...item, bytes: item.bytes.slice() };
}
