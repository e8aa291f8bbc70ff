import type { SocketId } from "../../names.js";

/** A broadcast that takes its place in the order when somebody says so. */
export interface Waiting {
  readonly sequence: number;
  /** When it began to wait. */
  readonly since: number;
}

interface Operation {
  /** Absent when it was done before its turn. */
  run: (() => void) | undefined;
  /** The socket that it concerns, and nobody else; absent: several. */
  readonly socket: SocketId | undefined;
}

type Step<W extends Waiting> = { readonly waiting: W } | Operation;

/**
 * What this node does to its own sockets, one thing behind the other: behind a broadcast that waits for its place in the shared
 * log waits what was done after it. Empty most of the time, and then nobody need ask it.
 */
export class Turnstile<W extends Waiting> {
  #steps: Step<W>[] = [];
  /** Steps at the front that are past. */
  #past = 0;
  readonly #waiting = new Map<number, W>();

  get size(): number {
    return this.#steps.length - this.#past;
  }

  /** The broadcast that has waited longest. */
  get oldest(): W | undefined {
    for (const waiting of this.#waiting.values()) return waiting;
    return undefined;
  }

  waiting(sequence: number): W | undefined {
    return this.#waiting.get(sequence);
  }

  *allWaiting(): Iterable<W> {
    yield* this.#waiting.values();
  }

  wait(broadcast: W): void {
    this.#waiting.set(broadcast.sequence, broadcast);
    this.#steps.push({ waiting: broadcast });
  }

  after(run: () => void, socket?: SocketId): void {
    this.#steps.push({ run, socket });
  }

  /** Takes out the operation in front and does it; `false` when there is none. */
  runOperation(): boolean {
    const step = this.#steps[this.#past];
    if (step === undefined || "waiting" in step) return false;
    this.#shift();
    step.run?.();
    return true;
  }

  /** The broadcast in front, if it is one. */
  get front(): W | undefined {
    const step = this.#steps[this.#past];
    return step !== undefined && "waiting" in step ? step.waiting : undefined;
  }

  /** Takes out the broadcast in front. */
  shiftBroadcast(): void {
    const { front } = this;
    if (front === undefined) return;
    this.#waiting.delete(front.sequence);
    this.#shift();
  }

  /** One socket cannot wait: shows what is broadcast and does what concerns it alone, in order, before its turn. */
  expedite(socket: SocketId, onBroadcast: (broadcast: W) => void): void {
    for (const step of this.#steps.slice(this.#past)) {
      if ("waiting" in step) onBroadcast(step.waiting);
      else if (step.socket === socket) {
        const { run } = step;
        step.run = undefined;
        run?.();
      }
    }
  }

  #shift(): void {
    this.#steps[this.#past++] = undefined as never;
    if (this.#past === this.#steps.length) {
      this.#steps = [];
      this.#past = 0;
    } else if (this.#past > 64 && this.#past * 2 > this.#steps.length) {
      this.#steps = this.#steps.slice(this.#past);
      this.#past = 0;
    }
  }
}
