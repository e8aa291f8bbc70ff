import type { AdapterHealth } from "../contract.js";
import { Arrivals } from "./arrivals.js";
import { decodeEnvelope, encodeDraft, isFrom } from "./codec.js";
import { Complaints } from "./complaints.js";
import type { Channel, ClusterDriver, DriverReceiver, NodeId } from "./contract.js";
import { dispatch, type Handlers } from "./dispatch.js";
import { Duplicates } from "./duplicates.js";
import type { Draft, Envelope, MembershipEnvelope, NamespaceEnvelope } from "./envelope.js";
import { ClusterError, ClusterViolation } from "./errors.js";
import { Health } from "./health.js";
import { Membership } from "./membership.js";
import { randomNodeId } from "./node-id.js";
import type { ClusterOptions } from "./options.js";
import type { LogPosition } from "./recovery/contract.js";

/** What a node needs of each of its namespaces. */
export interface NamespacePort {
  readonly name: string;
  readonly parserId: string | undefined;
  /** It has a shared log, and wants to know the places of envelopes. */
  readonly keepsLog: boolean;
  /** `position`: its place in the shared log. Such an envelope may come twice, and may be this node's own. */
  receive(envelope: NamespaceEnvelope, position?: LogPosition): void;
  /** Something may have been lost. */
  gap(): void;
  /** The backend may be back. */
  returned(): void;
  nodeLeft(node: NodeId, saidGoodbye: boolean): void;
  healthChanged(health: AdapterHealth): void;
  sweep(now: number): void;
  reportError(error: Error): void;
}

/** What went through a node since it started. */
export interface Traffic {
  sent: number;
  received: number;
  /** Received without a socket here that it concerned. */
  wasted: number;
  duplicates: number;
  malformed: number;
  /** Of a kind this version does not know. */
  unknown: number;
  /** Not taken by the backend. */
  failed: number;
  /** Recoverable broadcasts that were delivered without a place in the log: they cannot be recovered. */
  unlogged: number;
}

const CLUSTER: Channel = { kind: "cluster" };

/**
 * One server process in the cluster: it owns the driver, numbers what it sends, keeps the list of the other nodes, and hands
 * each envelope to the namespace it is about. Its namespaces come and go; with the last one it leaves.
 */
export class ClusterNode implements DriverReceiver {
  readonly id: NodeId = randomNodeId();
  readonly membership = new Membership();
  readonly traffic: Traffic = {
    sent: 0,
    received: 0,
    wasted: 0,
    duplicates: 0,
    malformed: 0,
    unknown: 0,
    failed: 0,
    unlogged: 0,
  };
  readonly #options: Required<ClusterOptions>;
  readonly #driver: ClusterDriver;
  readonly #namespaces = new Map<string, NamespacePort>();
  readonly #arrivals = new Arrivals((bytes, position) => this.#take(bytes, position));
  readonly #duplicates = new Duplicates();
  readonly #health = new Health();
  readonly #complaints = new Complaints();
  readonly #handlers: Handlers<MembershipEnvelope> = {
    hello: (hello) => {
      this.membership.introduced(hello);
      this.#checkPartitions(hello.partitions);
      if (hello.ask) this.#introduce({ kind: "node", node: hello.origin }, false);
    },
    namespace: ({ origin, name, open, version }) => this.membership.changed(origin, name, open, version),
    heartbeat: ({ origin, version }) => {
      if (this.membership.isStale(origin, version)) this.#introduce({ kind: "node", node: origin }, true);
    },
    goodbye: ({ origin }) => {
      this.membership.left(origin);
      this.#nodeLeft(origin, true);
    },
  };
  #sequence = 0;
  #requests = 0;
  #version = 0;
  #lastPublic = 0;
  #lastSweep = 0;
  #startedAt = 0;
  #announcedHealth: AdapterHealth = "ok";
  #started: Promise<void> | undefined;
  #running = false;
  #closed = false;
  #sweepTimer: ReturnType<typeof setInterval> | undefined;

  constructor(options: Required<ClusterOptions>) {
    this.#options = options;
    this.#driver = options.driver;
  }

  get health(): AdapterHealth {
    return this.#health.state;
  }

  /** Joins the cluster with the first namespace, and tells the others of each. */
  async open(namespace: NamespacePort): Promise<void> {
    if (this.#closed) throw new ClusterError("ERR_SOCKEYE_CLUSTER_CLOSED", "this node has left the cluster");
    this.#namespaces.set(namespace.name, namespace);
    this.#started ??= this.#start();
    await this.#started;
    await this.#driver.subscribe({ kind: "all", namespace: namespace.name });
    this.#version++;
    if (this.#version === 1) this.#introduce(CLUSTER, true);
    else this.publish(CLUSTER, { kind: "namespace", name: namespace.name, open: true, version: this.#version });
  }

  /** Tells the others that a namespace is gone; with the last one, says goodbye. */
  async close(namespace: NamespacePort): Promise<void> {
    if (this.#namespaces.get(namespace.name) !== namespace) return;
    this.#namespaces.delete(namespace.name);
    await this.#started?.catch(() => undefined);
    if (this.#namespaces.size === 0) return this.#leave();
    await this.#driver.unsubscribe({ kind: "all", namespace: namespace.name }).catch(this.complain);
    this.#version++;
    this.publish(CLUSTER, { kind: "namespace", name: namespace.name, open: false, version: this.#version });
  }

  /** Whether another node is in the cluster; shortly after the start not all are known. */
  mayBeMember(node: NodeId): boolean {
    return this.membership.has(node) || now() - this.#startedAt < this.#options.heartbeatTimeout;
  }

  nextRequest(): string {
    return (++this.#requests).toString(36);
  }

  /**
   * Sends an envelope. What the backend does with it later is reported, not thrown.
   *
   * @throws ClusterError `ERR_SOCKEYE_CLUSTER_UNSERIALIZABLE`
   */
  publish(channel: Channel, draft: Draft): void {
    if (this.#closed) return;
    this.#send(channel, encode(draft, this.id, ++this.#sequence));
  }

  /**
   * An envelope that somebody else sends; `publishStamped` sends it from here after all.
   *
   * @throws ClusterError `ERR_SOCKEYE_CLUSTER_UNSERIALIZABLE`
   */
  stamp(draft: Draft): { readonly sequence: number; readonly envelope: Uint8Array } {
    const sequence = ++this.#sequence;
    return { sequence, envelope: encode(draft, this.id, sequence) };
  }

  /** Resolves when the backend has taken it, or will not. */
  async publishStamped(channel: Channel, envelope: Uint8Array): Promise<void> {
    if (!this.#closed) await this.#send(channel, envelope);
  }

  #send(channel: Channel, bytes: Uint8Array): Promise<void> {
    this.traffic.sent++;
    if (channel.kind === "cluster") this.#lastPublic = now();
    const taken = this.#running
      ? this.#driver.publish(channel, bytes)
      : (this.#started ?? Promise.resolve()).then(() => this.#driver.publish(channel, bytes));
    return taken.then(this.answered, this.refused);
  }

  reply(node: NodeId, draft: Draft): void {
    try {
      this.publish({ kind: "node", node }, draft);
    } catch (thrown) {
      this.complain(thrown);
    }
  }

  subscribe(channel: Channel): Promise<void> {
    return (this.#started ?? Promise.resolve()).then(() => this.#driver.subscribe(channel));
  }

  unsubscribe(channel: Channel): Promise<void> {
    return this.#driver.unsubscribe(channel);
  }

  onEnvelope(channel: Channel, bytes: Uint8Array, position?: LogPosition): void {
    // Its own words mean something on the cluster's channel alone, where they prove that it hears, and in a log.
    if (channel.kind !== "cluster" && position === undefined && isFrom(bytes, this.id)) return;
    this.#arrivals.add(bytes, position);
  }

  #take(bytes: Uint8Array, position: LogPosition | undefined): void {
    const envelope = decodeEnvelope(bytes);
    if (envelope instanceof ClusterViolation) {
      this.traffic.malformed++;
      this.complain(envelope);
    } else if (envelope.kind === "unknown") this.traffic.unknown++;
    else if (position !== undefined && this.#keepsLog(envelope)) this.#receiveLogged(envelope, position);
    else if (envelope.origin === this.id) this.#heardItself(envelope);
    else if (this.#duplicates.admit(envelope.origin, envelope.sequence)) this.#receive(envelope);
    else this.traffic.duplicates++;
  }

  onGap(channels?: readonly Channel[]): void {
    this.#arrivals.handOver();
    const where = channels === undefined ? "all channels" : `${channels.length} channels`;
    this.complain(new ClusterError("ERR_SOCKEYE_CLUSTER_GAP", `envelopes may have been lost on ${where}`));
    if (this.#running) this.#introduce(CLUSTER, true);
    for (const namespace of this.#namespaces.values()) namespace.gap();
  }

  onState(state: { readonly publish: "up" | "down"; readonly receive: "up" | "down" }): void {
    this.#arrivals.handOver();
    this.#health.publishing(state.publish);
    this.#health.receiving(state.receive);
    this.#announceHealth();
    if (state.publish === "up") for (const namespace of this.#namespaces.values()) namespace.returned();
  }

  async #start(): Promise<void> {
    await this.#driver.start(this.id, this);
    await this.#driver.subscribe(CLUSTER);
    await this.#driver.subscribe({ kind: "node", node: this.id });
    this.#running = true;
    this.#startedAt = now();
    this.#lastSweep = this.#startedAt;
    this.#sweepTimer = setInterval(() => this.#sweep(now()), this.#sweepInterval);
    (this.#sweepTimer as { unref?(): void }).unref?.();
  }

  async #leave(): Promise<void> {
    clearInterval(this.#sweepTimer);
    if (this.#running) this.publish(CLUSTER, { kind: "goodbye" });
    this.#closed = true;
    await this.#driver.close();
  }

  #receive(envelope: Envelope, position?: LogPosition): void {
    this.traffic.received++;
    if (envelope.origin !== this.id) this.membership.heard(envelope.origin, now());
    try {
      if ("namespace" in envelope) this.#namespaces.get(envelope.namespace)?.receive(envelope, position);
      else dispatch(this.#handlers, envelope);
    } catch (thrown) {
      this.complain(thrown);
    }
  }

  #keepsLog(envelope: Envelope): envelope is NamespaceEnvelope {
    return "namespace" in envelope && this.#namespaces.get(envelope.namespace)?.keepsLog === true;
  }

  /** The log knows what it had already; its entries are remembered here in case they are sent the ordinary way as well. */
  #receiveLogged(envelope: NamespaceEnvelope, position: LogPosition): void {
    if (envelope.origin !== this.id) this.#duplicates.admit(envelope.origin, envelope.sequence);
    this.#receive(envelope, position);
  }

  #heardItself(envelope: Envelope): void {
    if (envelope.kind === "heartbeat") this.#health.probeHeard();
    this.#announceHealth();
  }

  #introduce(channel: Channel, ask: boolean): void {
    const [first] = this.#namespaces.values();
    this.publish(channel, {
      kind: "hello",
      namespaces: [...this.#namespaces.keys()],
      version: this.#version,
      parser: first?.parserId ?? "",
      partitions: this.#options.partitions,
      ask,
    });
  }

  #checkPartitions(theirs: number): void {
    const ours = this.#options.partitions;
    // Emitters introduce themselves without.
    if (theirs === 0 || ours === theirs) return;
    const message = `another node divides rooms into ${theirs} partitions, this one into ${ours}: room broadcasts get lost`;
    this.complain(new ClusterError("ERR_SOCKEYE_CLUSTER_MISMATCH", message));
  }

  get #sweepInterval(): number {
    return Math.max(10, Math.min(1000, this.#options.heartbeatTimeout / 10));
  }

  #sweep(time: number): void {
    const { heartbeatInterval, heartbeatTimeout } = this.#options;
    const stall = time - this.#lastSweep - this.#sweepInterval;
    this.#lastSweep = time;
    // What arrived during a stall of this process is still waiting to be read: nobody is dead for it, nor is the bus.
    if (stall > this.#sweepInterval) this.membership.excuse(stall);
    else this.#health.checkProbe(time - heartbeatInterval);
    if (time - this.#lastPublic >= heartbeatInterval) {
      if (this.#driver.capabilities.echo) this.#health.probeSent(time);
      this.publish(CLUSTER, { kind: "heartbeat", version: this.#version });
    }
    for (const node of this.membership.expire(time - heartbeatTimeout)) this.#nodeLeft(node, false);
    for (const namespace of this.#namespaces.values()) namespace.sweep(time);
    this.#announceHealth();
  }

  #nodeLeft(node: NodeId, saidGoodbye: boolean): void {
    this.#duplicates.forget(node);
    for (const namespace of this.#namespaces.values()) namespace.nodeLeft(node, saidGoodbye);
  }

  #announceHealth(): void {
    if (this.#announcedHealth === this.health) return;
    this.#announcedHealth = this.health;
    for (const namespace of this.#namespaces.values()) namespace.healthChanged(this.health);
  }

  /** The backend took what it was given. */
  readonly answered = (): void => {
    this.#health.publishing("up");
  };

  /** It did not. */
  readonly refused = (thrown: unknown): void => {
    this.traffic.failed++;
    if (this.#closed) return;
    if ((thrown as { code?: unknown } | undefined)?.code !== "ERR_SOCKEYE_CLUSTER_TOO_LARGE") {
      this.#health.publishing("down");
      this.#announceHealth();
    }
    this.complain(thrown);
  };

  /** To the application, through the namespace that was opened first. */
  readonly complain = (thrown: unknown): void => {
    const error =
      thrown instanceof Error
        ? thrown
        : new ClusterError("ERR_SOCKEYE_CLUSTER_PUBLISH", String(thrown), { cause: thrown });
    if (!this.#complaints.admit(error, now())) return;
    const [first] = this.#namespaces.values();
    first?.reportError(error);
  };
}

function encode(draft: Draft, origin: NodeId, sequence: number): Uint8Array {
  try {
    return encodeDraft(draft, origin, sequence);
  } catch (cause) {
    throw new ClusterError("ERR_SOCKEYE_CLUSTER_UNSERIALIZABLE", `${draft.kind} cannot be written down`, { cause });
  }
}

function now(): number {
  return performance.now();
}
