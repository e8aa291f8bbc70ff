import { Ring } from "../../recovery/ring.js";
import { ClusterError } from "../errors.js";
import type { NodeId } from "../node-id.js";
import type {
  LoggedEnvelope,
  LogHead,
  LogPosition,
  OwnedSession,
  SessionKey,
  StoredEvent,
  StoredRecord,
  StoreLimits,
  TakenSession,
} from "./contract.js";

interface Entry {
  readonly envelope: Uint8Array;
  readonly time: number;
}

interface KeptSession {
  incarnation: number;
  bytes: Uint8Array;
  owner: NodeId | undefined;
  /** When it was saved or touched last. */
  seen: number;
  expires: number;
  /** Of its events. */
  size: number;
  readonly events: Ring<Pick<StoredEvent, "number" | "bytes">>;
}

/** Bytes of one shared log and of one private log; beyond them the oldest goes. */
const MAX_BYTES = 64 * 1024 * 1024;
const MAX_PRIVATE_BYTES = 1024 * 1024;

/**
 * What a recovery store keeps, in the memory of one process: the primary of a node:cluster, or a test. Pure: time comes in as
 * an argument, in milliseconds of a clock that does not jump.
 */
export class RecoveryTables {
  readonly #namespaces = new Map<string, NamespaceTables>();
  #epoch: string;

  constructor(epoch: string) {
    this.#epoch = epoch;
  }

  open(namespace: string, limits: StoreLimits): LogHead {
    const tables = this.#namespaces.get(namespace) ?? new NamespaceTables(this.#epoch, limits);
    this.#namespaces.set(namespace, tables);
    tables.limits = limits;
    return tables.head;
  }

  /** Everything is lost; a new epoch begins. */
  forget(epoch: string): void {
    this.#epoch = epoch;
    for (const [name, { limits }] of this.#namespaces) this.#namespaces.set(name, new NamespaceTables(epoch, limits));
  }

  /** `undefined`: nobody could ever ask for it, and it was not logged. */
  append(namespace: string, envelope: Uint8Array, wanted: boolean, now: number): LogPosition | undefined {
    return this.#of(namespace).append(envelope, wanted, now);
  }

  read(namespace: string, after: LogPosition, limit?: number): LoggedEnvelope[] | "trimmed" {
    return this.#of(namespace).read(after, limit);
  }

  save(namespace: string, records: readonly StoredRecord[], lifetime: number, now: number): void {
    for (const record of records) this.#of(namespace).save(record, lifetime, now);
  }

  touch(namespace: string, sessions: readonly SessionKey[], lifetime: number, now: number): void {
    for (const session of sessions) this.#of(namespace).touch(session, lifetime, now);
  }

  appendPrivate(namespace: string, events: readonly StoredEvent[]): void {
    for (const event of events) this.#of(namespace).appendPrivate(event);
  }

  take(
    namespace: string,
    pid: string,
    taker: NodeId,
    from: NodeId | undefined,
    now: number,
  ): TakenSession | OwnedSession | undefined {
    return this.#of(namespace).take(pid, taker, from, now);
  }

  remove(namespace: string, sessions: readonly SessionKey[]): void {
    for (const session of sessions) this.#of(namespace).remove(session);
  }

  /** Drops what has expired. To be called now and then. */
  sweep(now: number): void {
    for (const tables of this.#namespaces.values()) tables.sweep(now);
  }

  inspect(): { entries: number; sessions: number; bytes: number } {
    const total = { entries: 0, sessions: 0, bytes: 0 };
    for (const { entries, sessions, bytes } of this.#namespaces.values()) {
      total.entries += entries;
      total.sessions += sessions;
      total.bytes += bytes;
    }
    return total;
  }

  #of(namespace: string): NamespaceTables {
    const tables = this.#namespaces.get(namespace);
    if (tables === undefined) throw new ClusterError("ERR_SOCKEYE_CLUSTER_OPTION", "a log has to be opened first");
    return tables;
  }
}

class NamespaceTables {
  bytes = 0;
  readonly #log = new Ring<Entry>();
  readonly #sessions = new Map<string, KeptSession>();

  constructor(
    readonly epoch: string,
    public limits: StoreLimits,
  ) {}

  get head(): LogHead {
    return { epoch: this.epoch, number: this.#log.last };
  }

  get entries(): number {
    return this.#log.size;
  }

  get sessions(): number {
    return this.#sessions.size;
  }

  append(envelope: Uint8Array, wanted: boolean, now: number): LogPosition | undefined {
    if (!wanted && this.#sessions.size === 0) return undefined;
    const number = this.#log.push({ envelope, time: now });
    this.bytes += envelope.byteLength;
    this.#trim(now);
    return { epoch: this.epoch, number };
  }

  read(after: LogPosition, limit = Number.POSITIVE_INFINITY): LoggedEnvelope[] | "trimmed" {
    if (after.epoch !== this.epoch || after.number + 1 < this.#log.first) return "trimmed";
    const entries: LoggedEnvelope[] = [];
    for (let number = after.number + 1; number <= this.#log.last && entries.length < limit; number++) {
      entries.push({ epoch: this.epoch, number, envelope: this.#log.at(number)!.envelope });
    }
    return entries;
  }

  save({ pid, incarnation, bytes, owner }: StoredRecord, lifetime: number, now: number): void {
    const kept = this.#sessions.get(pid);
    const expires = now + lifetime;
    if (kept === undefined || kept.incarnation < incarnation) {
      this.#sessions.set(pid, { incarnation, bytes, owner, seen: now, expires, size: 0, events: new Ring() });
    } else if (kept.incarnation === incarnation) Object.assign(kept, { bytes, owner, seen: now, expires });
  }

  touch({ pid, incarnation }: SessionKey, lifetime: number, now: number): void {
    const kept = this.#sessions.get(pid);
    if (kept?.incarnation === incarnation) Object.assign(kept, { seen: now, expires: now + lifetime });
  }

  appendPrivate({ pid, incarnation, number, bytes }: StoredEvent): void {
    const kept = this.#sessions.get(pid);
    if (kept?.incarnation !== incarnation) return;
    kept.events.push({ number, bytes });
    kept.size += bytes.byteLength;
    while (kept.events.size > this.limits.maxPrivateEntries || kept.size > MAX_PRIVATE_BYTES) {
      kept.size -= kept.events.shift()!.bytes.byteLength;
    }
  }

  take(pid: string, taker: NodeId, from: NodeId | undefined, now: number): TakenSession | OwnedSession | undefined {
    const kept = this.#sessions.get(pid);
    if (kept === undefined || kept.expires <= now) return undefined;
    if (kept.owner !== undefined && kept.owner !== from) return { owner: kept.owner };
    kept.owner = taker;
    kept.incarnation++;
    const { incarnation, bytes, seen, events } = kept;
    return { incarnation, bytes, idle: now - seen, events: [...valuesOf(events)] };
  }

  remove({ pid, incarnation }: SessionKey): void {
    const kept = this.#sessions.get(pid);
    if (kept !== undefined && kept.incarnation <= incarnation) this.#sessions.delete(pid);
  }

  sweep(now: number): void {
    this.#trim(now);
    for (const [pid, { expires }] of this.#sessions) if (expires <= now) this.#sessions.delete(pid);
  }

  #trim(now: number): void {
    const { maxAge, maxEntries } = this.limits;
    for (let oldest = this.#log.oldest(); oldest !== undefined; oldest = this.#log.oldest()) {
      if (this.#log.size <= maxEntries && this.bytes <= MAX_BYTES && oldest.time >= now - maxAge) return;
      this.bytes -= this.#log.shift()!.envelope.byteLength;
    }
  }
}

function* valuesOf<T extends object>(ring: Ring<T>): Iterable<T> {
  for (let number = ring.first; number <= ring.last; number++) yield ring.at(number)!;
}
