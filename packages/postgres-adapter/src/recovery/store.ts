import {
  ClusterError,
  type LoggedEnvelope,
  type LogHead,
  type LogPosition,
  type NodeId,
  type OwnedSession,
  type RecoveryStore,
  type SessionKey,
  type StoredEvent,
  type StoredRecord,
  type StoreLimits,
  type TakenSession,
} from "@sockeye/adapter-base";
import { type Kind, Operation, type Questions } from "./operation.js";

/** What a store needs of its driver. */
export interface StorePort {
  /** Asks the database, after everything that was asked and published before. Rejects when there is no link. */
  send(operation: Operation): Promise<void>;
  /** The channel's name in PostgreSQL. */
  channelOf(namespace: string): string;
  readonly maxEnvelopeBytes: number;
  /**
   * Whether everything is logged. A server that looks for sessions first may not see one that another server has just begun, and what
   * is said then would be missing when it is resumed.
   */
  readonly logsAlways: boolean;
  opened(namespace: string, limits: StoreLimits): void;
  /** There may be something to remove, some time. */
  wrote(): void;
}

/** Sessions and logs in tables, asked for in the same order as messages are published. */
export class PostgresStore implements RecoveryStore {
  readonly #port: StorePort;
  readonly #limits = new Map<string, StoreLimits>();

  constructor(port: StorePort) {
    this.#port = port;
  }

  open(namespace: string, limits: StoreLimits): Promise<LogHead> {
    this.#limits.set(namespace, limits);
    this.#port.opened(namespace, limits);
    return this.#ask("open", namespace, {});
  }

  async append(namespace: string, envelope: Uint8Array, wanted: boolean): Promise<LogPosition | undefined> {
    if (envelope.byteLength > this.#port.maxEnvelopeBytes) {
      const message = `an envelope of ${envelope.byteLength} bytes is too large`;
      throw new ClusterError("ERR_SOCKEYE_CLUSTER_TOO_LARGE", message);
    }
    const channel = this.#port.channelOf(namespace);
    const limits = this.#limitsOf(namespace);
    const ask = { channel, bytes: envelope.slice(), wanted: wanted || this.#port.logsAlways, limits };
    return this.#ask("append", namespace, ask, envelope.byteLength);
  }

  read(namespace: string, after: LogPosition, limit?: number): Promise<readonly LoggedEnvelope[] | "trimmed"> {
    return this.#ask("read", namespace, { after, limit });
  }

  save(namespace: string, records: readonly StoredRecord[], lifetime: number): Promise<void> {
    const copies = records.map(copied);
    return this.#ask("save", namespace, { records: copies, lifetime }, bytesOf(copies));
  }

  touch(namespace: string, sessions: readonly SessionKey[], lifetime: number): Promise<void> {
    return this.#ask("touch", namespace, { sessions, lifetime });
  }

  appendPrivate(namespace: string, events: readonly StoredEvent[]): Promise<void> {
    const copies = events.map(copied);
    const limits = this.#limitsOf(namespace);
    return this.#ask("appendPrivate", namespace, { events: copies, limits }, bytesOf(copies));
  }

  take(namespace: string, pid: string, taker: NodeId, from?: NodeId): Promise<TakenSession | OwnedSession | undefined> {
    return this.#ask("take", namespace, { pid, taker, from });
  }

  remove(namespace: string, sessions: readonly SessionKey[]): Promise<void> {
    return this.#ask("remove", namespace, { sessions });
  }

  async #ask<K extends Kind>(
    kind: K,
    namespace: string,
    ask: Questions[K]["ask"],
    size = 0,
  ): Promise<Questions[K]["answer"]> {
    const operation = new Operation(kind, namespace, ask, size);
    this.#port.send(operation as unknown as Operation).catch((error) => operation.fail(error));
    const answer = await operation.answered;
    this.#port.wrote();
    return answer;
  }

  #limitsOf(namespace: string): StoreLimits {
    const limits = this.#limits.get(namespace);
    if (limits === undefined) throw new ClusterError("ERR_SOCKEYE_CLUSTER_OPTION", "a log has to be opened first");
    return limits;
  }
}

function copied<T extends { readonly bytes: Uint8Array }>(item: T): T {
  return { ...item, bytes: item.bytes.slice() };
}

function bytesOf(items: readonly { readonly bytes: Uint8Array }[]): number {
  return items.reduce((sum, { bytes }) => sum + bytes.byteLength, 0);
}
