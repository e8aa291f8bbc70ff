import type { Deadlines, Timed } from "./deadlines.js";
import type { Moment } from "./session/moment.js";
import type { Transport, TransportOwner } from "./transports/contract.js";
import type { BaseTransport } from "./transports/transport.js";

/** Milliseconds for which a peer that is changing over may take to say so: far more than a round trip. */
const PATIENCE = 1_000;

/**
 * A candidate whose session ended while its peer was changing over to it. The peer has left its former transport and is about
 * to say `5`: there is no request left in which it could be told of the end, and a candidate that closes before that word is
 * to it a failed upgrade, not the end (the official client then waits for the next heartbeat, which never comes). So the
 * candidate closes when the peer has said it, or anything else, and after a moment at the latest.
 */
export class Parting implements TransportOwner, Timed {
  readonly #transport: BaseTransport;
  readonly #deadlines: Deadlines;
  #deadline: number;
  slot: number | undefined = undefined;
  before: Timed | undefined = undefined;
  behind: Timed | undefined = undefined;

  constructor(transport: BaseTransport, deadlines: Deadlines, closeTimeout: number) {
    this.#transport = transport;
    this.#deadlines = deadlines;
    this.#deadline = deadlines.refresh().now + Math.min(PATIENCE, closeTimeout);
    transport.adopt(this);
    deadlines.schedule(this);
  }

  nextDeadline(): number {
    return this.#deadline;
  }

  expire({ now }: Moment): void {
    if (now >= this.#deadline) this.#transport.abort();
  }

  hasQueued(): boolean {
    return false;
  }

  onMessage(): void {
    this.#transport.dismiss();
  }

  onControlPacket(): void {
    this.#transport.dismiss();
  }

  onMalformed(): void {
    this.#transport.dismiss();
  }

  onOverflow(): void {
    this.#transport.abort();
  }

  onRest(): void {}

  onReady(): void {}

  onTransportEnd(_transport: Transport, _error?: Error): void {
    this.#deadline = Number.POSITIVE_INFINITY;
    this.#deadlines.cancel(this);
  }
}
