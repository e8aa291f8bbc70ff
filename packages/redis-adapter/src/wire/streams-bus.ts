import { ClusterError } from "@sockeye/adapter-base";
import {
  decodeBody,
  decodeEntry,
  encodeEntry,
  encodePackedBody,
  type StreamFields,
  type WireBus,
  type WireCommand,
  type WireMember,
  type WireMembership,
  type WireReply,
} from "@sockeye/adapter-base/wire";
import type { RedisLink } from "../clients/contract.js";
import { holdLink, traitsOf } from "../clients/link.js";
import { within } from "../deadline.js";
import type { ReadPathTimes } from "../drivers/read-path.js";
import type { OutboxLimits } from "../outbox.js";
import { type Duplicate, duplicateOf } from "./duplicate.js";
import { Members } from "./members.js";
import { ClusterChannels } from "./sharded-bus.js";
import { streamOf } from "./stream-names.js";
import { StreamReader } from "./stream-reader.js";
import { entryBody, WireConnection } from "./wire-connection.js";

export interface StreamsBusOptions extends OutboxLimits, ReadPathTimes {
  readonly maxEnvelopeBytes: number;
  readonly streamName: string;
  readonly streamCount: number;
  readonly channelPrefix: string;
  readonly useShardedPubSub: boolean;
  readonly maxLen: number;
  readonly readCount: number;
  readonly blockTimeInMs: number;
  readonly onlyPlaintext: boolean;
}

type Way = "up" | "down";

/**
 * The wire of the incumbent's streams adapter: what is worth keeping goes through streams, questions and answers through
 * pub/sub.
 */
export class StreamsWireBus implements WireBus {
  readonly membership = "counts";
  readonly #client: unknown;
  readonly #options: StreamsBusOptions;
  readonly #channels: ClusterChannels;
  readonly #members = new Members();
  readonly #byNamespace = new Map<string, WireMember>();
  readonly #readers = new Map<string, StreamReader>();
  readonly #ways = new Map<string, Way>();
  #pubSub: { readonly publish: Way; readonly receive: Way } = { publish: "down", receive: "down" };
  #subscriber: Duplicate | undefined;
  #opening: WireConnection | undefined;
  /** Once it is open. */
  #connection: WireConnection | undefined;
  #link: RedisLink | undefined;
  #started: Promise<WireConnection> | undefined;

  /** @throws RedisAdapterError `ERR_SOCKEYE_REDIS_CLIENT` */
  constructor(client: unknown, options: StreamsBusOptions) {
    traitsOf(client);
    this.#client = client;
    this.#options = options;
    this.#channels = new ClusterChannels(options.channelPrefix);
  }

  async open(member: WireMember): Promise<void> {
    const { namespace, id } = member;
    this.#members.add(member);
    this.#byNamespace.set(namespace, member);
    this.#started ??= this.#start();
    const connection = await this.#started;
    await Promise.all([
      this.#listen(connection, member, this.#channels.all(namespace)),
      this.#listen(connection, member, this.#channels.one(namespace, id)),
      this.#read(this.#streamOf(namespace)),
    ]);
  }

  async close(member: WireMember): Promise<void> {
    if (!this.#members.delete(member)) return;
    const { namespace, id } = member;
    this.#byNamespace.delete(namespace);
    await this.#started?.catch(() => undefined);
    if (this.#members.size === 0) return this.#stop();
    for (const channel of [this.#channels.all(namespace), this.#channels.one(namespace, id)]) {
      await this.#connection?.unsubscribe(this.#kind, channel, member);
    }
  }

  publish(message: WireCommand | WireMembership): Promise<void> {
    const { namespace } = message;
    if (isFleeting(message)) return this.#say(this.#channels.all(namespace), encodePackedBody(message));
    const body = entryBody(encodeEntry(message, this.#options.onlyPlaintext), this.#options.maxLen);
    return this.#once((connection) => connection.publish("XADD", this.#streamOf(namespace), body));
  }

  reply(to: string, message: WireReply): Promise<void> {
    return this.#say(this.#channels.one(message.namespace, to), encodePackedBody(message));
  }

  count(namespace: string): Promise<number> {
    return this.#once((connection) => connection.count(this.#kind, this.#channels.all(namespace)));
  }

  get #kind(): "channel" | "sharded" {
    return this.#options.useShardedPubSub ? "sharded" : "channel";
  }

  /** Now, or as soon as there is a connection: a namespace may be used while it opens. */
  async #once<T>(use: (connection: WireConnection) => Promise<T>): Promise<T> {
    return use(this.#connection ?? (await this.#started) ?? notOpened());
  }

  async #start(): Promise<WireConnection> {
    const subscriber = duplicateOf(this.#client);
    this.#subscriber = subscriber;
    await within(this.#options.commandTimeout, subscriber.connected);
    this.#link = holdLink(this.#client);
    const options = { ...this.#options, prefix: this.#options.channelPrefix, kinds: [this.#kind] };
    const connection = new WireConnection(this.#client, subscriber.client, options, {
      stateChanged: (state) => {
        this.#pubSub = state;
        this.#announce();
      },
      interrupted: () => this.#members.interrupted(),
    });
    this.#opening = connection;
    await connection.open();
    this.#connection = connection;
    return connection;
  }

  async #stop(): Promise<void> {
    for (const reader of this.#readers.values()) reader.close();
    this.#readers.clear();
    await this.#opening?.close();
    this.#link?.release();
    this.#subscriber?.end();
  }

  #say(channel: string, body: Uint8Array): Promise<void> {
    const verb = this.#options.useShardedPubSub ? "SPUBLISH" : "PUBLISH";
    return this.#once((connection) => connection.publish(verb, channel, body));
  }

  #listen(connection: WireConnection, member: WireMember, channel: string): Promise<void> {
    const { namespace } = member;
    return connection.subscribe(this.#kind, channel, member, (body) => member.receive(decodeBody(body, namespace)));
  }

  #streamOf(namespace: string): string {
    return streamOf(this.#options.streamName, this.#options.streamCount, namespace);
  }

  async #read(stream: string): Promise<void> {
    if (this.#readers.has(stream)) return;
    const reader = new StreamReader(this.#link!, stream, this.#options, {
      entry: (fields) => this.#heardEntry(fields),
      stateChanged: (way) => {
        this.#ways.set(stream, way);
        this.#announce();
      },
      refused: (error) => this.#members.report(error),
    });
    this.#readers.set(stream, reader);
    await within(this.#options.commandTimeout, reader.open());
  }

  #heardEntry(fields: StreamFields): void {
    const member = this.#byNamespace.get(fields.nsp ?? "");
    // A namespace that nobody opened here, or an entry that is somebody else's.
    member?.receive(decodeEntry(fields));
  }

  #announce(): void {
    const reads = [this.#pubSub.receive, ...this.#ways.values()];
    this.#members.stateChanged({
      publish: this.#pubSub.publish,
      receive: reads.every((way) => way === "up") ? "up" : "down",
    });
  }
}

function notOpened(): never {
  throw new ClusterError("ERR_SOCKEYE_CLUSTER_PUBLISH", "the adapter was not opened");
}

/** What is not worth keeping: it would be late, and somebody waits for an answer now. */
function isFleeting(message: WireCommand | WireMembership): boolean {
  if (message.kind === "broadcast") return message.request !== undefined;
  return message.kind === "fetch" || message.kind === "server-side-emit";
}
