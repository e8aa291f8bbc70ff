import {
  type Channel,
  type ClusterDriver,
  ClusterError,
  type DriverCapabilities,
  type DriverReceiver,
  type NodeId,
} from "@sockeye/adapter-base";
import type { Command, MessageListener, RedisLink } from "../clients/contract.js";
import { holdLink, traitsOf } from "../clients/link.js";
import { TIMED_OUT, within } from "../deadline.js";
import { RedisAdapterError } from "../errors.js";
import { decodeFrame, encodeEnvelopes, encodeProbe } from "../frame.js";
import { ChannelNames, ONE_LANE } from "../lanes.js";
import { Outbox, type OutboxLimits, type Run } from "../outbox.js";
import { isRefusal } from "../reply-errors.js";
import { ReadPath, type ReadPathTimes } from "./read-path.js";

/** Times in milliseconds, sizes in bytes. */
export interface PubSubDriverOptions extends OutboxLimits, ReadPathTimes {
  /** Before the names of channels. */
  readonly prefix: string;
  /** SSUBSCRIBE and SPUBLISH of Redis 7: each channel is the business of one node of a Redis Cluster. */
  readonly sharded: boolean;
  /** Whether nodes subscribe to the rooms that they have members in. */
  readonly interest: boolean;
  readonly maxEnvelopeBytes: number;
}

const SWEEP_INTERVAL = 200;
/** What was said last is waited for this long when the driver is closed. */
const FAREWELL = 1000;

interface Subscribed {
  readonly channel: Channel;
  readonly path: ReadPath;
  readonly added: Promise<void>;
}

/** Envelopes over PUBLISH and SUBSCRIBE, classic or sharded. */
export class PubSubDriver implements ClusterDriver {
  readonly capabilities: DriverCapabilities;
  readonly #clients: readonly [pub: unknown, sub: unknown];
  readonly #options: PubSubDriverOptions;
  readonly #names: ChannelNames;
  readonly #outbox: Outbox;
  readonly #paths = new Map<string, ReadPath>();
  readonly #subscribed = new Map<string, Subscribed>();
  /** In a cluster, sharded channels come over one connection per node; else there is one path for all. */
  readonly #manyPaths: boolean;
  #pub: RedisLink | undefined;
  #sub: RedisLink | undefined;
  #receiver: DriverReceiver | undefined;
  #node: NodeId = "";
  #publishing: "up" | "down" = "down";
  #told = "";
  #sweepTimer: ReturnType<typeof setInterval> | undefined;
  #closed: Promise<void> | undefined;

  /** @throws RedisAdapterError `ERR_SOCKEYE_REDIS_CLIENT` */
  constructor(pub: unknown, sub: unknown, options: PubSubDriverOptions) {
    this.#clients = [pub, sub];
    this.#options = options;
    this.#names = new ChannelNames(options.prefix, options.sharded);
    const [sends, subscribes] = [traitsOf(pub), traitsOf(sub)];
    if (options.sharded && !subscribes.canShard) throw cannotShard();
    this.#manyPaths = options.sharded && subscribes.clustered;
    this.capabilities = {
      ordered: !(options.sharded && sends.clustered),
      interest: options.interest,
      replay: false,
      echo: true,
      maxEnvelopeBytes: options.maxEnvelopeBytes,
    };
    this.#outbox = this.#createOutbox();
  }

  async start(node: NodeId, receiver: DriverReceiver): Promise<void> {
    this.#node = node;
    this.#receiver = receiver;
    const [pub, sub] = this.#clients.map(holdLink) as [RedisLink, RedisLink];
    this.#pub = pub;
    this.#sub = sub;
    if (pub.ended || sub.ended) throw await this.#unusable();
    pub.watch((event) => this.#pubChanged(event));
    sub.watch((event) => this.#subChanged(event));
    this.#sweepTimer = setInterval(() => this.#sweep(), SWEEP_INTERVAL);
    this.#sweepTimer.unref();
    try {
      if (this.#manyPaths) await this.#greet(pub);
      else await this.#pathOf(ONE_LANE).open();
    } catch (error) {
      await this.close();
      throw refused(error);
    }
    this.#announce();
  }

  async subscribe(channel: Channel): Promise<void> {
    if (this.#closed !== undefined) return;
    const { name, lane } = this.#names.of(channel);
    const known = this.#subscribed.get(name);
    if (known !== undefined) return known.added;
    const path = this.#pathOf(this.#manyPaths ? lane : ONE_LANE);
    const added = path.add(name);
    this.#subscribed.set(name, { channel, path, added });
    try {
      await added;
    } catch (error) {
      this.#subscribed.delete(name);
      throw refused(error);
    }
  }

  async unsubscribe(channel: Channel): Promise<void> {
    const { name } = this.#names.of(channel);
    const path = this.#subscribed.get(name)?.path;
    this.#subscribed.delete(name);
    await path?.remove(name);
  }

  async publish(channel: Channel, envelope: Uint8Array): Promise<void> {
    const { maxEnvelopeBytes } = this.#options;
    if (envelope.byteLength > maxEnvelopeBytes) {
      const message = `an envelope of ${envelope.byteLength} bytes, and maxEnvelopeBytes is ${maxEnvelopeBytes}`;
      throw new ClusterError("ERR_SOCKEYE_CLUSTER_TOO_LARGE", message);
    }
    await this.#outbox.publish(channel, this.#names.of(channel).name, envelope);
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    if (this.#pub?.ready) await within(FAREWELL, this.#outbox.drained());
    clearInterval(this.#sweepTimer);
    this.#outbox.close();
    this.#subscribed.clear();
    await within(FAREWELL, Promise.all([...this.#paths.values()].map((path) => path.close())));
    this.#pub?.release();
    this.#sub?.release();
  }

  /** Paths are opened as they are needed: whether Redis takes what is published is asked first. */
  async #greet(pub: RedisLink): Promise<void> {
    const { prefix, commandTimeout } = this.#options;
    const reply = await within(commandTimeout, pub.send(prefix, ["PING"])).catch((error) => {
      if (isRefusal(error)) throw error;
      return TIMED_OUT;
    });
    if (reply !== TIMED_OUT) this.#publishes("up");
  }

  async #unusable(): Promise<RedisAdapterError> {
    await this.close();
    const message = "the Redis client is not connected: call its connect() first, and do not end it before the adapter";
    return new RedisAdapterError("ERR_SOCKEYE_REDIS_CLIENT", message);
  }

  #createOutbox(): Outbox {
    const port = {
      ready: () => this.#pub?.ready === true,
      write: (runs: readonly Run[]) => this.#write(runs),
      state: (way: "up" | "down") => this.#publishes(way),
      dropped: (channels: readonly Channel[]) => this.#receiver?.onGap(channels),
      later: (callback: () => void) => void setImmediate(callback),
      now: () => performance.now(),
    };
    return new Outbox(port, this.#options);
  }

  /** In a cluster, classic messages go over one node, whatever their channel, so that they keep their order. */
  #write(runs: readonly Run[]): Promise<unknown>[] {
    const pub = this.#pub!;
    if (!this.#options.sharded) return pub.sendAll(this.#options.prefix, runs.map(this.#command));
    if (!pub.clustered) return pub.sendAll("", runs.map(this.#command));
    return runs.map((run) => pub.send(run.target, this.#command(run)));
  }

  readonly #command = ({ target, envelopes }: Run): Command => [
    this.#options.sharded ? "SPUBLISH" : "PUBLISH",
    target,
    encodeEnvelopes(envelopes),
  ];

  #pathOf(lane: string): ReadPath {
    let path = this.#paths.get(lane);
    if (path === undefined) {
      path = this.#createPath(lane);
      this.#paths.set(lane, path);
    }
    return path;
  }

  #createPath(lane: string): ReadPath {
    const { sharded } = this.#options;
    const probeChannel = this.#names.probe(this.#node, lane);
    const path: ReadPath = new ReadPath(
      {
        link: this.#sub!,
        kind: sharded ? "sharded" : "channel",
        probeChannel,
        listener: this.#listener(() => path),
        probe: (text) => this.#sendProbe(probeChannel, text),
        up: (interrupted) => this.#pathUp(path, interrupted),
        down: () => this.#announce(),
        now: () => performance.now(),
      },
      this.#options,
    );
    return path;
  }

  async #sendProbe(channel: string, text: string): Promise<void> {
    const pub = this.#pub!;
    if (!pub.ready) throw new ClusterError("ERR_SOCKEYE_CLUSTER_PUBLISH", "Redis is away");
    const command = [this.#options.sharded ? "SPUBLISH" : "PUBLISH", channel, encodeProbe(text)];
    await pub.send(this.#options.sharded ? channel : this.#options.prefix, command);
    this.#publishes("up");
    this.#outbox.retryNow();
  }

  #listener(path: () => ReadPath): MessageListener {
    return (message, name) => {
      path().heard();
      const frame = decodeFrame(message);
      if (frame?.kind === "probe") path().probeHeard(frame.text);
      const channel = this.#subscribed.get(name)?.channel;
      const receiver = this.#receiver;
      if (channel === undefined || receiver === undefined) return;
      // What is no frame is handed on: whoever reads envelopes counts and reports what is none.
      if (frame === undefined) receiver.onEnvelope(channel, message);
      else if (frame.kind === "logged") receiver.onEnvelope(channel, frame.envelope, frame.position);
      else if (frame.kind === "envelopes") {
        for (const envelope of frame.envelopes) receiver.onEnvelope(channel, envelope);
      }
    };
  }

  #pathUp(path: ReadPath, interrupted: boolean): void {
    this.#announce();
    if (!interrupted) return;
    const missed = [...this.#subscribed.values()].filter((one) => one.path === path).map(({ channel }) => channel);
    this.#receiver?.onGap(this.#manyPaths ? missed : undefined);
  }

  #pubChanged(event: "lost" | "ready"): void {
    if (!this.#pub!.ready) this.#publishes("down");
    if (event === "lost") return;
    this.#outbox.retryNow();
    for (const path of this.#paths.values()) path.isUp ? path.ask() : path.wake();
  }

  #subChanged(event: "lost" | "ready"): void {
    for (const path of this.#paths.values()) event === "lost" ? path.lost() : path.wake();
  }

  #publishes(way: "up" | "down"): void {
    this.#publishing = way;
    this.#announce();
  }

  #announce(): void {
    const receive = [...this.#paths.values()].every(({ isUp }) => isUp) ? "up" : "down";
    const state = { publish: this.#publishing, receive } as const;
    const text = `${state.publish}/${state.receive}`;
    if (text === this.#told || this.#closed !== undefined) return;
    this.#told = text;
    this.#receiver?.onState(state);
  }

  #sweep(): void {
    this.#outbox.sweep();
    for (const path of this.#paths.values()) path.check();
  }
}

function cannotShard(): RedisAdapterError {
  const message =
    "this client cannot subscribe to sharded channels: use node-redis 4.6 or later, or ioredis's Cluster with shardedSubscribers: true";
  return new RedisAdapterError("ERR_SOCKEYE_REDIS_CLIENT", message);
}

function refused(cause: unknown): unknown {
  if (!(cause instanceof Error) || "code" in cause) return cause;
  return new RedisAdapterError("ERR_SOCKEYE_REDIS_REFUSED", `Redis refuses: ${cause.message}`, { cause });
}
