import { ClusterError, type CommandReceiver, type CommandSource } from "@sockeye/adapter-base";
import { ClassicCodec, type ClassicParser, decodeEntry, hearEmitter } from "@sockeye/adapter-base/wire";
import type { MessageListener, RedisLink } from "../clients/contract.js";
import { holdLink } from "../clients/link.js";
import { TIMED_OUT, within } from "../deadline.js";
import { ClassicChannels } from "./classic-bus.js";
import { StreamReader } from "./stream-reader.js";
import { literally } from "./wire-connection.js";

interface Subscription {
  readonly pattern: string;
  readonly listener: MessageListener;
}

/**
 * What the incumbent's emitter publishes, and whoever does as it does (emitters in other languages). The application's client
 * renews the subscriptions after an outage. All of them are patterns, even those that match one name: the incumbent's servers
 * count who subscribes to a channel, and would wait for answers.
 */
export class ClassicEmitterSource implements CommandSource {
  readonly #client: unknown;
  readonly #channels: ClassicChannels;
  readonly #codec: ClassicCodec;
  readonly #commandTimeout: number;
  readonly #opened = new Map<string, readonly Subscription[]>();
  #link: RedisLink | undefined;

  /** `commandTimeout`: milliseconds that Redis may take to confirm. */
  constructor(client: unknown, key: string, parser: ClassicParser | undefined, commandTimeout: number) {
    this.#client = client;
    this.#channels = new ClassicChannels(key);
    this.#codec = new ClassicCodec(parser);
    this.#commandTimeout = commandTimeout;
  }

  async open(namespace: string, receiver: CommandReceiver): Promise<void> {
    this.#link ??= holdLink(this.#client);
    const link = this.#link;
    const wanted = this.#subscriptions(namespace, receiver);
    this.#opened.set(namespace, wanted);
    const confirmed = Promise.all(
      wanted.map(({ pattern, listener }) => link.subscribe("pattern", [pattern], listener)),
    );
    if ((await within(this.#commandTimeout, confirmed)) === TIMED_OUT) {
      const message = `Redis does not confirm subscriptions for emitters in ${namespace}`;
      throw new ClusterError("ERR_SOCKEYE_CLUSTER_GAP", message);
    }
  }

  async close(namespace: string): Promise<void> {
    const link = this.#link;
    const wanted = this.#opened.get(namespace);
    if (link === undefined || wanted === undefined) return;
    this.#opened.delete(namespace);
    const ended = Promise.all(wanted.map(({ pattern, listener }) => link.unsubscribe("pattern", [pattern], listener)));
    if (link.ready) await within(this.#commandTimeout, ended).catch(() => undefined);
    else ended.catch(() => undefined);
    if (this.#opened.size > 0 || this.#link !== link) return;
    this.#link = undefined;
    link.release();
  }

  #subscriptions(namespace: string, receiver: CommandReceiver): readonly Subscription[] {
    return [
      {
        pattern: this.#channels.broadcasts(namespace),
        listener: (body) => hearEmitter(this.#codec.decodeBroadcast(body, namespace), receiver),
      },
      {
        pattern: literally(this.#channels.request(namespace)),
        listener: (body) => {
          const request = this.#codec.decodeRequest(body, namespace);
          if (!("kind" in request && request.kind === "list")) hearEmitter(request, receiver);
        },
      },
    ];
  }
}

export interface StreamSourceOptions {
  readonly streamName: string;
  readonly readCount: number;
  readonly blockTimeInMs: number;
  readonly commandTimeout: number;
}

/** What the incumbent's streams emitter adds to the stream. It knows one stream only. */
export class StreamEmitterSource implements CommandSource {
  readonly #client: unknown;
  readonly #options: StreamSourceOptions;
  readonly #receivers = new Map<string, CommandReceiver>();
  #link: RedisLink | undefined;
  #reader: StreamReader | undefined;
  #reading: Promise<void> | undefined;

  constructor(client: unknown, options: StreamSourceOptions) {
    this.#client = client;
    this.#options = options;
  }

  async open(namespace: string, receiver: CommandReceiver): Promise<void> {
    this.#receivers.set(namespace, receiver);
    this.#reading ??= this.#read();
    if ((await within(this.#options.commandTimeout, this.#reading)) === TIMED_OUT) {
      throw new ClusterError("ERR_SOCKEYE_CLUSTER_GAP", "Redis does not tell where the stream for emitters ends");
    }
  }

  async close(namespace: string): Promise<void> {
    if (!this.#receivers.delete(namespace) || this.#receivers.size > 0) return;
    this.#reader?.close();
    this.#link?.release();
    this.#reader = undefined;
    this.#link = undefined;
    this.#reading = undefined;
  }

  #read(): Promise<void> {
    this.#link = holdLink(this.#client);
    this.#reader = new StreamReader(this.#link, this.#options.streamName, this.#options, {
      entry: (fields) => {
        const receiver = this.#receivers.get(fields.nsp ?? "");
        if (receiver !== undefined) hearEmitter(decodeEntry(fields), receiver);
      },
      stateChanged: () => {},
      refused: (error) => {
        const [first] = this.#receivers.values();
        first?.report(error);
      },
    });
    return this.#reader.open();
  }
}
