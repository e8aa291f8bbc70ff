import { channelKey } from "../channel-key.js";
import { HubStore } from "./hub-store.js";
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

/**
 * The middle of a cluster of processes, in their primary: it knows who has subscribed to what, and passes each envelope to
 * those alone. A reply goes to the node that asked and to nobody else.
 */
export class IpcHub {
  readonly #subscribers = new Map<string, Set<Port>>();
  /** Ports for which something was dropped, and which have not been told. */
  readonly #behind = new Set<Port>();
  readonly #store = new HubStore();
  readonly #maxQueuedBytes: number;

  constructor({ maxQueuedBytes = MAX_QUEUED_BYTES }: IpcLimits = {}) {
    this.#maxQueuedBytes = maxQueuedBytes;
  }

  /** Sizes of what is kept for recovery. */
  get recovery(): { entries: number; sessions: number; bytes: number } {
    return this.#store.inspect();
  }

  /** Number of channels that somebody listens to. */
  get size(): number {
    return this.#subscribers.size;
  }

  attach(port: Port): void {
    port.onMessage((message) => this.#handle(port, message));
    port.onClose(() => this.#forget(port));
  }

  #handle(port: Port, message: ToHub): void {
    switch (message.op) {
      case "subscribe":
        this.#subscribersOf(channelKey(message.channel)).add(port);
        post(port, { sockeye: "node", op: "done", id: message.id });
        break;
      case "unsubscribe":
        this.#unsubscribe(channelKey(message.channel), port);
        post(port, { sockeye: "node", op: "done", id: message.id });
        break;
      case "publish":
        this.#pass(message.envelopes);
        break;
      case "store":
        this.#ask(port, message.calls);
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

  /** As one message per receiver, in order. */
  #pass(envelopes: readonly Addressed[]): void {
    const batches = new Map<Port, Addressed[]>();
    for (const envelope of envelopes) {
      for (const port of this.#subscribers.get(channelKey(envelope.channel)) ?? []) {
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

  #subscribersOf(key: string): Set<Port> {
    let subscribers = this.#subscribers.get(key);
    if (subscribers === undefined) {
      subscribers = new Set();
      this.#subscribers.set(key, subscribers);
    }
    return subscribers;
  }

  #unsubscribe(key: string, port: Port): void {
    const subscribers = this.#subscribers.get(key);
    if (subscribers?.delete(port) && subscribers.size === 0) this.#subscribers.delete(key);
  }

  #forget(port: Port): void {
    this.#behind.delete(port);
    for (const key of [...this.#subscribers.keys()]) this.#unsubscribe(key, port);
  }
}

/** A port that has closed will tell so itself. */
function post(port: Port, message: ToNode): void {
  try {
    port.send(message);
  } catch {
    // Its `onClose` follows.
  }
}
