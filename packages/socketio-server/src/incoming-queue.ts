import type { EventPacket } from "@sockeye/socketio-parser";
import { asError } from "./errors.js";
import { type ConnectionMember, DISPATCH } from "./ports.js";

/** Places that are kept free from one tick to the next. */
const MOST_KEPT = 16_384;

/**
 * Events between their arrival and the application. They are handed over together once the transport is done with what it
 * was reading, so that a DISCONNECT (or the end of the connection) which came in the same breath takes effect first: an
 * application never hears of a socket that has left. Nothing is allocated per event: the places of those handed over are
 * filled again.
 */
export class IncomingQueue {
  #receivers: (ConnectionMember | undefined)[] = [];
  #packets: (EventPacket | undefined)[] = [];
  /** Both arrays are filled up to here. */
  #end = 0;
  #scheduled = false;
  readonly #drain = (): void => this.#handOver();

  /** @param failed hears of what dispatching one event threw; the others are not held up by it */
  constructor(private readonly failed: (error: Error) => void) {}

  push(receiver: ConnectionMember, packet: EventPacket): void {
    this.#receivers[this.#end] = receiver;
    this.#packets[this.#end++] = packet;
    if (this.#scheduled) return;
    this.#scheduled = true;
    process.nextTick(this.#drain);
  }

  /** What comes in meanwhile has a tick of its own. */
  #handOver(): void {
    const end = this.#end;
    this.#scheduled = false;
    for (let i = 0; i < end; i++) {
      const receiver = this.#receivers[i]!;
      const packet = this.#packets[i]!;
      this.#receivers[i] = undefined;
      this.#packets[i] = undefined;
      this.#dispatch(receiver, packet);
    }
    this.#moveUp(end);
  }

  #moveUp(from: number): void {
    const late = this.#end - from;
    for (let i = 0; i < late; i++) {
      this.#receivers[i] = this.#receivers[from + i];
      this.#packets[i] = this.#packets[from + i];
      this.#receivers[from + i] = undefined;
      this.#packets[from + i] = undefined;
    }
    this.#end = late;
    if (late > 0 || this.#receivers.length <= MOST_KEPT) return;
    this.#receivers = [];
    this.#packets = [];
  }

  #dispatch(receiver: ConnectionMember, packet: EventPacket): void {
    try {
      receiver[DISPATCH](packet);
    } catch (thrown) {
      this.failed(asError(thrown));
    }
  }
}
