import { randomBytes } from "node:crypto";
import { ClusterError } from "@sockeye/adapter-base";
import type { Command, LinkEvent, RedisLink, SubscriptionKind } from "../clients/contract.js";
import { holdLink } from "../clients/link.js";
import { TIMED_OUT, within } from "../deadline.js";
import { PublishPath, type Way } from "../drivers/publish-path.js";
import { ReadPath, type ReadPathTimes } from "../drivers/read-path.js";
import { RedisAdapterError } from "../errors.js";
import type { OutboxLimits } from "../outbox.js";
import { isRefusal } from "../reply-errors.js";

/** Times in milliseconds, sizes in bytes. */
export interface WireConnectionOptions extends OutboxLimits, ReadPathTimes {
  /** Before the names of channels. */
  readonly prefix: string;
  /** How channels are subscribed to. */
  readonly kinds: readonly SubscriptionKind[];
  readonly maxEnvelopeBytes: number;
}

export interface WireConnectionListener {
  stateChanged(state: { readonly publish: "up" | "down"; readonly receive: "up" | "down" }): void;
  /** What was published meanwhile may have been missed. */
  interrupted(): void;
}

export type Verb = "PUBLISH" | "SPUBLISH" | "XADD";

/** Hears messages of one subscription. `channel`: the one that was published on. */
export type Heard = (message: Buffer, channel: string) => void;

const SWEEP_INTERVAL = 200;
/** What was said last is waited for this long when the connection is closed. */
const FAREWELL = 1000;

/**
 * How buses of the incumbent's wire use Redis: what is published keeps its order and is bounded while Redis is away, and
 * subscriptions prove that they work, as those of the native drivers do. Shared by the namespaces of a server.
 */
export class WireConnection {
  readonly #clients: readonly [pub: unknown, sub: unknown];
  readonly #options: WireConnectionOptions;
  readonly #listener: WireConnectionListener;
  readonly #publishPath: PublishPath;
  readonly #paths = new Map<SubscriptionKind, ReadPath>();
  /** By subscription and by who subscribed: the incumbent's names of channels can mean a room of one namespace, or another namespace. */
  readonly #heard = new Map<string, Map<object, Heard>>();
  readonly #id = randomBytes(8).toString("hex");
  #pub: RedisLink | undefined;
  #sub: RedisLink | undefined;
  #told = "";
  #sweepTimer: ReturnType<typeof setInterval> | undefined;
  #opened: Promise<void> | undefined;
  #closed: Promise<void> | undefined;

  constructor(pub: unknown, sub: unknown, options: WireConnectionOptions, listener: WireConnectionListener) {
    this.#clients = [pub, sub];
    this.#options = options;
    this.#listener = listener;
    // What was dropped is told by the promise of who published it.
    const port = { commandsOf, changed: () => this.#announce(), dropped: () => {} };
    this.#publishPath = new PublishPath(port, options);
  }

  /**
   * @throws RedisAdapterError `ERR_SOCKEYE_REDIS_CLIENT`, `ERR_SOCKEYE_REDIS_REFUSED`
   */
  open(): Promise<void> {
    this.#opened ??= this.#open();
    return this.#opened;
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  /** Rejects with `ERR_SOCKEYE_CLUSTER_PUBLISH`, `ERR_SOCKEYE_CLUSTER_TOO_LARGE` or `ERR_SOCKEYE_CLUSTER_CLOSED`. */
  async publish(verb: Verb, name: string, body: string | Uint8Array): Promise<void> {
    const bytes = typeof body === "string" ? Buffer.from(body) : body;
    await this.#publishPath.publish({ kind: "cluster" }, this.#wayOf(verb, name), bytes);
  }

  /** In force when it resolves; where the path is down, it will be in force when it is up again. */
  async subscribe(kind: SubscriptionKind, name: string, owner: object, heard: Heard): Promise<void> {
    const key = `${kind} ${name}`;
    const owners = this.#heard.get(key) ?? new Map<object, Heard>();
    this.#heard.set(key, owners.set(owner, heard));
    try {
      await this.#pathOf(kind).add(name);
    } catch (error) {
      this.#drop(key, owner);
      throw refused(error);
    }
  }

  async unsubscribe(kind: SubscriptionKind, name: string, owner: object): Promise<void> {
    if (this.#drop(`${kind} ${name}`, owner)) await this.#pathOf(kind).remove(name);
  }

  /** Whether nobody listens any more, and somebody did. */
  #drop(key: string, owner: object): boolean {
    const owners = this.#heard.get(key);
    if (!owners?.delete(owner) || owners.size > 0) return false;
    return this.#heard.delete(key);
  }

  #deliver(key: string, message: Buffer, channel: string): void {
    const owners = this.#heard.get(key);
    if (owners !== undefined) for (const heard of owners.values()) heard(message, channel);
  }

  /** How many connections subscribe to a channel. Rejects with `ERR_SOCKEYE_CLUSTER_PUBLISH` when Redis does not say. */
  async count(kind: "channel" | "sharded", name: string): Promise<number> {
    const command: Command = ["PUBSUB", kind === "channel" ? "NUMSUB" : "SHARDNUMSUB", name];
    try {
      const replies = await within(this.#options.commandTimeout, this.#ask(command));
      if (replies !== TIMED_OUT) return replies.reduce((sum: number, reply) => sum + countIn(reply), 0);
    } catch (cause) {
      throw new ClusterError("ERR_SOCKEYE_CLUSTER_PUBLISH", "Redis does not count", { cause });
    }
    throw new ClusterError("ERR_SOCKEYE_CLUSTER_PUBLISH", "Redis does not count in time");
  }

  /** A namespace may be asked while it opens. */
  async #ask(command: Command): Promise<unknown[]> {
    if (this.#pub?.ready !== true) await this.#opened;
    const pub = this.#pub;
    if (!pub?.ready) throw new ClusterError("ERR_SOCKEYE_CLUSTER_PUBLISH", "Redis is away");
    return pub.clustered ? pub.sendToMasters(command) : [await pub.send("", command)];
  }

  async #open(): Promise<void> {
    const [pub, sub] = this.#clients.map(holdLink) as [RedisLink, RedisLink];
    this.#pub = pub;
    this.#sub = sub;
    if (pub.ended || sub.ended) throw await this.#unusable();
    this.#publishPath.use(pub);
    pub.watch((event) => this.#pubChanged(event));
    sub.watch((event) => this.#subChanged(event));
    for (const kind of this.#options.kinds) this.#paths.set(kind, this.#createPath(kind));
    this.#sweepTimer = setInterval(() => this.#sweep(), SWEEP_INTERVAL);
    this.#sweepTimer.unref();
    try {
      await Promise.all([...this.#paths.values()].map((path) => path.open()));
    } catch (error) {
      await this.close();
      throw refused(error);
    }
    this.#announce();
  }

  async #close(): Promise<void> {
    if (this.#pub?.ready) await within(FAREWELL, this.#publishPath.drained());
    clearInterval(this.#sweepTimer);
    this.#publishPath.close();
    this.#heard.clear();
    await within(FAREWELL, Promise.all([...this.#paths.values()].map((path) => path.close())));
    this.#pub?.release();
    this.#sub?.release();
  }

  async #unusable(): Promise<RedisAdapterError> {
    await this.close();
    const message = "the Redis client is not connected: call its connect() first, and do not end it before the adapter";
    return new RedisAdapterError("ERR_SOCKEYE_REDIS_CLIENT", message);
  }

  /** In a cluster, classic messages go over one node, whatever their channel, so that they keep their order. */
  #wayOf(verb: Verb, name: string): Way {
    return { target: `${verb} ${name}`, route: verb === "PUBLISH" ? this.#options.prefix : name };
  }

  #pathOf(kind: SubscriptionKind): ReadPath {
    const path = this.#paths.get(kind);
    if (path === undefined)
      throw new ClusterError("ERR_SOCKEYE_CLUSTER_CLOSED", `not open for channels of kind ${kind}`);
    return path;
  }

  #createPath(kind: SubscriptionKind): ReadPath {
    const channel = `${this.#options.prefix}~probe#${kind}#${this.#id}`;
    const probeChannel = kind === "pattern" ? literally(channel) : channel;
    const path: ReadPath = new ReadPath(
      {
        link: this.#sub!,
        kind,
        probeChannel,
        listener: (message, published, name) => {
          path.heard();
          if (name === probeChannel) path.probeHeard(message.toString("latin1"));
          else this.#deliver(`${kind} ${name}`, message, published);
        },
        probe: (text) => this.#sendProbe(kind === "sharded" ? "SPUBLISH" : "PUBLISH", channel, text),
        up: (interrupted) => {
          this.#announce();
          if (interrupted) this.#listener.interrupted();
        },
        down: () => this.#announce(),
        now: () => performance.now(),
      },
      this.#options,
    );
    return path;
  }

  #sendProbe(verb: Verb, channel: string, text: string): Promise<void> {
    return this.#publishPath.sendNow(this.#wayOf(verb, channel).route, [verb, channel, text]);
  }

  #pubChanged(event: LinkEvent): void {
    if (event === "lost") return;
    for (const path of this.#paths.values()) {
      if (path.isUp) void path.ask();
      else path.wake();
    }
  }

  #subChanged(event: LinkEvent): void {
    for (const path of this.#paths.values()) {
      if (event === "lost") path.lost();
      else path.wake();
    }
  }

  #announce(): void {
    const receive = [...this.#paths.values()].every(({ isUp }) => isUp) ? "up" : "down";
    const state = { publish: this.#publishPath.isUp ? "up" : "down", receive } as const;
    const text = `${state.publish}/${state.receive}`;
    if (text === this.#told || this.#closed !== undefined) return;
    this.#told = text;
    this.#listener.stateChanged(state);
  }

  #sweep(): void {
    this.#pub!.tend();
    this.#sub!.tend();
    this.#publishPath.sweep();
    for (const path of this.#paths.values()) path.check();
  }
}

/** A name as a pattern that matches it alone. Namespaces may be called anything. */
export function literally(name: string): string {
  return name.replace(/[\\*?[\]^-]/g, "\\$&");
}

/** An entry of a stream waits as a list of its fields. */
export function entryBody(fields: Readonly<Record<string, string>>, maxLength: number): string {
  return JSON.stringify([maxLength, ...Object.entries(fields).flat()]);
}

function commandsOf(target: string, envelopes: readonly Uint8Array[]): readonly Command[] {
  const [verb, name] = split(target);
  return envelopes.map((body) => (verb === "XADD" ? addition(name, body) : [verb, name, asBuffer(body)]));
}

function addition(stream: string, body: Uint8Array): Command {
  const [maxLength, ...fields] = JSON.parse(asBuffer(body).toString()) as [number, ...string[]];
  return ["XADD", stream, "MAXLEN", "~", String(maxLength), "*", ...fields];
}

function split(target: string): [Verb, string] {
  const space = target.indexOf(" ");
  return [target.slice(0, space) as Verb, target.slice(space + 1)];
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function countIn(reply: unknown): number {
  return Array.isArray(reply) && typeof reply[1] === "number" ? reply[1] : 0;
}

function refused(cause: unknown): unknown {
  if (!isRefusal(cause)) return cause;
  return new RedisAdapterError("ERR_SOCKEYE_REDIS_REFUSED", `Redis refuses: ${(cause as Error).message}`, { cause });
}
