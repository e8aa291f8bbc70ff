import type {
  LoggedEnvelope,
  LogHead,
  LogPosition,
  NodeId,
  OwnedSession,
  RecoveryStore,
  SessionKey,
  StoredEvent,
  StoredRecord,
  StoreLimits,
  TakenSession,
} from "@sockeye/adapter-base";
import type { Command, Reply } from "../clients/contract.js";
import {
  APPEND,
  APPEND_PRIVATE,
  OPEN,
  type Publication,
  READ,
  REMOVE,
  SAVE,
  type Script,
  TAKE,
  TOUCH,
} from "./scripts.js";

/** The way to Redis, which keeps the order of what one node asks for. */
export interface StorePort {
  /** What decides about the node of a cluster; the keys of the namespace begin with it. */
  routeOf(namespace: string): string;
  /** Where an appended envelope is published. */
  destinationOf(namespace: string): Destination;
  /** @throws ClusterError `ERR_SOCKEYE_CLUSTER_TOO_LARGE` */
  checkSize(envelope: Uint8Array): void;
  /** `target`: what the call keeps its order with. */
  call(target: string, route: string, command: Command, size: number): Promise<Reply>;
}

export interface Destination {
  readonly publication: Publication;
  /** The channel, or the key of a stream. */
  readonly name: string;
  /** The channel's key in entries of a stream. */
  readonly channelKey: string;
  /** How many entries a stream keeps. */
  readonly maxLen: number;
}

/** More than this goes to Redis in several calls: a script must not keep everybody waiting. */
const SESSIONS_PER_CALL = 100;
const ENTRIES_PER_CALL = 256;
const NO_LIMITS: StoreLimits = { maxAge: 120_000, maxEntries: 100_000, maxPrivateEntries: 1000 };

/** Sessions and logs in Redis: streams, hashes and lists that expire, written by scripts. */
export class RedisStore implements RecoveryStore {
  readonly #port: StorePort;
  readonly #limits = new Map<string, StoreLimits>();

  constructor(port: StorePort) {
    this.#port = port;
  }

  async open(namespace: string, limits: StoreLimits): Promise<LogHead> {
    this.#limits.set(namespace, limits);
    const { meta, log } = this.#keys(namespace);
    return positionOf(await this.#run(namespace, OPEN, [meta, log], [newEpoch()]));
  }

  async append(namespace: string, envelope: Uint8Array, wanted: boolean): Promise<LogPosition | undefined> {
    this.#port.checkSize(envelope);
    const { meta, log, sessions } = this.#keys(namespace);
    const { publication, name, channelKey, maxLen } = this.#port.destinationOf(namespace);
    const { maxAge, maxEntries } = this.#limitsOf(namespace);
    const where = publication === "channel" ? [name] : [channelKey, `${maxLen}`];
    const keys = [meta, log, sessions, ...(publication === "channel" ? [] : [name])];
    const args = [newEpoch(), wanted ? "1" : "0", `${maxAge}`, `${maxEntries}`, Buffer.from(envelope), ...where];
    const reply = await this.#run(namespace, APPEND[publication], keys, args, name);
    return reply === null ? undefined : positionOf(reply);
  }

  async read(
    namespace: string,
    after: LogPosition,
    limit = Number.POSITIVE_INFINITY,
  ): Promise<LoggedEnvelope[] | "trimmed"> {
    const entries: LoggedEnvelope[] = [];
    const { epoch } = after;
    for (let number = after.number; entries.length < limit; ) {
      const part = await this.#readPart(
        namespace,
        { epoch, number },
        Math.min(ENTRIES_PER_CALL, limit - entries.length),
      );
      if (part === "trimmed") return part;
      const [last, ...envelopes] = part;
      for (const envelope of envelopes) entries.push({ epoch, number: ++number, envelope });
      if (number >= last || envelopes.length === 0) break;
    }
    return entries;
  }

  async save(namespace: string, records: readonly StoredRecord[], lifetime: number): Promise<void> {
    const { meta, sessions } = this.#keys(namespace);
    const argsOf = ({ pid, incarnation, owner = "", bytes }: StoredRecord) => [
      pid,
      `${incarnation}`,
      owner,
      Buffer.from(bytes),
    ];
    await this.#runInParts(namespace, SAVE, [meta, sessions], records, [milliseconds(lifetime)], argsOf);
  }

  async touch(namespace: string, known: readonly SessionKey[], lifetime: number): Promise<void> {
    const { meta, sessions } = this.#keys(namespace);
    const argsOf = ({ pid, incarnation }: SessionKey) => [pid, `${incarnation}`];
    await this.#runInParts(namespace, TOUCH, [meta, sessions], known, [milliseconds(lifetime)], argsOf);
  }

  async appendPrivate(namespace: string, events: readonly StoredEvent[]): Promise<void> {
    const { maxPrivateEntries } = this.#limitsOf(namespace);
    const argsOf = ({ incarnation, number, bytes }: StoredEvent) => [`${incarnation}`, `${number}`, Buffer.from(bytes)];
    await this.#runInParts(namespace, APPEND_PRIVATE, [], events, [`${maxPrivateEntries}`], argsOf);
  }

  async take(
    namespace: string,
    pid: string,
    taker: NodeId,
    from: NodeId = "",
  ): Promise<TakenSession | OwnedSession | undefined> {
    const reply = await this.#run(namespace, TAKE, this.#sessionKeys(namespace, pid), [taker, from]);
    if (reply === null) return undefined;
    const [first, idle, bytes, events] = reply as readonly [Buffer, Buffer?, Buffer?, (readonly Buffer[])?];
    if (bytes === undefined || events === undefined) return { owner: first.toString() };
    return { incarnation: Number(first), idle: Number(idle), bytes: plain(bytes), events: events.map(eventOf) };
  }

  async remove(namespace: string, known: readonly SessionKey[]): Promise<void> {
    const { sessions } = this.#keys(namespace);
    const argsOf = ({ pid, incarnation }: SessionKey) => [pid, `${incarnation}`];
    await this.#runInParts(namespace, REMOVE, [sessions], known, [], argsOf);
  }

  async #readPart(
    namespace: string,
    { epoch, number }: LogPosition,
    limit: number,
  ): Promise<[number, ...Uint8Array[]] | "trimmed"> {
    const { meta, log } = this.#keys(namespace);
    const reply = await this.#run(namespace, READ, [meta, log], [epoch, `${number}`, `${limit}`]);
    if (!Array.isArray(reply)) return "trimmed";
    const [last, ...envelopes] = reply as Buffer[];
    return [Number(last), ...envelopes.map(plain)];
  }

  /** All parts are on their way before the first is answered, so that nothing comes in between. */
  async #runInParts<Item extends { readonly pid: string }>(
    namespace: string,
    script: Script,
    keys: readonly string[],
    items: readonly Item[],
    args: readonly string[],
    argsOf: (item: Item) => (string | Buffer)[],
  ): Promise<void> {
    const calls: Promise<Reply>[] = [];
    for (let from = 0; from < items.length; from += SESSIONS_PER_CALL) {
      const part = items.slice(from, from + SESSIONS_PER_CALL);
      const ownKeys = part.flatMap(({ pid }) => this.#sessionKeys(namespace, pid));
      calls.push(this.#run(namespace, script, [...keys, ...ownKeys], [...args, ...part.flatMap(argsOf)]));
    }
    await Promise.all(calls);
  }

  #run(
    namespace: string,
    { sha }: Script,
    keys: readonly string[],
    args: readonly (string | Buffer)[],
    target = this.#port.destinationOf(namespace).name,
  ): Promise<Reply> {
    let size = 0;
    for (const arg of args) size += arg.length;
    return this.#port.call(
      target,
      this.#port.routeOf(namespace),
      ["EVALSHA", sha, `${keys.length}`, ...keys, ...args],
      size,
    );
  }

  #keys(namespace: string): { meta: string; log: string; sessions: string } {
    const prefix = `${this.#port.routeOf(namespace)}~`;
    return {
      meta: `${prefix}meta#${namespace}`,
      log: `${prefix}log#${namespace}`,
      sessions: `${prefix}sessions#${namespace}`,
    };
  }

  /** Record and private log. Peers may choose both names: the length of the first tells where the second begins. */
  #sessionKeys(namespace: string, pid: string): [string, string] {
    const prefix = `${this.#port.routeOf(namespace)}~`;
    const place = `${namespace.length}#${namespace}#${pid}`;
    return [`${prefix}session#${place}`, `${prefix}private#${place}`];
  }

  #limitsOf(namespace: string): StoreLimits {
    return this.#limits.get(namespace) ?? NO_LIMITS;
  }
}

function positionOf(reply: Reply): LogPosition {
  const [epoch, number] = reply as readonly [Buffer, Buffer];
  return { epoch: epoch.toString(), number: Number(number) };
}

function eventOf(event: Buffer): { number: number; bytes: Uint8Array } {
  const colon = event.indexOf(":");
  return { number: Number(event.toString("latin1", 0, colon)), bytes: plain(event.subarray(colon + 1)) };
}

function plain(buffer: Buffer): Uint8Array {
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength);
}

/** Whole, and not 0, which would delete. */
function milliseconds(time: number): string {
  return `${Math.max(1, Math.round(time))}`;
}

/** Tells apart the epochs that two nodes propose in one millisecond. */
const OWN_MARK = Math.floor(Math.random() * 36 ** 4).toString(36);

/** What the epoch would be called if one had to begin now. */
function newEpoch(): string {
  return (Date.now().toString(36) + OWN_MARK).slice(0, 12);
}
