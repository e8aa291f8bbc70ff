import type {
  AdapterHost,
  AdapterTarget,
  BroadcastAckSink,
  BroadcastFlags,
  HostSocket,
  OutgoingBroadcast,
  OutgoingEvent,
  Selection,
  SocketId,
} from "../../src/contract.js";
import { ADAPTER_HOST } from "../../src/contract.js";

export interface Delivery {
  readonly to: SocketId[];
  readonly broadcast: OutgoingBroadcast;
}

/** An adapter's host that writes nothing and remembers what it was told. */
export class StubHost implements AdapterHost {
  readonly name: string = "/";
  readonly parserId: string | undefined = "stub";
  readonly deliveries: Delivery[] = [];
  readonly asked: { event: OutgoingEvent; flags: BroadcastFlags; to: SocketId[]; sink: BroadcastAckSink }[] = [];
  readonly serverSideEvents: unknown[][] = [];
  readonly errors: Error[] = [];
  readonly connected = new Map<SocketId, HostSocket>();
  readonly target: AdapterTarget;

  constructor() {
    this.target = { name: this.name, [ADAPTER_HOST]: this };
  }

  encode(event: OutgoingEvent): string[] {
    return [JSON.stringify(event.data)];
  }

  decode(encoded: readonly unknown[]): OutgoingEvent {
    return { type: 2, data: JSON.parse(String(encoded[0])) };
  }

  deliver(broadcast: OutgoingBroadcast, selection: Selection): void {
    this.deliveries.push({ to: recipients(selection), broadcast });
  }

  deliverWithAck(event: OutgoingEvent, flags: BroadcastFlags, selection: Selection, sink: BroadcastAckSink): void {
    const to = recipients(selection);
    this.asked.push({ event, flags, to, sink });
    sink.onClientCount(to.length);
  }

  socket(id: SocketId): HostSocket | undefined {
    return this.connected.get(id);
  }

  socketIds(): IterableIterator<SocketId> {
    return this.connected.keys();
  }

  onServerSideEmit(args: unknown[]): void {
    this.serverSideEvents.push(args);
  }

  reportError(error: Error): void {
    this.errors.push(error);
  }
}

export function recipients(selection: Selection): SocketId[] {
  const ids: SocketId[] = [];
  selection.forEach((id) => {
    ids.push(id);
  });
  return ids;
}
