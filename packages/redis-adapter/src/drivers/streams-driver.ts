import {
  type Channel,
  type ClusterDriver,
  channelKey,
  type DriverCapabilities,
  type DriverReceiver,
  type NodeId,
  type RecoveryStore,
} from "@sockeye/adapter-base";
import type { Command, RedisLink } from "../clients/contract.js";
import { holdLink, traitsOf } from "../clients/link.js";
import { within } from "../deadline.js";
import { refused, unusable } from "../errors.js";
import { decodeFrame, encodeEnvelopes } from "../frame.js";
import { hashOf, tagged } from "../lanes.js";
import type { Way } from "../outbox.js";
import { RedisStore } from "../recovery/redis-store.js";
import { PublishPath, type PublishPathOptions } from "./publish-path.js";
import { StreamReader, type StreamReaderOptions } from "./stream-reader.js";

/** Times in milliseconds, sizes in bytes. */
export interface StreamsDriverOptions extends PublishPathOptions, StreamReaderOptions {
  readonly streamName: string;
  readonly streamCount: number;
}

const SWEEP_INTERVAL = 200;
/** What was said last is waited for this long when the driver is closed. */
const FAREWELL = 1000;
/** What was said to one node alone is kept for a node that is away for no longer than this, in milliseconds. */
const NODE_STREAM_LIFETIME = 60_000;
const NODE_STREAM_LENGTH = 1000;

/**
 * Envelopes over streams: what a node has not read waits for it, so an outage loses nothing that the streams still hold. Every
 * node reads everything, except for what is for one node, which has a stream of its own.
 */
export class StreamsDriver implements ClusterDriver {
  readonly capabilities: DriverCapabilities;
  readonly recovery: RecoveryStore;
  readonly #client: unknown;
  readonly #options: StreamsDriverOptions;
  readonly #streams: readonly string[];
  readonly #publishPath: PublishPath;
  readonly #subscribed = new Map<string, Channel>();
  #readers: readonly StreamReader[] = [];
  #link: RedisLink | undefined;
  #receiver: DriverReceiver | undefined;
  #told = "";
  /** Set when it has started, with or without Redis: what comes before is no change. */
  #started = false;
  #sweepTimer: ReturnType<typeof setInterval> | undefined;
  #closed: Promise<void> | undefined;

  /** @throws RedisAdapterError `ERR_SOCKEYE_REDIS_CLIENT` */
  constructor(client: unknown, options: StreamsDriverOptions) {
    traitsOf(client);
    this.#client = client;
    this.#options = options;
    const { streamName, streamCount, maxEnvelopeBytes } = options;
    // The stream of that name is where the incumbent's servers and emitters write.
    this.#streams = Array.from({ length: streamCount }, (_, index) => `${streamName}~${index}`);
    this.capabilities = { ordered: streamCount === 1, interest: false, replay: true, echo: true, maxEnvelopeBytes };
    this.#publishPath = new PublishPath(
      {
        commandsOf: (target, envelopes) => this.#commandsOf(target, envelopes),
        changed: () => this.#announce(),
        dropped: (channels) => this.#receiver?.onGap(channels),
      },
      options,
    );
    this.recovery = this.#createStore();
  }

  async start(_node: NodeId, receiver: DriverReceiver): Promise<void> {
    this.#receiver = receiver;
    const link = holdLink(this.#client);
    this.#link = link;
    this.#publishPath.use(link);
    link.watch((event) => {
      if (event === "ready") for (const reader of this.#readers) reader.wake();
    });
    this.#sweepTimer = setInterval(() => this.#sweep(), SWEEP_INTERVAL);
    this.#sweepTimer.unref();
    this.#readers = this.#streams.map((_, index) => this.#createReader(index));
    try {
      if (link.ended) throw unusable();
      await Promise.all([this.#publishPath.greet(), ...this.#readers.map((reader) => reader.open())]);
    } catch (error) {
      await this.close();
      throw refused(error);
    }
    this.#started = true;
    this.#announce();
  }

  /** Every stream is read already, except for those of single nodes. */
  async subscribe(channel: Channel): Promise<void> {
    const key = channelKey(channel);
    if (this.#closed !== undefined || this.#subscribed.has(key)) return;
    this.#subscribed.set(key, channel);
    if (channel.kind === "node") await this.#readStreamOf(channel.node);
  }

  async unsubscribe(channel: Channel): Promise<void> {
    this.#subscribed.delete(channelKey(channel));
    if (channel.kind === "node") this.#readers[0]?.remove(this.#nodeStream(channel.node));
  }

  publish(channel: Channel, envelope: Uint8Array): Promise<void> {
    return this.#publishPath.publish(channel, this.#wayTo(channel), envelope);
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    if (this.#link?.ready) await within(FAREWELL, this.#publishPath.drained());
    clearInterval(this.#sweepTimer);
    this.#publishPath.close();
    this.#subscribed.clear();
    await within(FAREWELL, Promise.all(this.#readers.map((reader) => reader.close())));
    this.#link?.release();
  }

  #createStore(): RedisStore {
    return new RedisStore({
      routeOf: (namespace) => tagged(this.#streamOf(namespace)),
      destinationOf: (namespace) => ({
        publication: "stream",
        name: this.#streamOf(namespace),
        channelKey: channelKey({ kind: "all", namespace }),
        maxLen: this.#options.maxLen,
      }),
      checkSize: (envelope) => this.#publishPath.checkSize(envelope),
      call: (target, route, command, size) => this.#publishPath.call({ target, route }, command, size),
    });
  }

  #createReader(index: number): StreamReader {
    const stream = this.#streams[index]!;
    return new StreamReader(
      {
        link: this.#link!,
        route: tagged(stream),
        key: stream,
        entry: (_key, fields) => this.#entry(fields),
        up: (interrupted) => {
          this.#announce();
          if (interrupted) this.#receiver?.onGap();
        },
        down: () => this.#announce(),
        missed: () => this.#receiver?.onGap(),
      },
      this.#options,
    );
  }

  /** The reader waits in a call that does not know of it: an entry that says nothing ends the call. */
  async #readStreamOf(node: NodeId): Promise<void> {
    const [reader] = this.#readers;
    if (reader === undefined) return;
    reader.add(this.#nodeStream(node));
    if (!reader.isUp) return;
    const [stream] = this.#streams as [string];
    const positioned = reader.positioned();
    const command = ["XADD", stream, "MAXLEN", "~", `${this.#options.maxLen}`, "*", "c", ""];
    await within(this.#options.commandTimeout, this.#publishPath.sendNow(tagged(stream), command)).catch(
      () => undefined,
    );
    await positioned;
  }

  #entry(fields: ReadonlyMap<string, Buffer>): void {
    const channel = this.#subscribed.get(fields.get("c")?.toString() ?? "");
    const message = fields.get("f");
    const receiver = this.#receiver;
    if (channel === undefined || message === undefined || receiver === undefined) return;
    const frame = decodeFrame(message);
    // What is no frame is handed on: whoever reads envelopes counts and reports what is none.
    if (frame === undefined) receiver.onEnvelope(channel, message);
    else if (frame.kind === "logged") receiver.onEnvelope(channel, frame.envelope, frame.position);
    else if (frame.kind === "envelopes") {
      for (const envelope of frame.envelopes) receiver.onEnvelope(channel, envelope);
    }
  }

  #streamOf(namespace: string): string {
    return this.#streams[hashOf(namespace) % this.#streams.length]!;
  }

  /** In the slot of the first stream, so that one call reads both. */
  #nodeStream(node: NodeId): string {
    return `${tagged(this.#streams[0]!)}~node#${node}`;
  }

  /** The target names stream and channel: what is for one place goes together. */
  #wayTo(channel: Channel): Way {
    const first = this.#streams[0]!;
    const key = channelKey(channel);
    if (channel.kind === "node") return { target: `${this.#nodeStream(channel.node)}\n${key}`, route: tagged(first) };
    const stream = channel.kind === "cluster" ? first : this.#streamOf(channel.namespace);
    return { target: `${stream}\n${key}`, route: tagged(stream) };
  }

  #commandsOf(target: string, envelopes: readonly Uint8Array[]): Command[] {
    const end = target.indexOf("\n");
    const [stream, key] = [target.slice(0, end), target.slice(end + 1)];
    const forNode = key.startsWith("node#");
    const length = forNode ? NODE_STREAM_LENGTH : this.#options.maxLen;
    const add = ["XADD", stream, "MAXLEN", "~", `${length}`, "*", "c", key, "f", encodeEnvelopes(envelopes)];
    return forNode ? [add, ["PEXPIRE", stream, `${NODE_STREAM_LIFETIME}`]] : [add];
  }

  #announce(): void {
    if (!this.#started || this.#closed !== undefined) return;
    const receives = this.#readers.every(({ isUp }) => isUp);
    const state = { publish: this.#publishPath.isUp ? "up" : "down", receive: receives ? "up" : "down" } as const;
    const text = `${state.publish}/${state.receive}`;
    if (text === this.#told) return;
    this.#told = text;
    this.#receiver?.onState(state);
  }

  #sweep(): void {
    this.#link?.tend();
    this.#publishPath.sweep();
  }
}
