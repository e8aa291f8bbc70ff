import { channelKey } from "../channel-key.js";
import type { Channel, ClusterDriver, DriverCapabilities, DriverReceiver, NodeId } from "../contract.js";
import { ClusterError } from "../errors.js";

export interface BroadcastChannelDriverOptions {
  /** Clusters with different prefixes do not hear each other. Default `sockeye`. */
  readonly prefix?: string;
}

/**
 * Between the threads of one process (worker_threads in Node, workers elsewhere), over the web's `BroadcastChannel`: nothing
 * in between, and no set-up in the main thread.
 */
export class BroadcastChannelDriver implements ClusterDriver {
  readonly capabilities: DriverCapabilities = {
    ordered: false,
    interest: true,
    replay: false,
    echo: false,
    maxEnvelopeBytes: Number.POSITIVE_INFINITY,
  };
  readonly #prefix: string;
  readonly #subscribed = new Map<string, BroadcastChannel>();
  #receiver: DriverReceiver | undefined;
  #closed = false;

  constructor({ prefix = "sockeye" }: BroadcastChannelDriverOptions = {}) {
    this.#prefix = prefix;
  }

  async start(_node: NodeId, receiver: DriverReceiver): Promise<void> {
    this.#receiver = receiver;
  }

  async subscribe(channel: Channel): Promise<void> {
    const name = this.#nameOf(channel);
    if (this.#closed || this.#subscribed.has(name)) return;
    const port = open(name);
    port.onmessage = ({ data }) => this.#receiver?.onEnvelope(channel, data as Uint8Array);
    this.#subscribed.set(name, port);
  }

  async unsubscribe(channel: Channel): Promise<void> {
    const name = this.#nameOf(channel);
    this.#subscribed.get(name)?.close();
    this.#subscribed.delete(name);
  }

  async publish(channel: Channel, envelope: Uint8Array): Promise<void> {
    if (this.#closed) throw new ClusterError("ERR_SOCKEYE_CLUSTER_CLOSED", "the driver was closed");
    const name = this.#nameOf(channel);
    const subscribed = this.#subscribed.get(name);
    if (subscribed !== undefined) {
      subscribed.postMessage(compact(envelope));
      return;
    }
    // Kept open, it would hear the channel as well: everything would be copied here for nobody.
    const passing = open(name);
    passing.postMessage(compact(envelope));
    passing.close();
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const port of this.#subscribed.values()) port.close();
    this.#subscribed.clear();
  }

  #nameOf(channel: Channel): string {
    return `${this.#prefix}#${channelKey(channel)}`;
  }
}

function open(name: string): BroadcastChannel {
  const channel = new BroadcastChannel(name);
  // In Node, an open channel would keep the process alive.
  (channel as { unref?(): void }).unref?.();
  return channel;
}

/** A view is cloned with all of the buffer behind it. */
function compact(bytes: Uint8Array): Uint8Array {
  return bytes.byteLength === bytes.buffer.byteLength ? bytes : bytes.slice();
}
