import type {
  AdapterHost,
  BroadcastAckSink,
  BroadcastFlags,
  HostSocket,
  OutgoingBroadcast,
  OutgoingEvent,
  RecoverySettings,
  Selection,
  SocketId,
} from "@sockeye/adapter-base";
import type { EncodedPacket } from "@sockeye/socketio-parser";
import { BroadcastAck } from "./acks.js";
import type { Codec } from "./codec.js";
import type { Deadlines } from "./deadlines.js";
import { DeliveredBroadcast } from "./delivery.js";
import { asError } from "./errors.js";
import { ACKS, type BroadcastRecipient, DELIVER } from "./ports.js";
import type { TopicFanOut } from "./topic-fan-out.js";

/** What the host needs of its namespace. */
export interface HostedNamespace {
  readonly name: string;
  readonly sockets: ReadonlyMap<SocketId, HostSocket & BroadcastRecipient>;
}

/** Services the host shares with the sockets of its namespace. */
export interface HostServices {
  readonly codec: Codec;
  readonly deadlines: Deadlines;
  /** Milliseconds after which a broadcast acknowledgement without a time of its own is tidied away. */
  readonly ackTimeout: number;
  readonly recovery: RecoverySettings | undefined;
  /** Broadcasts through the engine's topics, where it has them. */
  readonly fanOut: TopicFanOut | undefined;
  nextAckId(): number;
  report(error: Error): void;
  serverSideEvent(args: unknown[]): void;
}

/** All that an adapter can reach of a namespace. */
export class NamespaceHost implements AdapterHost {
  constructor(
    private readonly namespace: HostedNamespace,
    private readonly services: HostServices,
  ) {}

  get name(): string {
    return this.namespace.name;
  }

  get parserId(): string | undefined {
    return this.services.codec.id;
  }

  get recovery(): RecoverySettings | undefined {
    return this.services.recovery;
  }

  encode(event: OutgoingEvent): EncodedPacket {
    return this.services.codec.encodeEvent(this.namespace.name, event.data, event.id);
  }

  decode(encoded: EncodedPacket): OutgoingEvent | undefined {
    return this.services.codec.decode(encoded);
  }

  deliver(broadcast: OutgoingBroadcast, selection: Selection): void {
    const delivered = new DeliveredBroadcast(broadcast, this.services.codec);
    const sockets = this.namespace.sockets;
    const write = (id: SocketId): void => {
      const socket = sockets.get(id);
      if (socket !== undefined) this.#write(socket, delivered);
    };
    if (this.services.fanOut?.deliver(selection, delivered, write) !== true) selection.forEach(write);
  }

  deliverWithAck(event: OutgoingEvent, flags: BroadcastFlags, selection: Selection, sink: BroadcastAckSink): void {
    const id = this.services.nextAckId();
    const encoded = this.services.codec.encodeEvent(this.namespace.name, event.data, id);
    const delivered = new DeliveredBroadcast({ encoded, flags, packet: event }, this.services.codec);
    const ack = new BroadcastAck(id, sink, this.services.deadlines);
    const recipients: (HostSocket & BroadcastRecipient)[] = [];
    selection.forEach((socketId) => {
      const socket = this.namespace.sockets.get(socketId);
      if (socket !== undefined) recipients.push(socket);
    });
    sink.onClientCount(recipients.length);
    if (recipients.length === 0) return;
    for (const socket of recipients) ack.ask(socket[ACKS]());
    this.services.deadlines.set(ack, flags.timeout ?? this.services.ackTimeout);
    for (const socket of recipients) this.#write(socket, delivered);
  }

  socket(id: SocketId): HostSocket | undefined {
    return this.namespace.sockets.get(id);
  }

  socketIds(): IterableIterator<SocketId> {
    return this.namespace.sockets.keys();
  }

  onServerSideEmit(args: unknown[]): void {
    this.services.serverSideEvent(args);
  }

  reportError(error: Error): void {
    this.services.report(error);
  }

  /** One recipient's trouble is its own. */
  #write(socket: BroadcastRecipient, delivered: DeliveredBroadcast): void {
    try {
      socket[DELIVER](delivered);
    } catch (thrown) {
      this.services.report(asError(thrown));
    }
  }
}
