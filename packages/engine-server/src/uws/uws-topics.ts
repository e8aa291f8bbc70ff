import type { EngineData, EnginePublishOptions, EngineSocket, EngineTopics, PreparedMessage } from "../contract.js";
import type { FlushQueue } from "../flush-queue.js";
import { prepareMessages } from "../session/outbox.js";
import { protocolV4 } from "../session/protocol.js";
import { Socket } from "../socket.js";
import type { NativeApp, NativeWebSocket } from "./native.js";
import { bytesOf } from "./uws-frames.js";
import { type TopicKeeper, UwsWebSocketTransport } from "./uws-websocket.js";

/**
 * Topics of the library, as the engine's capability.
 *
 * Order. The library keeps the order of what it is given, but sessions collect what they have to say until the end of the
 * turn. So a publication first flushes them: what was written before it is then with the library, what is written after
 * it comes later by nature. Who cannot be flushed, because its socket is full, is *detached*: it leaves the library's
 * topics until it has drained, and gets publications through its outbox like everything else, with the same budget.
 *
 * Slow readers. What is published piles up in the library for whoever does not read, out of our sight. So after every
 * few bytes published we look at the subscribers and detach those with something left; the library's own limit, which
 * closes connections, stays out of reach.
 */
export class UwsTopics implements EngineTopics, TopicKeeper {
  readonly #flushQueue: FlushQueue;
  /** Bytes published between two looks at who keeps up. */
  readonly #stride: number;
  /** Applications that publications go to, with the smallest message that is worth compressing there. */
  readonly #apps: { readonly app: NativeApp; readonly compressFrom: number }[] = [];
  readonly #attached = new Set<UwsWebSocketTransport>();
  readonly #detached = new Map<string, Set<EngineSocket>>();
  #published = 0;

  constructor(flushQueue: FlushQueue, maxOutboxBytes: number) {
    this.#flushQueue = flushQueue;
    this.#stride = maxOutboxBytes / 4;
  }

  add(app: NativeApp, compressFrom: number): void {
    if (this.#apps.every((known) => known.app !== app)) this.#apps.push({ app, compressFrom });
  }

  /** Subscribers, those that are detached included. */
  get size(): number {
    let detached = 0;
    for (const sockets of this.#detached.values()) detached += sockets.size;
    return this.#attached.size + detached;
  }

  // --- EngineTopics -------------------------------------------------------------------------------------------------

  subscribe(socket: EngineSocket, topic: string): boolean {
    const { transport } = socket;
    if (!(transport instanceof UwsWebSocketTransport) || transport.socket === undefined || transport.ended)
      return false;
    // One form for all: those who need another are not reached.
    if (transport.protocol !== protocolV4 || !transport.supportsBinary) return false;
    const { native, topics } = this.#subscriptionsOf(transport, socket);
    if (topics.has(topic)) return true;
    topics.add(topic);
    if (native) transport.socket.subscribe(topic);
    else this.#detach(socket, topic);
    return true;
  }

  unsubscribe(socket: EngineSocket, topic: string): void {
    const { transport } = socket;
    if (!(transport instanceof UwsWebSocketTransport)) return;
    const { subscriptions } = transport;
    if (subscriptions?.topics.delete(topic) !== true) return;
    if (subscriptions.native) leave(transport.socket, topic, subscriptions.topics.size === 0);
    else this.#reattach(socket, topic);
    if (subscriptions.topics.size === 0) this.forget(transport);
  }

  publish(
    topic: string,
    messages: readonly EngineData[],
    { except, compress = true }: EnginePublishOptions = ALL,
  ): void {
    this.#flushQueue.flush();
    const frames: Uint8Array[] = [];
    for (let i = 0; i < messages.length; i++) frames.push(frameOf(messages[i]!));
    this.#lookAfter(frames);
    const sender = except === undefined ? undefined : nativeSubscriber(except, topic);
    for (let i = 0; i < frames.length; i++) {
      this.#publishFrame(topic, frames[i]!, typeof messages[i] !== "string", compress, sender);
    }
    const detached = this.#detached.size === 0 ? undefined : this.#detached.get(topic);
    if (detached !== undefined) this.#write(detached, prepareMessages(messages, compress, false), except);
  }

  // --- TopicKeeper --------------------------------------------------------------------------------------------------

  detach(transport: UwsWebSocketTransport): void {
    const { subscriptions, socket } = transport;
    if (subscriptions?.native !== true) return;
    subscriptions.native = false;
    this.#attached.delete(transport);
    for (const topic of subscriptions.topics) {
      leave(socket, topic, true);
      this.#detach(subscriptions.socket, topic);
    }
  }

  attach(transport: UwsWebSocketTransport): void {
    const { subscriptions, socket } = transport;
    if (subscriptions === undefined || subscriptions.native) return;
    subscriptions.native = true;
    this.#attached.add(transport);
    for (const topic of subscriptions.topics) {
      socket?.subscribe(topic);
      this.#reattach(subscriptions.socket, topic);
    }
  }

  forget(transport: UwsWebSocketTransport): void {
    const { subscriptions } = transport;
    if (subscriptions === undefined) return;
    transport.subscriptions = undefined;
    this.#attached.delete(transport);
    if (subscriptions.native) return;
    for (const topic of subscriptions.topics) this.#reattach(subscriptions.socket, topic);
  }

  // --- within -------------------------------------------------------------------------------------------------------

  #subscriptionsOf(transport: UwsWebSocketTransport, socket: EngineSocket) {
    if (transport.subscriptions !== undefined) return transport.subscriptions;
    // What already waits in the outbox must not be overtaken, even when nobody has marked it for flushing yet.
    if (socket instanceof Socket) socket.flush();
    const subscriptions = { socket, topics: new Set<string>(), native: transport.ready };
    transport.subscriptions = subscriptions;
    if (subscriptions.native) this.#attached.add(transport);
    return subscriptions;
  }

  #publishFrame(
    topic: string,
    data: Uint8Array,
    isBinary: boolean,
    compress: boolean,
    sender: UwsWebSocketTransport | undefined,
  ): void {
    for (let i = 0; i < this.#apps.length; i++) {
      const { app, compressFrom } = this.#apps[i]!;
      const publisher: Pick<NativeWebSocket, "publish"> = sender?.app === app ? sender.socket! : app;
      publisher.publish(topic, data, isBinary, compress && data.length >= compressFrom);
    }
  }

  #write(sockets: ReadonlySet<EngineSocket>, prepared: PreparedMessage, except: EngineSocket | undefined): void {
    for (const socket of sockets) if (socket !== except) socket.writePrepared?.(prepared);
  }

  #lookAfter(frames: readonly Uint8Array[]): void {
    for (let i = 0; i < frames.length; i++) this.#published += frames[i]!.length;
    if (this.#published < this.#stride) return;
    this.#published = 0;
    for (const transport of this.#attached) transport.holdBack();
  }

  #detach(socket: EngineSocket, topic: string): void {
    const sockets = this.#detached.get(topic);
    if (sockets === undefined) this.#detached.set(topic, new Set([socket]));
    else sockets.add(socket);
  }

  #reattach(socket: EngineSocket, topic: string): void {
    const sockets = this.#detached.get(topic);
    sockets?.delete(socket);
    if (sockets?.size === 0) this.#detached.delete(topic);
  }
}

const ALL: EnginePublishOptions = {};

/** A message in protocol 4, text as bytes: some interfaces of the library would encode it anew for each recipient. */
function frameOf(message: EngineData): Uint8Array {
  return typeof message === "string" ? Buffer.from(`4${message}`) : bytesOf(message);
}

/** A topic that nobody publishes to. */
const NOTHING = "sockeye: nothing";

/** With the last topic the library would drop what has been published and not yet written. */
function leave(socket: NativeWebSocket | undefined, topic: string, isLast: boolean): void {
  if (isLast) socket?.subscribe(NOTHING);
  socket?.unsubscribe(topic);
}

/** The excluded socket's own transport, when the library would otherwise reach it. */
function nativeSubscriber(socket: EngineSocket, topic: string): UwsWebSocketTransport | undefined {
  const { transport } = socket;
  if (!(transport instanceof UwsWebSocketTransport) || transport.socket === undefined) return undefined;
  const { subscriptions } = transport;
  return subscriptions?.native === true && subscriptions.topics.has(topic) ? transport : undefined;
}
