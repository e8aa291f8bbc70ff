import type { EventPacket } from "@sockeye/socketio-parser";
import { asError } from "./errors.js";
import { type ConnectionMember, DISPATCH } from "./ports.js";

/** Places that are kept free from one turn to the next. */
const MOST_KEPT = 16_384;
/** From this many on events are handed over at the end of the tick: what waits for the end of a turn is bounded. */
const MOST_WAITING = 64;

/**
 * Events between their arrival and the application. They are handed over together once the transport is done with what it
 * was reading, so that a DISCONNECT which came in the same breath takes effect first: an application never hears of a
 * socket that has left. When that is, the engine says ({@link handOver}). Where it does not, the first event of a turn of the
 * event loop, with whatever came in the same breath, is handed over as soon as the code that read it is done, so that what it
 * causes leaves in this turn, by way of other libraries too; those behind it are handed over at the end of the turn.
 * Nothing is allocated per event: the places of those handed over are filled again.
 */
export class IncomingQueue {
  #receivers: (ConnectionMember | undefined)[] = [];
  #packets: (EventPacket | undefined)[] = [];
  /** Both arrays are filled up to here. */
  #end = 0;
  #busy = false;
  /** The queue will be looked at: at the end of this tick, at the end of this turn. */
  #tickComes = false;
  #turnEnds = false;
  readonly #atTick = (): void => {
    this.#tickComes = false;
    this.handOver();
  };
  readonly #atTurn = (): void => {
    this.#turnEnds = false;
    this.handOver();
  };
  readonly #afterFirst = (): void => this.handOver();

  /** @param failed hears of what dispatching one event threw; the others are not held up by it */
  constructor(private readonly failed: (error: Error) => void) {}

  /** @param patient whether the event may wait for the end of the turn: not with engines that we know nothing about */
  push(receiver: ConnectionMember, packet: EventPacket, patient: boolean): void {
    this.#receivers[this.#end] = receiver;
    this.#packets[this.#end++] = packet;
    if (patient && this.#end < MOST_WAITING) this.#awaitTurn();
    else this.#awaitTick();
  }

  /**
   * Hands over what waits; what comes in meanwhile waits on. A call from within (a listener that ends connections) does
   * nothing: the events that are left have their turn when the listener has returned.
   */
  handOver(): void {
    if (this.#busy || this.#end === 0) return;
    this.#busy = true;
    const end = this.#end;
    for (let i = 0; i < end; i++) {
      const receiver = this.#receivers[i]!;
      const packet = this.#packets[i]!;
      this.#receivers[i] = undefined;
      this.#packets[i] = undefined;
      this.#dispatch(receiver, packet);
    }
    this.#moveUp(end);
    this.#busy = false;
  }

  #awaitTick(): void {
    if (this.#tickComes) return;
    this.#tickComes = true;
    process.nextTick(this.#atTick);
  }

  #awaitTurn(): void {
    if (this.#turnEnds || this.#tickComes) return;
    this.#turnEnds = true;
    setImmediate(this.#atTurn);
    // For one event in a turn this costs nothing that can be measured.
    void Promise.resolve().then(this.#afterFirst);
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
