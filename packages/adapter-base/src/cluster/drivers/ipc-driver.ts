import type { Channel, ClusterDriver, DriverCapabilities, DriverReceiver, NodeId } from "../contract.js";
import { ClusterError } from "../errors.js";
import type { RecoveryStore } from "../recovery/contract.js";
import {
  type Addressed,
  CONFIRM_TIMEOUT,
  type IpcLimits,
  type IpcPort,
  MAX_QUEUED_BYTES,
  type StoreAnswer,
  type StoreCall,
  type ToHub,
  type ToNode,
} from "./ipc-messages.js";
import { IpcStore } from "./ipc-store.js";

/** What goes out together, in order. */
type Outgoing =
  | { readonly sockeye: "hub"; readonly op: "publish"; readonly envelopes: Addressed[] }
  | {
      readonly sockeye: "hub";
      readonly op: "store";
      readonly calls: { readonly id: number; readonly call: StoreCall }[];
    };

interface Question {
  resolve(value: StoreAnswer["value"]): void;
  reject(error: ClusterError): void;
  readonly timer: ReturnType<typeof setTimeout>;
}

/** A node of a cluster of processes: speaks to the {@link IpcHub} in the primary. */
export class IpcDriver implements ClusterDriver {
  readonly capabilities: DriverCapabilities = {
    ordered: true,
    interest: true,
    replay: false,
    echo: "cluster",
    maxEnvelopeBytes: 32 * 1024 * 1024,
  };
  /** Sessions are kept in the primary, and outlive the workers. */
  readonly recovery: RecoveryStore = new IpcStore((call) => this.#askStore(call));
  readonly #port: IpcPort<ToHub, ToNode>;
  readonly #maxQueuedBytes: number;
  readonly #confirmTimeout: number;
  /** Subscriptions that the hub has not confirmed yet. */
  readonly #pending = new Map<number, (error?: string) => void>();
  #receiver: DriverReceiver | undefined;
  /** What was asked of the store, and is not answered. */
  readonly #questions = new Map<number, Question>();
  #outbox: Outgoing[] = [];
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
    this.#check(envelope);
    const last = this.#outbox.at(-1);
    const addressed = { channel, bytes: envelope };
    if (last?.op === "publish") last.envelopes.push(addressed);
    else this.#outbox.push({ sockeye: "hub", op: "publish", envelopes: [addressed] });
    return this.#flushSoon();
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

  /** In order with what is published. */
  async #askStore(call: StoreCall): Promise<StoreAnswer["value"]> {
    this.#check("bytes" in call ? call.bytes : NOTHING);
    const id = ++this.#ids;
    const answered = new Promise<StoreAnswer["value"]>((resolve, reject) => {
      const timer = setTimeout(() => this.#fail(id, "it does not answer"), this.#confirmTimeout);
      this.#questions.set(id, { resolve, reject, timer });
    });
    const last = this.#outbox.at(-1);
    if (last?.op === "store") last.calls.push({ id, call });
    else this.#outbox.push({ sockeye: "hub", op: "store", calls: [{ id, call }] });
    this.#flushSoon().catch((error: ClusterError) => this.#fail(id, error));
    return answered;
  }

  #answered({ id, value, error }: StoreAnswer): void {
    const question = this.#questions.get(id);
    if (error !== undefined) this.#fail(id, error);
    else if (question !== undefined) {
      this.#questions.delete(id);
      clearTimeout(question.timer);
      question.resolve(value);
    }
  }

  #fail(id: number, cause: unknown): void {
    const question = this.#questions.get(id);
    this.#questions.delete(id);
    clearTimeout(question?.timer);
    question?.reject(cause instanceof ClusterError ? cause : unreachable(cause));
  }

  #check(envelope: Uint8Array): void {
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
  }

  #flushSoon(): Promise<void> {
    this.#flushed ??= Promise.resolve().then(() => this.#flush());
    return this.#flushed;
  }

  #ask(op: "subscribe" | "unsubscribe", channel: Channel): Promise<void> {
    if (this.#closed) return Promise.resolve();
    const id = ++this.#ids;
    return new Promise((resolve, reject) => {
      const expire = () => this.#refuse(id, reject, "it does not answer: setupPrimary() has to be called there");
      const timer = setTimeout(expire, this.#confirmTimeout);
      this.#pending.set(id, (error) => {
        clearTimeout(timer);
        if (error === undefined) resolve();
        else this.#refuse(id, reject, error);
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
    const messages = this.#outbox;
    this.#outbox = [];
    this.#flushed = undefined;
    try {
      for (const message of messages) this.#port.send(message);
    } catch (cause) {
      throw unreachable(cause);
    }
  }

  #handle(message: ToNode): void {
    switch (message.op) {
      case "deliver":
        for (const { channel, bytes, position } of message.envelopes) {
          this.#receiver?.onEnvelope(channel, bytes, position);
        }
        break;
      case "answers":
        for (const answer of message.answers) this.#answered(answer);
        break;
      case "gap":
        this.#receiver?.onGap();
        break;
      case "state":
        this.#receiver?.onState({ publish: message.publish, receive: message.receive });
        break;
      case "done":
        this.#pending.get(message.id)?.(message.error);
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
    for (const id of [...this.#questions.keys()]) this.#fail(id, "it is gone");
  }
}

const NOTHING = new Uint8Array(0);

function unreachable(cause: unknown): ClusterError {
  const reason = typeof cause === "string" ? `: ${cause}` : "";
  return new ClusterError("ERR_SOCKEYE_CLUSTER_PUBLISH", `the primary process cannot be reached${reason}`, { cause });
}
