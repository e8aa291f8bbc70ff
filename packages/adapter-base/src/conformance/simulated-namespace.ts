import type { EncodedPacket } from "@sockeye/socketio-parser";
import {
  ADAPTER_HOST,
  type Adapter,
  type AdapterHost,
  type AdapterTarget,
  type BroadcastAckSink,
  type BroadcastFlags,
  type HostSocket,
  type OutgoingBroadcast,
  type OutgoingEvent,
  type RecoverySettings,
  type Room,
  type Selection,
  type SocketId,
} from "../contract.js";
import { decodeSimulated, encodeSimulated } from "./simulated-codec.js";

/** One event as it reached a socket's client. */
export interface Received {
  readonly data: readonly unknown[];
  readonly offset?: string | undefined;
}

interface Question {
  readonly id: number;
  answer(args: unknown[]): void;
  gone(): void;
}

/** A socket whose client is the test: what it receives is a list, what it answers is a call. */
export class SimulatedSocket implements HostSocket {
  readonly handshake = { address: "127.0.0.1" };
  readonly received: Received[] = [];
  data: unknown = {};
  connected = true;
  closed = false;
  readonly #namespace: SimulatedNamespace;
  readonly #questions = new Map<number, Question>();

  constructor(
    readonly id: SocketId,
    namespace: SimulatedNamespace,
  ) {
    this.#namespace = namespace;
  }

  /** The events received, each as `[name, ...args]`. */
  get events(): (readonly unknown[])[] {
    return this.received.map(({ data }) => data);
  }

  get rooms(): Set<Room> {
    return this.#namespace.adapter.socketRooms(this.id) ?? new Set();
  }

  join(rooms: Room | Room[]): void | Promise<void> {
    return this.#namespace.adapter.addAll(this.id, new Set(Array.isArray(rooms) ? rooms : [rooms]));
  }

  leave(room: Room): void | Promise<void> {
    return this.#namespace.adapter.del(this.id, room);
  }

  /** What `socket.emit` does: straight to this socket, in order with broadcasts. */
  emit(...data: [event: string, ...args: unknown[]]): void {
    this.received.push({ data });
  }

  disconnect(close = false): void {
    if (!this.connected) return;
    this.connected = false;
    this.closed = close;
    this.#namespace.sockets.delete(this.id);
    this.#namespace.adapter.delAll(this.id);
    for (const question of this.#questions.values()) question.gone();
    this.#questions.clear();
  }

  /** Answers the oldest event that asked for it. */
  answer(...args: unknown[]): void {
    for (const question of this.#questions.values()) {
      this.#questions.delete(question.id);
      question.answer(args);
      return;
    }
  }

  ask(question: Question): void {
    this.#questions.set(question.id, question);
  }

  /** Where the incumbent's adapters write. */
  readonly client = {
    writeToEngine: (encoded: EncodedPacket): void => {
      this.received.push({ data: decodeSimulated(encoded).data });
    },
  };

  /** Where the incumbent's adapters leave their acknowledgement callbacks. */
  readonly acks = {
    set: (id: number, answer: (...args: unknown[]) => void): void => {
      this.ask({ id, answer: (args) => answer(...args), gone() {} });
    },
  };

  notifyOutgoingListeners(): void {}
}

export interface SimulatedNamespaceOptions {
  readonly name?: string;
  readonly parserId?: string;
  readonly recovery?: RecoverySettings;
}

/**
 * A namespace without a server: sockets that are lists, for tests of adapters. It offers both our {@link AdapterHost} and
 * what the incumbent's adapters reach for.
 */
export class SimulatedNamespace implements AdapterTarget {
  readonly name: string;
  readonly sockets = new Map<SocketId, SimulatedSocket>();
  readonly serverSideEvents: unknown[][] = [];
  readonly errors: Error[] = [];
  /** What the incumbent's adapters look for on the server. */
  readonly server: {
    encoder: { encode: typeof encodeSimulated };
    opts: { connectionStateRecovery?: RecoverySettings };
  };
  readonly [ADAPTER_HOST]: AdapterHost;
  adapter!: Adapter;
  _ids = 0;

  constructor({ name = "/", parserId = "simulated", recovery }: SimulatedNamespaceOptions = {}) {
    this.name = name;
    this.server = { encoder: { encode: encodeSimulated }, opts: { connectionStateRecovery: recovery } };
    this[ADAPTER_HOST] = new SimulatedHost(this, parserId, recovery);
  }

  /** A connected socket, in the room of its id and these. */
  async connect(id: SocketId, ...rooms: Room[]): Promise<SimulatedSocket> {
    const socket = new SimulatedSocket(id, this);
    this.sockets.set(id, socket);
    await this.adapter.addAll(id, new Set([id, ...rooms]));
    return socket;
  }

  /** A socket that is connected, and in its rooms on this node, in the same turn. */
  enter(id: SocketId, rooms: readonly Room[]): SimulatedSocket {
    const socket = new SimulatedSocket(id, this);
    this.sockets.set(id, socket);
    void this.adapter.addAll(id, new Set([id, ...rooms]));
    return socket;
  }

  _onServerSideEmit(args: unknown[]): void {
    const answer = args.at(-1);
    this.serverSideEvents.push(typeof answer === "function" ? args.slice(0, -1) : args);
    if (typeof answer === "function" && args[0] !== "unanswered") answer(`answer to ${args[1]}`);
  }
}

class SimulatedHost implements AdapterHost {
  readonly name: string;
  readonly encode = encodeSimulated;

  constructor(
    private readonly namespace: SimulatedNamespace,
    readonly parserId: string,
    readonly recovery: RecoverySettings | undefined,
  ) {
    this.name = namespace.name;
  }

  decode(encoded: EncodedPacket): OutgoingEvent | undefined {
    try {
      return decodeSimulated(encoded);
    } catch {
      return undefined;
    }
  }

  deliver(broadcast: OutgoingBroadcast, selection: Selection): void {
    const { data } = decodeSimulated(broadcast.encoded);
    selection.forEach((id) => {
      this.namespace.sockets.get(id)?.received.push({ data, offset: broadcast.offset });
    });
  }

  deliverWithAck(event: OutgoingEvent, _flags: BroadcastFlags, selection: Selection, sink: BroadcastAckSink): void {
    const id = this.namespace._ids++;
    const { data } = decodeSimulated(encodeSimulated(event));
    let clients = 0;
    selection.forEach((socketId) => {
      const socket = this.namespace.sockets.get(socketId);
      if (socket === undefined) return;
      clients++;
      socket.received.push({ data });
      socket.ask({ id, answer: (args) => sink.onAck(args), gone: () => sink.onGone() });
    });
    sink.onClientCount(clients);
  }

  socket(id: SocketId): HostSocket | undefined {
    return this.namespace.sockets.get(id);
  }

  socketIds(): IterableIterator<SocketId> {
    return this.namespace.sockets.keys();
  }

  onServerSideEmit(args: unknown[]): void {
    this.namespace._onServerSideEmit(args);
  }

  reportError(error: Error): void {
    this.namespace.errors.push(error);
  }
}
