import type { Channel, ClusterDriver, DriverCapabilities, DriverReceiver, NodeId } from "../contract.js";
import { ClusterError } from "../errors.js";
import {
  type Addressed,
  CONFIRM_TIMEOUT,
  type IpcLimits,
  type IpcPort,
  MAX_QUEUED_BYTES,
  type ToHub,
  type ToNode,
} from "./ipc-messages.js";

/** A node of a cluster of processes: speaks to the {@link IpcHub} in the primary. */
export class IpcDriver implements ClusterDriver {
  readonly capabilities: DriverCapabilities = {
    ordered: true,
    interest: true,
    replay: false,
    echo: true,
    maxEnvelopeBytes: 32 * 1024 * 1024,
  };
  readonly #port: IpcPort<ToHub, ToNode>;
  readonly #maxQueuedBytes: number;
  readonly #confirmTimeout: number;
  /** Subscriptions that the hub has not confirmed yet. */
  readonly #pending = new Map<number, () => void>();
  #receiver: DriverReceiver | undefined;
  #outbox: Addressed[] = [];
  #flushed: Promise<void> | undefined;
  #ids = 0;
  #closed = false;

  constructor(port: IpcPort<ToHub, ToNode>, limits: IpcLimits = {}) {
    this.#port = port;
    this.#maxQueuedBytes = limits.maxQueuedBytes ?? MAX_QUEUED_BYTES;
    this.#confirmTimeout = limits.confirmTimeout ?? CONFIRM_TIMEOUT;
  }

  async start(_node: NodeId, receiver: DriverReceiver): Promise<void> {
    this.#receiver = receiver;
    this.#port.onMessage((message) => this.#handle(message));
    this.#port.onClose(() => this.#lost());
  }

  subscribe(channel: Channel): Promise<void> {
    return this.#ask("subscribe", channel);
  }

  unsubscribe(channel: Channel): Promise<void> {
    return this.#ask("unsubscribe", channel);
  }

  /** What is published in one turn goes as one message. */
  async publish(channel: Channel, envelope: Uint8Array): Promise<void> {
    if (this.#closed) throw new ClusterError("ERR_SOCKEYE_CLUSTER_CLOSED", "the driver was closed");
    if (envelope.byteLength > this.capabilities.maxEnvelopeBytes) {
      throw new ClusterError(
        "ERR_SOCKEYE_CLUSTER_TOO_LARGE",
        `an envelope of ${envelope.byteLength} bytes is too large`,
      );
    }
    if (this.#port.queuedBytes > this.#maxQueuedBytes) {
      throw new ClusterError("ERR_SOCKEYE_CLUSTER_PUBLISH", "the primary process does not read");
    }
    this.#outbox.push({ channel, bytes: envelope });
    this.#flushed ??= Promise.resolve().then(() => this.#flush());
    return this.#flushed;
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    await this.#flushed?.catch(() => undefined);
    this.#closed = true;
    try {
      this.#port.send({ sockeye: "hub", op: "close" });
    } catch {
      // The primary is gone, and with it the subscriptions.
    }
    this.#settlePending();
    this.#port.detach();
  }

  #ask(op: "subscribe" | "unsubscribe", channel: Channel): Promise<void> {
    if (this.#closed) return Promise.resolve();
    const id = ++this.#ids;
    return new Promise((resolve, reject) => {
      const expire = () => this.#refuse(id, reject, "it does not answer: setupPrimary() has to be called there");
      const timer = setTimeout(expire, this.#confirmTimeout);
      this.#pending.set(id, () => {
        clearTimeout(timer);
        resolve();
      });
      try {
        this.#port.send({ sockeye: "hub", op, channel, id });
      } catch (cause) {
        clearTimeout(timer);
        this.#refuse(id, reject, cause);
      }
    });
  }

  #refuse(id: number, reject: (error: ClusterError) => void, cause: unknown): void {
    this.#pending.delete(id);
    reject(unreachable(cause));
  }

  #flush(): void {
    const envelopes = this.#outbox;
    this.#outbox = [];
    this.#flushed = undefined;
    try {
      this.#port.send({ sockeye: "hub", op: "publish", envelopes });
    } catch (cause) {
      throw unreachable(cause);
    }
  }

  #handle(message: ToNode): void {
    switch (message.op) {
      case "deliver":
        for (const { channel, bytes } of message.envelopes) this.#receiver?.onEnvelope(channel, bytes);
        break;
      case "gap":
        this.#receiver?.onGap();
        break;
      case "done":
        this.#pending.get(message.id)?.();
        this.#pending.delete(message.id);
    }
  }

  #lost(): void {
    this.#settlePending();
    this.#receiver?.onState({ publish: "down", receive: "down" });
  }

  #settlePending(): void {
    for (const resolve of this.#pending.values()) resolve();
    this.#pending.clear();
  }
}

function unreachable(cause: unknown): ClusterError {
  const reason = typeof cause === "string" ? `: ${cause}` : "";
  return new ClusterError("ERR_SOCKEYE_CLUSTER_PUBLISH", `the primary process cannot be reached${reason}`, { cause });
}
