import type { Channel, ClusterDriver, DriverCapabilities, DriverReceiver, RecoveryStore } from "@sockeye/adapter-base";
import { within } from "../deadline.js";
import { PubSubDriver, type PubSubDriverOptions } from "../drivers/pub-sub-driver.js";
import { type Duplicate, duplicateOf } from "../wire/duplicate.js";

/** A driver, and what ends the connections that were made for it. */
export interface MadeDriver {
  readonly driver: ClusterDriver;
  end(): void;
}

/** A driver that is made when it is first needed: emitters may never say anything. */
export class LazyDriver implements ClusterDriver {
  readonly #make: () => Promise<MadeDriver>;
  #made: MadeDriver | undefined;

  constructor(make: () => Promise<MadeDriver>) {
    this.#make = make;
  }

  get capabilities(): DriverCapabilities {
    return this.#driver.capabilities;
  }

  get recovery(): RecoveryStore | undefined {
    return this.#made?.driver.recovery;
  }

  async start(node: string, receiver: DriverReceiver): Promise<void> {
    this.#made = await this.#make();
    await this.#driver.start(node, receiver);
  }

  subscribe(channel: Channel): Promise<void> {
    return this.#driver.subscribe(channel);
  }

  unsubscribe(channel: Channel): Promise<void> {
    return this.#driver.unsubscribe(channel);
  }

  publish(channel: Channel, envelope: Uint8Array): Promise<void> {
    return this.#driver.publish(channel, envelope);
  }

  async close(): Promise<void> {
    await this.#made?.driver.close();
    this.#made?.end();
  }

  /** Nothing is asked of a driver before it is started. */
  get #driver(): ClusterDriver {
    return (this.#made as MadeDriver).driver;
  }
}

/** Emitters are given one client; answers come over another one with the same settings. */
export async function pubSubDriver(client: unknown, options: PubSubDriverOptions): Promise<MadeDriver> {
  const subscriber: Duplicate = duplicateOf(client);
  await within(options.commandTimeout, subscriber.connected);
  return { driver: new PubSubDriver(client, subscriber.client, options), end: () => subscriber.end() };
}
