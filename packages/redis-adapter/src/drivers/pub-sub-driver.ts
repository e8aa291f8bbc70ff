import type {
  Channel,
  ClusterDriver,
  DriverCapabilities,
  DriverReceiver,
  NodeId,
  RecoveryStore,
} from "@sockeye/adapter-base";
import type { Command, LinkEvent, MessageListener, RedisLink } from "../clients/contract.js";
import { holdLink, traitsOf } from "../clients/link.js";
import { within } from "../deadline.js";
import { RedisAdapterError, refused, unusable } from "../errors.js";
import { decodeFrame, encodeEnvelopes, encodeProbe } from "../frame.js";
import { ChannelNames, ONE_LANE } from "../lanes.js";
import { RedisStore } from "../recovery/redis-store.js";
import { PublishPath, type PublishPathOptions } from "./publish-path.js";
import { ReadPath, type ReadPathTimes } from "./read-path.js";

/** Times in milliseconds, sizes in bytes. */
export interface PubSubDriverOptions extends PublishPathOptions, ReadPathTimes {
  /** Before the names of channels and keys. */
  readonly prefix: string;
  /** SSUBSCRIBE and SPUBLISH of Redis 7: each channel is the business of one node of a Redis Cluster. */
  readonly sharded: boolean;
  /** Whether nodes subscribe to the rooms that they have members in. */
  readonly interest: boolean;
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
  readonly recovery: RecoveryStore;
  readonly #clients: readonly [pub: unknown, sub: unknown];
  readonly #options: PubSubDriverOptions;
  readonly #names: ChannelNames;
  readonly #publishPath: PublishPath;
  readonly #readPaths = new Map<string, ReadPath>();
  readonly #subscribed = new Map<string, Subscribed>();
  /** In a cluster, sharded channels come over one connection per node; else there is one path for all. */
  readonly #manyPaths: boolean;
  #links: readonly RedisLink[] = [];
  #receiver: DriverReceiver | undefined;
  #node: NodeId = "";
  #told = "";
  /** Set when it has started, with or without Redis: what comes before is no change. */
  #started = false;
  #sweepTimer: ReturnType<typeof setInterval> | undefined;
  #closed: Promise<void> | undefined;

  /** @throws RedisAdapterError `ERR_SOCKEYE_REDIS_CLIENT` */
  constructor(pub: unknown, sub: unknown, options: PubSubDriverOptions) {
    const [sends, subscribes] = [traitsOf(pub), traitsOf(sub)];
    if (options.sharded && !subscribes.canShard) throw cannotShard();
    this.#clients = [pub, sub];
    this.#options = options;
    this.#names = new ChannelNames(options.prefix, options.sharded);
    this.#manyPaths = options.sharded && subscribes.clustered;
    this.capabilities = {
      ordered: !(options.sharded && sends.clustered),
      interest: options.interest,
      replay: false,
      echo: true,
      maxEnvelopeBytes: options.maxEnvelopeBytes,
    };
    this.#publishPath = this.#createPublishPath();
    this.recovery = this.#createStore();
  }

  async start(node: NodeId, receiver: DriverReceiver): Promise<void> {
    this.#node = node;
    this.#receiver = receiver;
    const [pub, sub] = this.#clients.map(holdLink) as [RedisLink, RedisLink];
    this.#links = [pub, sub];
    this.#publishPath.use(pub);
    pub.watch((event) => this.#pubChanged(event));
    sub.watch((event) => this.#subChanged(event));
    this.#sweepTimer = setInterval(() => this.#sweep(), SWEEP_INTERVAL);
    this.#sweepTimer.unref();
    try {
      if (pub.ended || sub.ended) throw unusable();
      // With many paths, each is opened when it is needed.
      if (this.#manyPaths) await this.#publishPath.greet();
      else await this.#readPathOf(ONE_LANE).open();
    } catch (error) {
      await this.close();
      throw refused(error);
    }
    this.#started = true;
    this.#announce();
  }

  async subscribe(channel: Channel): Promise<void> {
    if (this.#closed !== undefined) return;
    const { name, lane } = this.#names.of(channel);
    const known = this.#subscribed.get(name);
    if (known !== undefined) return known.added;
    const path = this.#readPathOf(this.#manyPaths ? lane : ONE_LANE);
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

  publish(channel: Channel, envelope: Uint8Array): Promise<void> {
    const { name, route } = this.#names.of(channel);
    return this.#publishPath.publish(channel, { target: name, route }, envelope);
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    const [pub] = this.#links;
    if (pub?.ready) await within(FAREWELL, this.#publishPath.drained());
    clearInterval(this.#sweepTimer);
    this.#publishPath.close();
    this.#subscribed.clear();
    await within(FAREWELL, Promise.all([...this.#readPaths.values()].map((path) => path.close())));
    for (const link of this.#links) link.release();
  }

  #createPublishPath(): PublishPath {
    const port = {
      commandsOf: (target: string, envelopes: readonly Uint8Array[]) => [
        this.#message(target, encodeEnvelopes(envelopes)),
      ],
      changed: () => this.#announce(),
      dropped: (channels: readonly Channel[]) => this.#receiver?.onGap(channels),
    };
    return new PublishPath(port, this.#options);
  }

  #createStore(): RedisStore {
    const publication = this.#options.sharded ? "sharded" : "channel";
    return new RedisStore({
      routeOf: (namespace) => this.#names.routeOf(namespace),
      destinationOf: (namespace) => {
        const { name } = this.#names.of({ kind: "all", namespace });
        return { publication, name, channelKey: "", maxLen: 0 };
      },
      checkSize: (envelope) => this.#publishPath.checkSize(envelope),
      call: (target, route, command, size) => this.#publishPath.call({ target, route }, command, size),
    });
  }

  #message(channel: string, content: Buffer | string): Command {
    return [this.#options.sharded ? "SPUBLISH" : "PUBLISH", channel, content];
  }

  #readPathOf(lane: string): ReadPath {
    let path = this.#readPaths.get(lane);
    if (path === undefined) {
      path = this.#createReadPath(lane);
      this.#readPaths.set(lane, path);
    }
    return path;
  }

  #createReadPath(lane: string): ReadPath {
    const { name, route } = this.#names.probe(this.#node, lane);
    const path: ReadPath = new ReadPath(
      {
        link: this.#links[1]!,
        kind: this.#options.sharded ? "sharded" : "channel",
        probeChannel: name,
        listener: this.#listener(() => path),
        probe: (text) => this.#publishPath.sendNow(route, this.#message(name, encodeProbe(text))),
        up: (interrupted) => this.#readPathUp(path, interrupted),
        down: () => this.#announce(),
        now: () => performance.now(),
      },
      this.#options,
    );
    return path;
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

  #readPathUp(path: ReadPath, interrupted: boolean): void {
    this.#announce();
    if (!interrupted) return;
    const missed = [...this.#subscribed.values()].filter((one) => one.path === path).map(({ channel }) => channel);
    this.#receiver?.onGap(this.#manyPaths ? missed : undefined);
  }

  #pubChanged(event: LinkEvent): void {
    if (event === "lost") return;
    for (const path of this.#readPaths.values()) {
      if (path.isUp) void path.ask();
      else path.wake();
    }
  }

  #subChanged(event: LinkEvent): void {
    for (const path of this.#readPaths.values()) {
      if (event === "lost") path.lost();
      else path.wake();
    }
  }

  #announce(): void {
    if (!this.#started || this.#closed !== undefined) return;
    const receives = [...this.#readPaths.values()].every(({ isUp }) => isUp);
    const state = { publish: this.#publishPath.isUp ? "up" : "down", receive: receives ? "up" : "down" } as const;
    const text = `${state.publish}/${state.receive}`;
    if (text === this.#told) return;
    this.#told = text;
    this.#receiver?.onState(state);
  }

  #sweep(): void {
    for (const link of this.#links) link.tend();
    this.#publishPath.sweep();
    for (const path of this.#readPaths.values()) path.check();
  }
}

function cannotShard(): RedisAdapterError {
  const message =
    "this client cannot subscribe to sharded channels: use node-redis 4.6 or later, or ioredis's Cluster with shardedSubscribers: true";
  return new RedisAdapterError("ERR_SOCKEYE_REDIS_CLIENT", message);
}
