import { channelKey } from "../channel-key.js";
import { Complaints } from "../complaints.js";
import type { Channel, ClusterDriver, DriverReceiver } from "../contract.js";
import { ClusterError } from "../errors.js";
import { randomNodeId } from "../node-id.js";
import type { RecoveryStore } from "../recovery/contract.js";
import type { Addressed, StoreAnswer, StoreCall } from "./ipc-messages.js";

/** Where the workers of a primary process meet servers elsewhere. */
export interface UplinkOptions {
  /**
   * The primary publishes on it what its workers publish, and subscribes on it to all that any of them subscribes to. It alone
   * distributes their envelopes, to each other too, so that their order holds: `capabilities.echo` MUST be true. It is started with
   * the id of a node that is not a member of the cluster. The workers' recovery store is its own, when it has one.
   */
  readonly uplink?: ClusterDriver;
  /** Hears of what the uplink refused to publish, or of why it did not start; each code once a second. Default: `console.warn`. */
  readonly onError?: (error: Error) => void;
}

/** The uplink as a hub uses it: in one subscription per channel, and in what its workers ask of the store. */
export class HubUplink {
  readonly #driver: ClusterDriver;
  readonly #onError: (error: Error) => void;
  readonly #complaints = new Complaints();
  /** Channels that are subscribed to, or about to be. */
  readonly #subscribed = new Map<string, Promise<void>>();
  readonly ready: Promise<void>;

  /** @throws ClusterError `ERR_SOCKEYE_CLUSTER_OPTION` when the driver does not echo */
  constructor(driver: ClusterDriver, receiver: DriverReceiver, onError: (error: Error) => void) {
    if (driver.capabilities.echo !== true)
      throw new ClusterError("ERR_SOCKEYE_CLUSTER_OPTION", "an uplink has to echo");
    this.#driver = driver;
    this.#onError = onError;
    this.ready = driver.start(randomNodeId(), receiver);
    this.ready.catch(this.#report);
  }

  readonly #report = (error: Error): void => {
    if (this.#complaints.admit(error, performance.now())) this.#onError(error);
  };

  get hasStore(): boolean {
    return this.#driver.recovery !== undefined;
  }

  /** Resolves when the subscription is in force, for whoever else asked for it, too. */
  subscribe(channel: Channel): Promise<void> {
    const key = channelKey(channel);
    const known = this.#subscribed.get(key);
    if (known !== undefined) return known;
    const subscribed = this.ready.then(() => this.#driver.subscribe(channel));
    this.#subscribed.set(key, subscribed);
    // The next one to ask tries again.
    subscribed.catch(() => {
      if (this.#subscribed.get(key) === subscribed) this.#subscribed.delete(key);
    });
    return subscribed;
  }

  unsubscribe(channel: Channel): void {
    if (!this.#subscribed.delete(channelKey(channel))) return;
    this.ready.then(() => this.#driver.unsubscribe(channel)).catch(this.#report);
  }

  publish(envelopes: readonly Addressed[]): void {
    for (const { channel, bytes } of envelopes) this.#driver.publish(channel, bytes).catch(this.#report);
  }

  /** In the order of the calls. */
  answer(calls: readonly { readonly id: number; readonly call: StoreCall }[]): Promise<StoreAnswer[]> {
    return Promise.all(calls.map(({ id, call }) => this.#answer(id, call)));
  }

  close(): Promise<void> {
    return this.#driver.close();
  }

  async #answer(id: number, call: StoreCall): Promise<StoreAnswer> {
    try {
      const value = await askOf(this.#driver.recovery as RecoveryStore, call);
      return { id, value: value as StoreAnswer["value"] };
    } catch (thrown) {
      return { id, error: String(thrown) };
    }
  }
}

function askOf(store: RecoveryStore, call: StoreCall): Promise<unknown> {
  const { namespace } = call;
  switch (call.do) {
    case "open":
      return store.open(namespace, call.limits);
    case "append":
      return store.append(namespace, call.bytes, call.wanted);
    case "read":
      return store.read(namespace, call.after, call.limit);
    case "save":
      return store.save(namespace, call.records, call.lifetime);
    case "touch":
      return store.touch(namespace, call.sessions, call.lifetime);
    case "append-private":
      return store.appendPrivate(namespace, call.events);
    case "take":
      return store.take(namespace, call.pid, call.taker, call.from);
    case "remove":
      return store.remove(namespace, call.sessions);
  }
}
