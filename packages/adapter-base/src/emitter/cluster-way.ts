import { AckRounds } from "../cluster/ack-rounds.js";
import { decodeEnvelope } from "../cluster/codec.js";
import type { Channel, ClusterDriver, DriverReceiver, NodeId } from "../cluster/contract.js";
import { dispatch, type Handlers } from "../cluster/dispatch.js";
import { Duplicates } from "../cluster/duplicates.js";
import type { Draft, Envelope, MembershipEnvelope, RemoteSocketDetails, Reply } from "../cluster/envelope.js";
import { ClusterTimeoutError, ClusterViolation } from "../cluster/errors.js";
import { FarJoins } from "../cluster/far-joins.js";
import type { ForeignCommand } from "../cluster/foreign/contract.js";
import { partitionOf } from "../cluster/interest.js";
import { Membership } from "../cluster/membership.js";
import type { RecoveryStore } from "../cluster/recovery/contract.js";
import { replyHandlers } from "../cluster/replies.js";
import { Requests } from "../cluster/requests.js";
import { reviveSocket } from "../cluster/socket-details.js";
import type { SocketDetails } from "../contract.js";
import { type MemoryLogOptions, memoryLogOptions } from "../recovery/options.js";
import { ClientAnswers } from "./client-answers.js";
import { encode } from "./command-envelope.js";
import type { EmitterQuestions, EmitterWay } from "./contract.js";

/** Times in milliseconds. */
export interface ClusterEmitterOptions {
  /**
   * Into how many channels the servers divide rooms: their option of this name. Given, what is for one room goes to servers with
   * members only. It MUST be theirs; default: everything goes to every server of the namespace.
   */
  readonly partitions?: number;
  /** How long servers have to introduce themselves before the first question. Default 500. */
  readonly discoveryTime?: number;
  /** A server not heard of for this long is not asked any more: the servers' option of this name. Default 10,000. */
  readonly heartbeatTimeout?: number;
  /**
   * Whether events can be recovered by who was away, where the servers recover and their broker keeps the log. Limits MUST be
   * theirs (`connectionStateRecovery` and the adapter's `recovery`). `false`: nothing is logged. Default: the default limits.
   */
  readonly recovery?: Partial<MemoryLogOptions> | false;
  /** Hears of what came over the bus and cannot be read. */
  readonly onError?: (error: Error) => void;
}

const CLUSTER: Channel = { kind: "cluster" };

type Broadcast = Extract<ForeignCommand, { kind: "broadcast" }>;

/**
 * An emitter's way to servers that speak the cluster protocol, over any driver. It publishes as nodes do, and is no node: nobody
 * waits for it. Only for the first question it begins to listen, and asks the servers to introduce themselves.
 */
export class ClusterEmitterWay implements EmitterWay, EmitterQuestions, DriverReceiver {
  readonly questions = this;
  readonly #id = randomId();
  readonly #driver: ClusterDriver;
  readonly #options: ClusterEmitterOptions;
  readonly #membership = new Membership();
  readonly #duplicates = new Duplicates();
  readonly #farJoins = new FarJoins();
  readonly #requests = new Requests();
  readonly #rounds = new AckRounds();
  readonly #handlers: Handlers<MembershipEnvelope | Reply>;
  readonly #gates = new Map<string, Promise<RecoveryStore | undefined>>();
  #sequence = 0;
  #asked = 0;
  #started: Promise<void> | undefined;
  #listening: Promise<void> | undefined;
  #closed = false;

  constructor(driver: ClusterDriver, options: ClusterEmitterOptions = {}) {
    this.#driver = driver;
    this.#options = options;
    this.#handlers = { ...this.#hearings(), ...replyHandlers(this.#requests, this.#rounds) };
  }

  send(namespace: string, command: ForeignCommand): Promise<void> {
    const bytes = this.#encode({ ...command, namespace } as Draft);
    const isRecoverable = command.kind === "broadcast" && !command.flags.volatile;
    if (command.kind === "join") this.#farJoins.add(command.target);
    return this.#gate(namespace).then((store) =>
      isRecoverable && store !== undefined
        ? this.#append(store, namespace, bytes)
        : this.#driver.publish(this.#channelFor(namespace, command), bytes),
    );
  }

  async askClients(namespace: string, broadcast: Broadcast, timeout: number): Promise<unknown[]> {
    const servers = await this.#servers(namespace);
    const request = this.#nextRequest();
    const answers = new ClientAnswers(servers.length, timeout);
    this.#rounds.open(request, servers, timeout, answers);
    await this.#publish({ kind: "all", namespace }, { ...broadcast, namespace, request });
    return answers.settled;
  }

  askServers(namespace: string, args: readonly unknown[], timeout: number): Promise<unknown[]> {
    return this.#ask(namespace, timeout, (request) => ({ kind: "server-side-emit", namespace, args, request }));
  }

  async fetchSockets(
    namespace: string,
    selection: { readonly rooms: readonly string[]; readonly except: readonly string[] },
    timeout: number,
  ): Promise<SocketDetails[]> {
    const answers = await this.#ask<readonly RemoteSocketDetails[]>(namespace, timeout, (request) => {
      return { kind: "fetch", namespace, ...selection, request };
    });
    return answers.flat().map(reviveSocket);
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#requests.close();
    this.#rounds.close();
    if (this.#started === undefined) return;
    await this.#started.catch(() => undefined);
    await this.#driver.close();
  }

  onEnvelope(_channel: Channel, bytes: Uint8Array): void {
    const envelope = decodeEnvelope(bytes);
    if (envelope instanceof ClusterViolation) this.#options.onError?.(envelope);
    else if (envelope.kind !== "unknown" && envelope.origin !== this.#id) this.#receive(envelope);
  }

  onGap(): void {
    if (this.#listening !== undefined && !this.#closed) this.#introduce(CLUSTER);
  }

  onState(): void {}

  #receive(envelope: Envelope): void {
    if (!this.#duplicates.admit(envelope.origin, envelope.sequence)) return;
    this.#membership.heard(envelope.origin, performance.now());
    if (!(envelope.kind in this.#handlers)) return;
    dispatch(this.#handlers, envelope as MembershipEnvelope | Reply);
  }

  #hearings(): Handlers<MembershipEnvelope> {
    return {
      hello: (hello) => this.#membership.introduced(hello),
      namespace: ({ origin, name, open, version }) => this.#membership.changed(origin, name, open, version),
      heartbeat: ({ origin, version }) => {
        if (this.#membership.isStale(origin, version)) this.#introduce({ kind: "node", node: origin });
      },
      goodbye: ({ origin }) => {
        this.#membership.left(origin);
        this.#left(origin, true);
      },
    };
  }

  #left(node: NodeId, saidGoodbye: boolean): void {
    this.#duplicates.forget(node);
    this.#requests.nodeLeft(node, saidGoodbye);
    this.#rounds.nodeLeft(node);
  }

  async #ask<T>(namespace: string, timeout: number, question: (request: string) => Draft): Promise<T[]> {
    const servers = await this.#servers(namespace);
    const request = this.#nextRequest();
    const answers = this.#requests.open<T>(request, servers, timeout);
    await this.#publish({ kind: "all", namespace }, question(request));
    const { responses, missing } = await answers;
    if (missing.length > 0) throw new ClusterTimeoutError(responses, missing);
    return [...responses];
  }

  /** The servers of a namespace, as far as they have introduced themselves. */
  async #servers(namespace: string): Promise<NodeId[]> {
    this.#listening ??= this.#listen();
    await this.#listening;
    const silentSince = performance.now() - (this.#options.heartbeatTimeout ?? 10_000);
    for (const node of this.#membership.expire(silentSince)) this.#left(node, false);
    return this.#membership.nodesWith(namespace);
  }

  async #listen(): Promise<void> {
    await this.#start();
    await this.#driver.subscribe(CLUSTER);
    await this.#driver.subscribe({ kind: "node", node: this.#id });
    this.#introduce(CLUSTER);
    await new Promise((resolve) => setTimeout(resolve, this.#options.discoveryTime ?? 500));
  }

  /** Says that there is somebody who serves no namespace, and wants to know who does. */
  #introduce(channel: Channel): void {
    const hello = { kind: "hello", namespaces: [], version: 0, parser: "", partitions: 0, ask: true } as const;
    this.#publish(channel, hello).catch(() => undefined);
  }

  #start(): Promise<void> {
    this.#started ??= this.#driver.start(this.#id, this);
    return this.#started;
  }

  /**
   * What has to be there before the first command for a namespace; all commands wait for it alike, so that they keep their
   * order. Resolves with the log, where the servers may have one.
   */
  #gate(namespace: string): Promise<RecoveryStore | undefined> {
    let gate = this.#gates.get(namespace);
    if (gate === undefined) {
      gate = this.#start().then(() => this.#openLog(namespace));
      this.#gates.set(namespace, gate);
      gate.catch(() => this.#gates.delete(namespace));
    }
    return gate;
  }

  async #openLog(namespace: string): Promise<RecoveryStore | undefined> {
    const { recovery = {} } = this.#options;
    const store = this.#driver.recovery;
    if (store === undefined || recovery === false) return undefined;
    const { maxDisconnectionDuration, cutNoticedWithin, maxEntries, maxPrivateEntries } = memoryLogOptions(recovery);
    const maxAge = maxDisconnectionDuration + cutNoticedWithin;
    try {
      await store.open(namespace, { maxAge, maxEntries, maxPrivateEntries });
      return store;
    } catch {
      // The next command will ask again; this one is sent without a place in the log.
      this.#gates.delete(namespace);
      return undefined;
    }
  }

  /**
   * Where no session is kept, the store only publishes. Without the log it is delivered all the same, to whoever is there;
   * should it arrive by both ways, its number tells.
   */
  async #append(store: RecoveryStore, namespace: string, bytes: Uint8Array): Promise<void> {
    try {
      await store.append(namespace, bytes, false);
    } catch {
      await this.#driver.publish({ kind: "all", namespace }, bytes);
    }
  }

  #publish(channel: Channel, draft: Draft): Promise<void> {
    const bytes = this.#encode(draft);
    return this.#start().then(() => this.#driver.publish(channel, bytes));
  }

  /** @throws ClusterError `ERR_SOCKEYE_CLUSTER_UNSERIALIZABLE` */
  #encode(draft: Draft): Uint8Array {
    return encode({ ...draft, origin: this.#id, sequence: ++this.#sequence } as Envelope);
  }

  #channelFor(namespace: string, command: ForeignCommand): Channel {
    const { partitions } = this.#options;
    const everyone: Channel = { kind: "all", namespace };
    if (partitions === undefined || !("rooms" in command) || command.rooms.length !== 1) return everyone;
    if (!this.#driver.capabilities.interest) return everyone;
    const [room] = command.rooms;
    const partition = this.#farJoins.has(room!) ? undefined : partitionOf(room!, partitions);
    return partition === undefined ? everyone : { kind: "rooms", namespace, partition };
  }

  #nextRequest(): string {
    return (++this.#asked).toString(36);
  }
}

function randomId(): NodeId {
  const bytes = crypto.getRandomValues(new Uint8Array(8));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
