import type { Channel, ClusterDriver, DriverCapabilities, DriverReceiver, RecoveryStore } from "@sockeye/adapter-base";
import { within } from "../deadline.js";
import { PubSubDriver, type PubSubDriverOptions } from "../drivers/pub-sub-driver.js";
import { type Duplicate, duplicateOf } from "../wire/duplicate.js";

/**
 * A driver that is made when it is first needed, with a connection of its own for answers: emitters are given one client, and
 * many of them say something once.
 */
export class LazyDriver implements ClusterDriver {
  readonly #client: unknown;
  readonly #options: PubSubDriverOptions;
  #subscriber: Duplicate | undefined;
  #driver: PubSubDriver | undefined;

  constructor(client: unknown, options: PubSubDriverOptions) {
    this.#client = client;
    this.#options = options;
  }

  get capabilities(): DriverCapabilities {
    return this.#started.capabilities;
  }

  get recovery(): RecoveryStore | undefined {
    return this.#driver?.recovery;
  }

  async start(node: string, receiver: DriverReceiver): Promise<void> {
    const subscriber = duplicateOf(this.#client);
    this.#subscriber = subscriber;
    await within(this.#options.commandTimeout, subscriber.connected);
    this.#driver = new PubSubDriver(this.#client, subscriber.client, this.#options);
    await this.#driver.start(node, receiver);
  }

  subscribe(channel: Channel): Promise<void> {
    return this.#started.subscribe(channel);
  }

  unsubscribe(channel: Channel): Promise<void> {
    return this.#started.unsubscribe(channel);
  }

  publish(channel: Channel, envelope: Uint8Array): Promise<void> {
    return this.#started.publish(channel, envelope);
  }

  async close(): Promise<void> {
    await this.#driver?.close();
    this.#subscriber?.end();
  }

  get #started(): PubSubDriver {
    return this.#driver as PubSubDriver;
  }
}
