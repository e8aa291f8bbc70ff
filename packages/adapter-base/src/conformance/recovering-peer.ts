import assert from "node:assert/strict";
import type { MissedPacket, RecoveryFailure, RecoveryLog } from "../recovery/contract.js";
import { decodeSimulated, encodeSimulated } from "./simulated-codec.js";
import type { SimulatedNamespace, SimulatedSocket } from "./simulated-namespace.js";

/** A client with a session, and what its server does for it: it is cut, noticed or not, and comes back to any node. */
export class RecoveringPeer {
  /** Names of the events it has received. */
  readonly received: unknown[] = [];
  data: unknown = {};
  /** What it would report. */
  offset: string | undefined;
  #namespace!: SimulatedNamespace;
  #socket: SimulatedSocket | undefined;
  /** Events of the socket that it has read. */
  #read = 0;
  #linkUp = false;

  constructor(
    readonly pid: string,
    readonly id = `socket of ${pid}`,
  ) {}

  get isConnected(): boolean {
    return this.#socket?.connected === true;
  }

  /** Whether a node still takes it for connected. */
  get socket(): SimulatedSocket | undefined {
    return this.#socket;
  }

  async connect(namespace: SimulatedNamespace, ...rooms: string[]): Promise<void> {
    const socket = await namespace.connect(this.id, ...rooms);
    this.#open(namespace, socket, []);
    this.offset = logOf(namespace).position?.(this.pid) ?? logOf(namespace).head();
  }

  /** Reads what has arrived. */
  read(): readonly unknown[] {
    const arrived = this.#socket?.received.slice(this.#read) ?? [];
    this.#read += arrived.length;
    if (!this.#linkUp) return this.received;
    for (const { data, offset } of arrived) {
      this.received.push(data[0]);
      this.offset = offset ?? this.offset;
    }
    return this.received;
  }

  /** What `socket.emit` does. */
  emit(name: string): void {
    const log = logOf(this.#namespace);
    const socket = this.#socket;
    const encoded = encodeSimulated({ type: 2, data: [name] });
    const write = (): void => {
      const offset = log.appendPrivate(this.pid, encoded);
      if (socket?.connected) socket.received.push({ data: [name], offset });
    };
    if (log.behind) log.after!(write, this.id);
    else write();
  }

  /** Nothing passes any more, and its node has not noticed. */
  cut(): void {
    this.read();
    this.#linkUp = false;
  }

  /** Its node finds it gone. */
  notice(): void {
    this.cut();
    const socket = this.#socket;
    if (!socket?.connected) return;
    void logOf(this.#namespace).persist({ pid: this.pid, sid: this.id, rooms: [...socket.rooms], data: this.data });
    socket.disconnect();
  }

  /** It is back. */
  async resume(namespace: SimulatedNamespace): Promise<RecoveryFailure | undefined> {
    this.cut();
    if (namespace === this.#namespace) this.notice();
    const result = await logOf(namespace).resume(this.pid, this.offset);
    if (!result.ok) return result.reason;
    const { rooms, data, sid } = result.session;
    assert.equal(sid, this.id);
    this.data = data;
    const socket = namespace.enter(this.id, rooms);
    this.#open(namespace, socket, result.missed);
    return undefined;
  }

  #open(namespace: SimulatedNamespace, socket: SimulatedSocket, missed: readonly MissedPacket[]): void {
    const peer = this;
    const late = logOf(namespace).open({
      pid: this.pid,
      sid: this.id,
      rooms: socket.rooms,
      get data() {
        return peer.data;
      },
      abandon: () => {
        if (socket === this.#socket) this.notice();
      },
    });
    this.#namespace = namespace;
    this.#socket = socket;
    this.#linkUp = true;
    this.#read = 0;
    for (const { encoded, offset } of [...missed, ...late]) {
      socket.received.push({ data: decodeSimulated(encoded).data, offset });
    }
  }
}

function logOf({ adapter }: SimulatedNamespace): RecoveryLog {
  assert.ok(adapter.recovery, "an adapter that supports recovery has a log when the namespace asks for it");
  return adapter.recovery;
}
