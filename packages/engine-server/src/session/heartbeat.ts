import type { Moment } from "./moment.js";

export interface HeartbeatOptions {
  /** Milliseconds between a sign of life and the next ping. */
  readonly pingInterval: number;
  /** Milliseconds without any sign of life after a ping until the peer is given up. */
  readonly pingTimeout: number;
  /** Milliseconds for which bytes alone, without one whole packet, count as life. */
  readonly unfinishedTimeout: number;
}

const NEVER = -1;

/** What the session has to do when the heartbeat's deadline has come. */
export type HeartbeatVerdict = "wait" | "ping" | "dead";

/**
 * The heartbeat of one session.
 *
 * Any byte from the peer proves life, not only the pong: a peer in the middle of a long upload is not dead. Nothing is
 * done per byte for that; the transport's byte counter is compared when the deadline has come. Time that this process
 * lost by itself (`Moment.stalled`) is given back to the peer.
 *
 * Bytes that never make a packet prove it for `unfinishedTimeout` only: else a peer could hold an unfinished message for
 * ever by adding a byte now and then.
 */
export class Heartbeat {
  readonly #options: HeartbeatOptions;
  /** Who pings: the server in protocol 4, the client in protocol 3. */
  readonly #pinger: "server" | "client";
  // Whole milliseconds and a negative number for "never": a number that is not whole takes 16 bytes of its own in every session.

  /** A ping (or, with a pinging client, its next ping) is awaited since this moment. */
  #awaiting: boolean;
  #bytes = 0;
  #stalled = 0;
  #packets = 0;
  /** Since when there were bytes but no packets. */
  #partialSince = NEVER;
  #deadline = NEVER;

  constructor(options: HeartbeatOptions, pinger: "server" | "client") {
    this.#options = options;
    this.#pinger = pinger;
    this.#awaiting = pinger === "client";
  }

  /** When {@link expire} wants to be called; `Infinity` when never. */
  get deadline(): number {
    return this.#deadline === NEVER ? Number.POSITIVE_INFINITY : this.#deadline;
  }

  start(moment: Moment, bytesRead: number): void {
    this.#rest(moment, bytesRead);
  }

  /** The pong (or the client's ping) arrived. */
  beat(moment: Moment, bytesRead: number): void {
    this.#rest(moment, bytesRead);
  }

  /** The transport was exchanged: its counter starts anew. */
  rebase(bytesRead: number): void {
    this.#bytes = bytesRead - 1; // the exchange itself was a sign of life
  }

  stop(): void {
    this.#deadline = NEVER;
  }

  expire(moment: Moment, bytesRead: number, packetsRead: number): HeartbeatVerdict {
    if (moment.now < this.deadline) return "wait";
    if (!this.#awaiting) {
      this.#packets = packetsRead;
      return this.#ping(moment, bytesRead);
    }
    const lost = moment.stalled - this.#stalled;
    if (lost > 0) {
      this.#stalled = moment.stalled;
      this.#deadline += Math.ceil(lost);
      if (moment.now < this.#deadline) return "wait";
    }
    if (bytesRead === this.#bytes || this.#isStuck(moment, packetsRead)) return "dead";
    // Something came in, only not the heartbeat: alive. A silent client-side timer still wants its ping.
    if (this.#pinger === "server") return this.#ping(moment, bytesRead);
    this.#rest(moment, bytesRead);
    return "wait";
  }

  /** Whether the peer has been at one message for too long. */
  #isStuck(moment: Moment, packetsRead: number): boolean {
    if (packetsRead !== this.#packets) {
      this.#packets = packetsRead;
      this.#partialSince = NEVER;
    } else if (this.#partialSince === NEVER) {
      this.#partialSince = this.#deadline - this.#options.pingTimeout;
    }
    return this.#partialSince !== NEVER && moment.now - this.#partialSince >= this.#options.unfinishedTimeout;
  }

  #ping(moment: Moment, bytesRead: number): HeartbeatVerdict {
    this.#awaiting = true;
    this.#bytes = bytesRead;
    this.#stalled = moment.stalled;
    this.#deadline = Math.ceil(moment.now + this.#options.pingTimeout);
    return "ping";
  }

  #rest(moment: Moment, bytesRead: number): void {
    const { pingInterval, pingTimeout } = this.#options;
    this.#bytes = bytesRead;
    this.#stalled = moment.stalled;
    this.#partialSince = NEVER;
    if (this.#pinger === "client") {
      this.#deadline = Math.ceil(moment.now + pingInterval + pingTimeout);
    } else {
      this.#awaiting = false;
      this.#deadline = Math.ceil(moment.now + pingInterval);
    }
  }
}
