import type { EventPacket } from "@sockeye/socketio-parser";
import { asError } from "./errors.js";
import { type ConnectionMember, DISPATCH } from "./ports.js";

/**
 * Events between their arrival and the application. They are handed over together once the transport is done with what it
 * was reading, so that a DISCONNECT (or the end of the connection) which came in the same breath takes effect first: an
 * application never hears of a socket that has left. Two arrays are used in turn; nothing is allocated per event.
 */
export class IncomingQueue {
  #receivers: ConnectionMember[] = [];
  #packets: EventPacket[] = [];
  #spareReceivers: ConnectionMember[] = [];
  #sparePackets: EventPacket[] = [];
  readonly #drain = (): void => this.#handOver();

  /** @param failed hears of what dispatching one event threw; the others are not held up by it */
  constructor(private readonly failed: (error: Error) => void) {}

  push(receiver: ConnectionMember, packet: EventPacket): void {
    if (this.#receivers.push(receiver) === 1) process.nextTick(this.#drain);
    this.#packets.push(packet);
  }

  #handOver(): void {
    const receivers = this.#receivers;
    const packets = this.#packets;
    this.#receivers = this.#spareReceivers;
    this.#packets = this.#sparePackets;
    for (let i = 0; i < receivers.length; i++) this.#dispatch(receivers[i]!, packets[i]!);
    receivers.length = 0;
    packets.length = 0;
    this.#spareReceivers = receivers;
    this.#sparePackets = packets;
  }

  #dispatch(receiver: ConnectionMember, packet: EventPacket): void {
    try {
      receiver[DISPATCH](packet);
    } catch (thrown) {
      this.failed(asError(thrown));
    }
  }
}
