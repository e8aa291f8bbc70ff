import { type Channel, ClusterError } from "@sockeye/adapter-base";
import type { Command, RedisLink, Reply } from "../clients/contract.js";
import { Outbox, type OutboxLimits, type Parcel } from "../outbox.js";
import { SOURCES } from "../recovery/scripts.js";

export interface PublishPathOptions extends OutboxLimits {
  readonly maxEnvelopeBytes: number;
}

export interface PublishPathPort {
  /** The commands that publish envelopes, of which the last one tells whether they were taken. */
  commandsOf(target: string, envelopes: readonly Uint8Array[]): readonly Command[];
  /** The state has changed. */
  changed(): void;
  dropped(channels: readonly Channel[]): void;
}

/** A way that envelopes and calls take. */
export interface Way {
  /** Keeps its order. */
  readonly target: string;
  /** Decides about the node of a cluster. */
  readonly route: string;
}

/** The way from this node to Redis: the client that publishes, and what waits for it. */
export class PublishPath {
  readonly #port: PublishPathPort;
  readonly #options: PublishPathOptions;
  readonly #outbox: Outbox;
  readonly #routes = new Map<string, string>();
  /** Routes to nodes that know the scripts, as far as we know. */
  #prepared = new Set<string>();
  #link: RedisLink | undefined;
  #isUp = false;

  constructor(port: PublishPathPort, options: PublishPathOptions) {
    this.#port = port;
    this.#options = options;
    this.#outbox = new Outbox(
      {
        ready: () => this.#link?.ready === true,
        write: (parcels) => this.#write(parcels),
        state: (way) => this.#tell(way === "up"),
        dropped: (channels) => port.dropped(channels),
        later: (callback) => void setImmediate(callback),
        now: () => performance.now(),
      },
      options,
    );
  }

  get isUp(): boolean {
    return this.#isUp;
  }

  /** Begins, with a link that is the caller's to release. */
  use(link: RedisLink): void {
    this.#link = link;
    link.watch((event) => {
      if (event === "lost") this.#prepared = new Set();
      if (link.ready) return this.#outbox.retryNow();
      this.#tell(false);
      this.#outbox.broke();
    });
  }

  async publish(channel: Channel, way: Way, envelope: Uint8Array): Promise<void> {
    this.checkSize(envelope);
    this.#routes.set(way.target, way.route);
    await this.#outbox.publish(channel, way.target, envelope);
  }

  /** A command of which the caller wants the reply, in order with what is published. */
  call(way: Way, command: Command, size: number): Promise<Reply> {
    this.#routes.set(way.target, way.route);
    return this.#outbox.call(way.target, command, size);
  }

  /** Past everything that waits. Resolves when Redis has it. */
  async sendNow(route: string, command: Command): Promise<void> {
    if (this.#link?.ready !== true) throw new ClusterError("ERR_SOCKEYE_CLUSTER_PUBLISH", "Redis is away");
    await this.#link.send(route, command);
    this.#tell(true);
    this.#outbox.retryNow();
  }

  /** @throws ClusterError `ERR_SOCKEYE_CLUSTER_TOO_LARGE` */
  checkSize({ byteLength }: Uint8Array): void {
    const { maxEnvelopeBytes } = this.#options;
    if (byteLength <= maxEnvelopeBytes) return;
    const message = `an envelope of ${byteLength} bytes, and maxEnvelopeBytes is ${maxEnvelopeBytes}`;
    throw new ClusterError("ERR_SOCKEYE_CLUSTER_TOO_LARGE", message);
  }

  sweep(): void {
    this.#outbox.sweep();
  }

  drained(): Promise<void> {
    return this.#outbox.drained();
  }

  close(): void {
    this.#outbox.close();
  }

  #tell(isUp: boolean): void {
    if (this.#isUp === isUp) return;
    this.#isUp = isUp;
    this.#port.changed();
  }

  /** One write per route, in the order in which it was said. */
  #write(parcels: readonly Parcel[]): Promise<Reply>[] {
    const replies: Promise<Reply>[] = [];
    const routes = new Map<string, Batch>();
    for (const [index, parcel] of parcels.entries()) {
      const route = this.#routeOf(parcel.target);
      let batch = routes.get(route);
      if (batch === undefined) {
        batch = { commands: [], places: [] };
        routes.set(route, batch);
      }
      if (parcel.kind === "call") this.#prepare(route, batch);
      batch.commands.push(
        ...(parcel.kind === "call" ? [parcel.command] : this.#port.commandsOf(parcel.target, parcel.envelopes)),
      );
      batch.places.push([index, batch.commands.length - 1]);
    }
    for (const [route, { commands, places }] of routes) {
      const sent = this.#link!.sendAll(route, commands);
      for (const reply of sent) reply.catch(() => undefined);
      for (const [index, place] of places) replies[index] = this.#withScript(route, commands[place]!, sent[place]!);
    }
    return replies;
  }

  /** On a single node all goes one way, in order. */
  #routeOf(target: string): string {
    return this.#link!.clustered ? this.#routes.get(target)! : "";
  }

  /** So that the scripts of a batch run in their place, also where they never ran before. */
  #prepare(route: string, { commands }: Batch): void {
    if (this.#prepared.has(route)) return;
    this.#prepared.add(route);
    for (const source of SOURCES.values()) commands.push(["SCRIPT", "LOAD", source]);
  }

  async #withScript(route: string, [name, sha, ...rest]: Command, sent: Promise<Reply>): Promise<Reply> {
    try {
      return await sent;
    } catch (error) {
      const source = name === "EVALSHA" && isUnknownScript(error) ? SOURCES.get(String(sha)) : undefined;
      if (source === undefined) throw error;
      return this.#link!.send(route, ["EVAL", source, ...rest]);
    }
  }
}

interface Batch {
  readonly commands: Command[];
  /** Of the parcels: their index, and that of the command whose reply is theirs. */
  readonly places: [parcel: number, command: number][];
}

function isUnknownScript(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith("NOSCRIPT");
}
