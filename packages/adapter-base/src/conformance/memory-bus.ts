import { channelKey } from "../cluster/channel-key.js";
import type { Channel, ClusterDriver, DriverCapabilities, DriverReceiver, NodeId } from "../cluster/contract.js";
import { ClusterError } from "../cluster/errors.js";
import type { LogPosition, RecoveryStore } from "../cluster/recovery/contract.js";
import { RecoveryTables } from "../cluster/recovery/recovery-tables.js";
import { MemoryStore } from "./memory-store.js";
import { seededRandom } from "./random.js";

/** What may happen to an envelope on its way to one node; probabilities from 0 to 1. */
export interface Faults {
  readonly seed?: number;
  /** Longest time on the way, in milliseconds. */
  readonly delay?: number;
  readonly duplicate?: number;
  readonly drop?: number;
  /** Overtaken by what was sent after it. A driver must not do this; a bus that does may lose the order, nothing else. */
  readonly reorder?: number;
  /** Longest time the recovery store takes to do what it is asked, in milliseconds. What is published then comes earlier. */
  readonly slow?: number;
  /** The recovery store does what it is asked, and says that it did not. */
  readonly mislead?: number;
}

export interface MemoryBusOptions {
  /** Its drivers have a recovery store. */
  readonly recovery?: boolean;
}

/** A message bus inside the process, with faults on demand. Each node of a test takes a driver of its own. */
export class MemoryBus {
  readonly #drivers = new Set<MemoryDriver>();
  readonly #random: () => number;
  readonly #recovers: boolean;
  #faults: Faults;
  #up = true;
  #epochs = 0;
  /** What the recovery store keeps. */
  readonly tables = new RecoveryTables("0");

  constructor(faults: Faults = {}, { recovery = false }: MemoryBusOptions = {}) {
    this.#faults = faults;
    this.#random = seededRandom(faults.seed ?? 1);
    this.#recovers = recovery;
  }

  get isUp(): boolean {
    return this.#up;
  }

  driver(capabilities: Partial<DriverCapabilities> = {}): MemoryDriver {
    return new MemoryDriver(this, capabilities, this.#recovers);
  }

  attach(driver: MemoryDriver): void {
    this.#drivers.add(driver);
  }

  detach(driver: MemoryDriver): void {
    this.#drivers.delete(driver);
  }

  setFaults(faults: Faults): void {
    this.#faults = faults;
  }

  /** The broker dies: nothing is taken, nothing is delivered. */
  kill(): void {
    this.#up = false;
    for (const driver of this.#drivers) driver.outage();
  }

  /** The broker is back, with the subscriptions there were. */
  restart(): void {
    this.#up = true;
    for (const driver of this.#drivers) driver.recovered();
  }

  /** The recovery store loses everything, as a broker without persistence does that is restarted. */
  forget(): void {
    this.tables.forget((++this.#epochs).toString(36));
  }

  /** How long the store takes this time. */
  get storeDelay(): number {
    return this.#random() * (this.#faults.slow ?? 0);
  }

  /** Whether its answer is a lie this time. */
  get isMisleading(): boolean {
    return this.#random() < (this.#faults.mislead ?? 0);
  }

  send(channel: Channel, envelope: Uint8Array, position?: LogPosition): void {
    const key = channelKey(channel);
    for (const driver of this.#drivers) {
      if (driver.isSubscribed(key)) this.#convey(driver, { channel, envelope, position });
    }
  }

  #convey(driver: MemoryDriver, message: Message): void {
    const { drop = 0, duplicate = 0, reorder = 0, delay = 0 } = this.#faults;
    if (this.#random() < drop) return;
    const copies = this.#random() < duplicate ? 2 : 1;
    for (let copy = 0; copy < copies; copy++) {
      const late = this.#random() * delay;
      if (this.#random() < reorder) setTimeout(() => driver.arrive(message), late + 1);
      else driver.enqueue(message, late);
    }
  }
}

interface Message {
  readonly channel: Channel;
  readonly envelope: Uint8Array;
  readonly position: LogPosition | undefined;
}

export class MemoryDriver implements ClusterDriver {
  readonly capabilities: DriverCapabilities;
  readonly recovery?: RecoveryStore;
  readonly #bus: MemoryBus;
  readonly #subscribed = new Set<string>();
  #receiver: DriverReceiver | undefined;
  /** Last arrival under way: what is sent later comes later. */
  #last: Promise<void> = Promise.resolve();
  /** Last request to the store under way. */
  #lastRequest: Promise<unknown> | undefined;
  #closed = false;
  /** While it stands still: ends when it goes on. */
  #pause: { readonly over: Promise<void>; end(): void } | undefined;

  constructor(bus: MemoryBus, capabilities: Partial<DriverCapabilities>, recovers: boolean) {
    this.#bus = bus;
    if (recovers) this.recovery = this.#createStore();
    this.capabilities = {
      ordered: true,
      interest: true,
      replay: false,
      echo: true,
      maxEnvelopeBytes: 1_000_000,
      ...capabilities,
    };
  }

  async start(_node: NodeId, receiver: DriverReceiver): Promise<void> {
    this.#receiver = receiver;
    this.#bus.attach(this);
  }

  async subscribe(channel: Channel): Promise<void> {
    this.#subscribed.add(channelKey(channel));
  }

  async unsubscribe(channel: Channel): Promise<void> {
    this.#subscribed.delete(channelKey(channel));
  }

  async publish(channel: Channel, envelope: Uint8Array): Promise<void> {
    this.#checkUsable();
    this.#checkSize(envelope);
    if (this.#pause === undefined) this.#bus.send(channel, envelope.slice());
  }

  async close(): Promise<void> {
    this.die();
  }

  /** Ends as a killed process does: without a word. */
  die(): void {
    this.#closed = true;
    this.#bus.detach(this);
  }

  /** Stands still as a stopped process does: it neither sends nor hears, and what it asks of the store is done afterwards. */
  pause(paused: boolean): void {
    if (paused === (this.#pause !== undefined)) return;
    this.#pause?.end();
    this.#pause = paused ? createPause() : undefined;
  }

  isSubscribed(key: string): boolean {
    return this.#subscribed.has(key);
  }

  /** Delivers after everything sent to this node before. */
  enqueue(message: Message, delay: number): void {
    const travelled = delay === 0 ? undefined : new Promise((resolve) => setTimeout(resolve, delay));
    this.#last = this.#last.then(async () => {
      if (travelled !== undefined) await travelled;
      this.arrive(message);
    });
  }

  arrive({ channel, envelope, position }: Message): void {
    if (this.#closed || this.#pause !== undefined || !this.#bus.isUp) return;
    this.#receiver?.onEnvelope(channel, envelope.slice(), position);
  }

  outage(): void {
    this.state("down");
  }

  /** Says how well it reaches the bus. */
  state(way: "up" | "down"): void {
    this.#receiver?.onState({ publish: way, receive: way });
  }

  recovered(): void {
    this.state("up");
    this.#receiver?.onGap();
  }

  #createStore(): RecoveryStore {
    return new MemoryStore({
      request: (operation) => this.#request(operation),
      publish: (namespace, envelope, position) => this.#bus.send({ kind: "all", namespace }, envelope, position),
      checkSize: (envelope) => this.#checkSize(envelope),
    });
  }

  /** In order; at once when nothing is under way and the store is not slow. */
  async #request<T>(operation: (tables: RecoveryTables) => T): Promise<T> {
    this.#checkUsable();
    const delay = this.#bus.storeDelay;
    if (delay === 0 && this.#pause === undefined && this.#lastRequest === undefined) return this.#perform(operation);
    const done = this.#afterOthers(delay).then(() => this.#perform(operation));
    const settled = done
      .catch(() => undefined)
      .then(() => {
        if (this.#lastRequest === settled) this.#lastRequest = undefined;
      });
    this.#lastRequest = settled;
    return done;
  }

  async #afterOthers(delay: number): Promise<void> {
    const others = this.#lastRequest;
    if (delay > 0) await new Promise((resolve) => setTimeout(resolve, delay));
    await others;
    while (this.#pause !== undefined) await this.#pause.over;
  }

  #perform<T>(operation: (tables: RecoveryTables) => T): T {
    this.#checkUsable();
    const answer = operation(this.#bus.tables);
    if (this.#bus.isMisleading) throw new ClusterError("ERR_SOCKEYE_CLUSTER_PUBLISH", "no answer came");
    return answer;
  }

  #checkUsable(): void {
    if (this.#closed) throw new ClusterError("ERR_SOCKEYE_CLUSTER_CLOSED", "the driver was closed");
    if (!this.#bus.isUp) throw new ClusterError("ERR_SOCKEYE_CLUSTER_PUBLISH", "the bus is down");
  }

  #checkSize({ byteLength }: Uint8Array): void {
    if (byteLength <= this.capabilities.maxEnvelopeBytes) return;
    throw new ClusterError("ERR_SOCKEYE_CLUSTER_TOO_LARGE", `${byteLength} bytes are too many`);
  }
}

function createPause(): { readonly over: Promise<void>; end(): void } {
  let end = (): void => {};
  const over = new Promise<void>((resolve) => {
    end = resolve;
  });
  return { over, end };
}
