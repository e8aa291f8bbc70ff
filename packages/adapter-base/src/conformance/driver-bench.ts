import type { Channel, ClusterDriver, DriverReceiver, NodeId } from "../cluster/contract.js";
import type { LogPosition } from "../cluster/recovery/contract.js";

/** The drivers of one cluster, for one test. */
export interface DriverCluster {
  /** A driver for one more node, not started. */
  driver(): ClusterDriver | Promise<ClusterDriver>;
  /** For drivers whose backend can be taken away and given back. */
  readonly outage?: { kill(): void | Promise<void>; restart(): void | Promise<void> };
  /** The backend loses what the recovery store keeps, and goes on. */
  forget?(): void | Promise<void>;
  stop?(): void | Promise<void>;
}

export interface DriverSubject {
  readonly name: string;
  /** Its clusters have an `outage`. */
  readonly canFail?: boolean;
  /** Its clusters can `forget`. */
  readonly canForget?: boolean;
  start(): DriverCluster | Promise<DriverCluster>;
}

/** A started node that writes down what its driver tells it. */
export class Listener implements DriverReceiver {
  readonly heard: { readonly channel: Channel; readonly bytes: Uint8Array }[] = [];
  /** The places in the log that came along. */
  readonly positions: (LogPosition | undefined)[] = [];
  readonly states: string[] = [];
  gaps = 0;

  constructor(readonly driver: ClusterDriver) {}

  /** The numbers heard on the first two bytes, in order. */
  get numbers(): number[] {
    return this.heard.map(({ bytes }) => bytes[0]! * 256 + bytes[1]!);
  }

  onEnvelope(channel: Channel, bytes: Uint8Array, position?: LogPosition): void {
    this.heard.push({ channel, bytes });
    this.positions.push(position);
  }

  onGap(): void {
    this.gaps++;
  }

  onState({ publish, receive }: { publish: string; receive: string }): void {
    this.states.push(`${publish}/${receive}`);
  }
}

export class DriverBench {
  readonly #listeners: Listener[] = [];

  constructor(readonly cluster: DriverCluster) {}

  async node(...channels: Channel[]): Promise<Listener> {
    const listener = new Listener(await this.cluster.driver());
    this.#listeners.push(listener);
    const id: NodeId = this.#listeners.length.toString(16).padStart(16, "0");
    await listener.driver.start(id, listener);
    for (const channel of channels) await listener.driver.subscribe(channel);
    return listener;
  }

  async close(): Promise<void> {
    for (const { driver } of this.#listeners) await driver.close();
    await this.cluster.stop?.();
  }
}

/** Names that peers may give to namespaces. */
export const STRANGE_NAMES: readonly string[] = [
  "/a b",
  "/#*?[x]",
  '/"; DROP',
  "/é日本😀",
  "/a/b:c",
  `/${"n".repeat(300)}`,
];
