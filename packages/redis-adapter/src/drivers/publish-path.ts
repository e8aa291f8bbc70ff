import { type Channel, ClusterError } from "@sockeye/adapter-base";
import type { Command, RedisLink, Reply } from "../clients/contract.js";
import { TIMED_OUT, within } from "../deadline.js";
import { Outbox, type OutboxLimits, type Parcel, type Run, type Way } from "../outbox.js";
import { SOURCES } from "../recovery/scripts.js";
import { isRefusal } from "../reply-errors.js";

export type { Way } from "../outbox.js";

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

/** The way from this node to Redis: the client that publishes, and what waits for it. */
export class PublishPath {
  readonly #port: PublishPathPort;
  readonly #options: PublishPathOptions;
  readonly #outbox: Outbox;
  /** Routes to nodes that know the scripts, as far as we know. */
  #prepared = new Set<string>();
  #link: RedisLink | undefined;
  #isUp = false;
  #greeting = false;

  constructor(port: PublishPathPort, options: PublishPathOptions) {
    this.#port = port;
    this.#options = options;
    this.#outbox = new Outbox(
      {
        ready: () => this.#link?.ready === true,
        write: (parcels) => this.#write(parcels),
        state: (way) => this.#tell(way === "up"),
        dropped: (channels) => port.dropped(channels),
        // Cheaper than `queueMicrotask`, which keeps track of where it was called.
        soon: (callback) => void Promise.resolve().then(callback),
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
      if (link.ready) {
        this.#outbox.retryNow();
        void this.#greetQuietly();
        return;
      }
      this.#tell(false);
      this.#outbox.broke();
    });
  }

  publish(channel: Channel, way: Way, envelope: Uint8Array): Promise<void> {
    const tooLarge = this.#tooLarge(envelope);
    return tooLarge === undefined ? this.#outbox.publish(channel, way, envelope) : Promise.reject(tooLarge);
  }

  /** A command of which the caller wants the reply, in order with what is published. */
  call(way: Way, command: Command, size: number): Promise<Reply> {
    return this.#outbox.call(way, command, size);
  }

  /** Past everything that waits. Resolves when Redis has it. */
  async sendNow(route: string, command: Command): Promise<void> {
    if (this.#link?.ready !== true) throw new ClusterError("ERR_SOCKEYE_CLUSTER_PUBLISH", "Redis is away");
    await this.#link.send(route, command);
    this.#tell(true);
    this.#outbox.retryNow();
  }

  /** @throws ClusterError `ERR_SOCKEYE_CLUSTER_TOO_LARGE` */
  checkSize(envelope: Uint8Array): void {
    const tooLarge = this.#tooLarge(envelope);
    if (tooLarge !== undefined) throw tooLarge;
  }

  /** Asks Redis for a sign of life. Resolves when there was one, or not in time; rejects with a refusal. */
  async greet(): Promise<void> {
    if (this.#link?.ready !== true) return;
    const outcome = await within(this.#options.commandTimeout, this.#link.send("", ["PING"])).catch((error) => {
      if (isRefusal(error)) throw error;
      return TIMED_OUT;
    });
    if (outcome !== TIMED_OUT) this.#tell(true);
  }

  sweep(): void {
    this.#outbox.sweep();
    // Nothing that is said would tell.
    if (!this.#isUp && this.#outbox.size === 0) void this.#greetQuietly();
  }

  drained(): Promise<void> {
    return this.#outbox.drained();
  }

  close(): void {
    this.#outbox.close();
  }

  #tooLarge({ byteLength }: Uint8Array): ClusterError | undefined {
    const { maxEnvelopeBytes } = this.#options;
    if (byteLength <= maxEnvelopeBytes) return undefined;
    const message = `an envelope of ${byteLength} bytes, and maxEnvelopeBytes is ${maxEnvelopeBytes}`;
    return new ClusterError("ERR_SOCKEYE_CLUSTER_TOO_LARGE", message);
  }

  #tell(isUp: boolean): void {
    if (this.#isUp === isUp) return;
    this.#isUp = isUp;
    this.#port.changed();
  }

  async #greetQuietly(): Promise<void> {
    if (this.#greeting) return;
    this.#greeting = true;
    await this.greet().catch(() => undefined);
    this.#greeting = false;
  }

  #write(parcels: readonly Parcel[]): Promise<Reply>[] {
    const first = parcels[0]!;
    return parcels.length === 1 && first.kind === "run" ? [this.#writeRun(first)] : this.#writeAll(parcels);
  }

  /** What most writes are. */
  #writeRun(run: Run): Promise<Reply> {
    const commands = this.#port.commandsOf(run.target, run.envelopes);
    if (commands.length === 1) return this.#link!.send(this.#routeOf(run), commands[0]!);
    const sent = this.#link!.sendAll(this.#routeOf(run), commands);
    for (let i = 0; i < sent.length - 1; i++) sent[i]!.catch(() => undefined);
    return sent.at(-1)!;
  }

  /** One write per route, in the order in which it was said. */
  #writeAll(parcels: readonly Parcel[]): Promise<Reply>[] {
    const replies: Promise<Reply>[] = [];
    const routes = new Map<string, Batch>();
    for (const [index, parcel] of parcels.entries()) {
      const route = this.#routeOf(parcel);
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
  #routeOf({ route }: Way): string {
    return this.#link!.clustered ? route : "";
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
