import { channelKey } from "../cluster/channel-key.js";
import type { Channel, ClusterDriver, DriverCapabilities, DriverReceiver, NodeId } from "../cluster/contract.js";
import { ClusterError } from "../cluster/errors.js";
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
}

/** A message bus inside the process, with faults on demand. Each node of a test takes a driver of its own. */
export class MemoryBus {
  readonly #drivers = new Set<MemoryDriver>();
  readonly #random: () => number;
  #faults: Faults;
  #up = true;

  constructor(faults: Faults = {}) {
    this.#faults = faults;
    this.#random = seededRandom(faults.seed ?? 1);
  }

  get isUp(): boolean {
    return this.#up;
  }

  driver(capabilities: Partial<DriverCapabilities> = {}): MemoryDriver {
    return new MemoryDriver(this, capabilities);
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

  send(channel: Channel, envelope: Uint8Array): void {
    const key = channelKey(channel);
    for (const driver of this.#drivers) if (driver.isSubscribed(key)) this.#convey(driver, channel, envelope);
  }

  #convey(driver: MemoryDriver, channel: Channel, envelope: Uint8Array): void {
    const { drop = 0, duplicate = 0, reorder = 0, delay = 0 } = this.#faults;
    if (this.#random() < drop) return;
    const copies = this.#random() < duplicate ? 2 : 1;
    for (let copy = 0; copy < copies; copy++) {
      const late = this.#random() * delay;
      if (this.#random() < reorder) setTimeout(() => driver.arrive(channel, envelope), late + 1);
      else driver.enqueue(channel, envelope, late);
    }
  }
}

export class MemoryDriver implements ClusterDriver {
  readonly capabilities: DriverCapabilities;
  readonly #bus: MemoryBus;
  readonly #subscribed = new Set<string>();
  #receiver: DriverReceiver | undefined;
  /** Last arrival under way: what is sent later comes later. */
  #last: Promise<void> = Promise.resolve();
  #closed = false;
  #paused = false;

  constructor(bus: MemoryBus, capabilities: Partial<DriverCapabilities>) {
    this.#bus = bus;
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
    if (this.#closed) throw new ClusterError("ERR_SOCKEYE_CLUSTER_CLOSED", "the driver was closed");
    if (envelope.byteLength > this.capabilities.maxEnvelopeBytes) {
      throw new ClusterError("ERR_SOCKEYE_CLUSTER_TOO_LARGE", `${envelope.byteLength} bytes are too many`);
    }
    if (!this.#bus.isUp) throw new ClusterError("ERR_SOCKEYE_CLUSTER_PUBLISH", "the bus is down");
    if (!this.#paused) this.#bus.send(channel, envelope.slice());
  }

  async close(): Promise<void> {
    this.die();
  }

  /** Ends as a killed process does: without a word. */
  die(): void {
    this.#closed = true;
    this.#bus.detach(this);
  }

  /** Stands still as a stopped process does: it neither sends nor hears. */
  pause(paused: boolean): void {
    this.#paused = paused;
  }

  isSubscribed(key: string): boolean {
    return this.#subscribed.has(key);
  }

  /** Delivers after everything sent to this node before. */
  enqueue(channel: Channel, envelope: Uint8Array, delay: number): void {
    const travelled = delay === 0 ? undefined : new Promise((resolve) => setTimeout(resolve, delay));
    this.#last = this.#last.then(async () => {
      if (travelled !== undefined) await travelled;
      this.arrive(channel, envelope);
    });
  }

  arrive(channel: Channel, envelope: Uint8Array): void {
    if (!this.#closed && !this.#paused && this.#bus.isUp) this.#receiver?.onEnvelope(channel, envelope.slice());
  }

  outage(): void {
    this.#receiver?.onState({ publish: "down", receive: "down" });
  }

  recovered(): void {
    this.#receiver?.onState({ publish: "up", receive: "up" });
    this.#receiver?.onGap();
  }
}
