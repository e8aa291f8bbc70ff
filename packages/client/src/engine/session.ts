import type { EnginePacket, Handshake, PacketType } from "@sockeye/engine-parser";
import type { SessionState } from "../contract.js";
import type { OutgoingPacket } from "./contract.js";
import { encodedSize } from "./size.js";

/**
 * The client's side of Engine.IO protocol 4, without clock, timers or sockets: packets and the time go in, a verdict
 * comes out. What moves bytes is in `engine.ts`; what the bytes mean is here.
 */

/** What the owner has to do about a packet. */
export type Verdict =
  /** The session begins: read the handshake. */
  | "open"
  /** Answer a ping. */
  | "pong"
  /** Hand a message on. */
  | "message"
  | "ignore"
  /** The server closed the session. */
  | "close"
  /** The server broke the protocol. */
  | "error";

type Row = Partial<Record<PacketType, Verdict>>;

const RUNNING: Row = { ping: "pong", message: "message", noop: "ignore", close: "close" };

/**
 * The law: state x packet -> verdict; a pair that is not there is a violation. Pong and upgrade are the client's own
 * words (the pong of an upgrade arrives on the transport that is being probed, never here).
 */
export const LAW: Readonly<Record<SessionState, Row>> = {
  opening: { open: "open", close: "close" },
  open: RUNNING,
  // What was under way when `close()` was called still counts.
  closing: RUNNING,
  // Nothing counts any more; `receive` does not look here.
  closed: {},
};

export class Session {
  state: SessionState = "opening";
  handshake: Handshake | undefined;
  /** Set while the session moves to another transport: nothing may leave on the old one. */
  held = false;
  /** Packets not yet handed over, those in flight first. */
  outbox: OutgoingPacket[] = [];
  /** When silence becomes a dead connection; milliseconds on the owner's clock. */
  deadline = Infinity;
  #inFlight = 0;

  /** Judges a packet. For `open` the owner calls {@link Session.open} next. */
  receive(packet: EnginePacket, now: number): Verdict {
    if (this.state === "closed") return "ignore";
    this.#touch(now);
    return LAW[this.state][packet.type] ?? "error";
  }

  open(handshake: Handshake, now: number): void {
    this.handshake = handshake;
    this.state = "open";
    this.#touch(now);
  }

  /** Queues a packet; refused once the session is closing. */
  push(packet: OutgoingPacket): boolean {
    const accepted = this.state === "opening" || this.state === "open";
    if (accepted) this.outbox.push(packet);
    return accepted;
  }

  /**
   * The packets to hand over now; they stay in the outbox until {@link Session.handedOver}. `limit` is the server's
   * `maxPayload` where packets share one body: as many as fit leave, and one that is too large on its own leaves alone,
   * for the server to judge.
   */
  take(limit?: number): readonly OutgoingPacket[] {
    const { outbox } = this;
    if (!this.handshake || this.held || this.#inFlight) return [];
    this.#inFlight = limit ? countWithin(outbox, limit) : outbox.length;
    return outbox.slice(0, this.#inFlight);
  }

  /** The batch is gone. Returns whether there was one, and it was the last. */
  handedOver(): boolean {
    const sent = this.outbox.splice(0, this.#inFlight);
    this.#inFlight = 0;
    return sent.length > 0 && !this.outbox.length;
  }

  /**
   * The server was heard. Any packet counts, not pings alone: a ping that waits behind a large message on a slow line
   * is no reason to give the line up.
   */
  #touch(now: number): void {
    if (this.handshake) this.deadline = now + this.handshake.pingInterval + this.handshake.pingTimeout;
  }
}

function countWithin(outbox: readonly OutgoingPacket[], limit: number): number {
  let size = -1;
  let count = 0;
  for (const { data } of outbox) {
    // Separator, type, data.
    size += 2 + encodedSize(data ?? "", true);
    if (count && size > limit) break;
    count++;
  }
  return count;
}
