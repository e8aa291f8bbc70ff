import { channelKey } from "../channel-key.js";
import type { Channel, DriverReceiver } from "../contract.js";
import { HubStore } from "./hub-store.js";
import { HubUplink, type UplinkOptions } from "./hub-uplink.js";
import {
  type Addressed,
  type IpcLimits,
  type IpcPort,
  MAX_QUEUED_BYTES,
  type StoreAnswer,
  type StoreCall,
  type ToHub,
  type ToNode,
} from "./ipc-messages.js";

type Port = IpcPort<ToNode, ToHub>;

interface Subscription {
  readonly channel: Channel;
  readonly ports: Set<Port>;
}

/**
 * The middle of a cluster of processes, in their primary: it knows who has subscribed to what, and passes each envelope to
 * those alone. A reply goes to the node that asked and to nobody else. With an uplink, everything goes over that.
 */
export class IpcHub {
  readonly #subscriptions = new Map<string, Subscription>();
  /** Ports for which something was dropped, and which have not been told. */
  readonly #behind = new Set<Port>();
  readonly #store = new HubStore();
  readonly #maxQueuedBytes: number;
  readonly #uplink: HubUplink | undefined;
  /** What came over the uplink in this turn. */
  #arrived: Addressed[] = [];

  constructor({ maxQueuedBytes = MAX_QUEUED_BYTES, uplink, onError = warn }: IpcLimits & UplinkOptions = {}) {
    this.#maxQueuedBytes = maxQueuedBytes;
    this.#uplink = uplink && new HubUplink(uplink, this.#receiver(), onError);
  }

  /** The uplink has started. */
  get ready(): Promise<void> {
    return this.#uplink?.ready ?? Promise.resolve();
  }

  /** Sizes of what is kept for recovery. */
  get recovery(): { entries: number; sessions: number; bytes: number } {
    return this.#store.inspect();
  }

  /** Number of channels that somebody listens to. */
  get size(): number {
    return this.#subscriptions.size;
  }

  attach(port: Port): void {
    port.onMessage((message) => this.#handle(port, message));
    port.onClose(() => this.#forget(port));
  }

  #handle(port: Port, message: ToHub): void {
    switch (message.op) {
      case "subscribe":
        this.#subscribe(message.channel, message.id, port);
        break;
      case "unsubscribe":
        this.#unsubscribe(message.channel, port);
        post(port, { sockeye: "node", op: "done", id: message.id });
        break;
      case "publish":
        if (this.#uplink === undefined) this.#pass(message.envelopes, port);
        else this.#uplink.publish(message.envelopes);
        break;
      case "store":
        if (this.#uplink?.hasStore) this.#askUplink(this.#uplink, port, message.calls);
        else this.#ask(port, message.calls);
        break;
      case "close":
        this.#forget(port);
    }
  }

  /** What is appended reaches everybody, its sender included, before the answer. */
  #ask(port: Port, calls: readonly { readonly id: number; readonly call: StoreCall }[]): void {
    const appended: Addressed[] = [];
    const answers = calls.map(({ id, call }): StoreAnswer => {
      try {
        const value = this.#store.answer(call, (namespace, bytes, position) => {
          appended.push({ channel: { kind: "all", namespace }, bytes, position });
        });
        return { id, value };
      } catch (thrown) {
        return { id, error: String(thrown) };
      }
    });
    this.#pass(appended);
    post(port, { sockeye: "node", op: "answers", answers });
  }

  #askUplink(uplink: HubUplink, port: Port, calls: readonly { readonly id: number; readonly call: StoreCall }[]): void {
    uplink.answer(calls).then((answers) => post(port, { sockeye: "node", op: "answers", answers }));
  }

  #receiver(): DriverReceiver {
    return {
      onEnvelope: (channel, bytes, position) => {
        if (this.#arrived.length === 0) queueMicrotask(() => this.#passArrived());
        this.#arrived.push({ channel, bytes, position });
      },
      onGap: (channels) => {
        this.#passArrived();
        const keys = channels?.map(channelKey) ?? [...this.#subscriptions.keys()];
        this.#tell(keys, { sockeye: "node", op: "gap" });
      },
      onState: (state) => this.#tell([...this.#subscriptions.keys()], { sockeye: "node", op: "state", ...state }),
    };
  }

  #passArrived(): void {
    const envelopes = this.#arrived;
    this.#arrived = [];
    this.#pass(envelopes);
  }

  /** Each who has subscribed to one of these. */
  #tell(keys: readonly string[], message: ToNode): void {
    const ports = new Set(keys.flatMap((key) => [...(this.#subscriptions.get(key)?.ports ?? [])]));
    for (const port of ports) post(port, message);
  }

  /** As one message per receiver, in order. Its sender hears what all nodes say to each other, and nothing else of its own. */
  #pass(envelopes: readonly Addressed[], sender?: Port): void {
    const batches = new Map<Port, Addressed[]>();
    for (const envelope of envelopes) {
      const { channel } = envelope;
      for (const port of this.#subscriptions.get(channelKey(channel))?.ports ?? []) {
        if (port === sender && channel.kind !== "cluster") continue;
        const batch = batches.get(port);
        if (batch === undefined) batches.set(port, [envelope]);
        else batch.push(envelope);
      }
    }
    for (const [port, batch] of batches) this.#deliver(port, batch);
  }

  #deliver(port: Port, envelopes: readonly Addressed[]): void {
    if (port.queuedBytes > this.#maxQueuedBytes) {
      this.#behind.add(port);
      return;
    }
    if (this.#behind.delete(port)) post(port, { sockeye: "node", op: "gap" });
    post(port, { sockeye: "node", op: "deliver", envelopes });
  }

  #subscribe(channel: Channel, id: number, port: Port): void {
    const subscription = this.#subscriptionTo(channel);
    subscription.ports.add(port);
    if (this.#uplink === undefined) post(port, { sockeye: "node", op: "done", id });
    else
      this.#uplink.subscribe(channel).then(
        () => post(port, { sockeye: "node", op: "done", id }),
        (error) => post(port, { sockeye: "node", op: "done", id, error: String(error) }),
      );
  }

  #subscriptionTo(channel: Channel): Subscription {
    const key = channelKey(channel);
    let subscription = this.#subscriptions.get(key);
    if (subscription === undefined) {
      subscription = { channel, ports: new Set() };
      this.#subscriptions.set(key, subscription);
    }
    return subscription;
  }

  #unsubscribe(channel: Channel, port: Port): void {
    const key = channelKey(channel);
    const ports = this.#subscriptions.get(key)?.ports;
    if (!ports?.delete(port) || ports.size > 0) return;
    this.#subscriptions.delete(key);
    this.#uplink?.unsubscribe(channel);
  }

  #forget(port: Port): void {
    this.#behind.delete(port);
    for (const { channel } of [...this.#subscriptions.values()]) this.#unsubscribe(channel, port);
  }

  /** Leaves the uplink. */
  async close(): Promise<void> {
    await this.#uplink?.close();
  }
}

function warn(error: Error): void {
  console.warn(error);
}

/** A port that has closed will tell so itself. */
function post(port: Port, message: ToNode): void {
  try {
    port.send(message);
  } catch {
    // Its `onClose` follows.
  }
}
