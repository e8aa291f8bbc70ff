import type { EnginePacket } from "@sockeye/engine-parser";
import type { EngineCloseReason, EngineData } from "../contract.js";
import { Heartbeat } from "./heartbeat.js";
import { law, type Rule, type SessionEvent, type SessionState, type UnlawfulEvent } from "./law.js";
import type { Moment } from "./moment.js";
import { Outbox, OutgoingPacket } from "./outbox.js";
import type { Protocol } from "./protocol.js";
import { type UpgradeAction, type UpgradeEvent, type UpgradeState, upgradeLaw } from "./upgrade.js";

/**
 * One Engine.IO session as a machine without I/O and without a clock.
 *
 * Inputs are methods (`receive`, `write`, `expire`, ...), time is an argument, outputs go to a {@link SessionPort}, and
 * one number goes out: {@link Session.nextDeadline}. The driver (`socket.ts`) owns transports and timers and makes no
 * decision of its own; what may happen when is written in `law.ts` and `upgrade.ts`.
 */
export interface SessionOptions {
  readonly pingInterval: number;
  readonly pingTimeout: number;
  /** Milliseconds for which bytes that make no packet count as life. */
  readonly unfinishedTimeout: number;
  readonly upgradeTimeout: number;
  /** Milliseconds until a peer must have shown that the handshake reached it. */
  readonly firstPollTimeout: number;
  /** Milliseconds that closing may take without progress. */
  readonly closeTimeout: number;
  readonly maxOutboxBytes: number;
  readonly maxOutboxPackets: number;
}

/** A deadline that is not set. */
const NEVER = -1;

/** What a session asks of its driver. */
export interface SessionPort {
  /** Bytes that the current transport has received so far: the proof of life. */
  bytesRead(): number;
  /** Bytes that the current transport has taken and the operating system has not. */
  heldBytes(): number;
  /** Whether the peer has shown that the handshake reached it. */
  isConfirmed(): boolean;
  /** Hand a message to the application. */
  deliver(data: EngineData): void;
  /** A heartbeat arrived. */
  beat(): void;
  /** Hand the outbox to the transport now, if it takes it. */
  flush(): void;
  /** There is something to write, or the next deadline has come nearer. */
  wake(): void;
  /** Everything is written and the session is closing: end the transport in good order. */
  finish(): void;
  /** The session is over. Called once; the driver ends the transports. */
  ended(reason: EngineCloseReason, details: unknown): void;
  /** End the candidate. */
  rejectCandidate(): void;
}

/** Why the law was broken, for the driver to present as an error. */
export type Breach = "heartbeat direction" | "unexpected packet" | "slow consumer";

/** A breach of the law, as the details of a session's end. */
export class LawBreach {
  readonly kind: Breach;
  /** The event that had no rule. */
  readonly event: string;
  constructor(kind: Breach, event: string) {
    this.kind = kind;
    this.event = event;
  }
}

export class Session {
  // What a broadcast looks at stands first, side by side in memory: with thousands of sessions each line of the cache counts.
  readonly outbox: Outbox;
  readonly #port: SessionPort;
  #state: SessionState = "opening";
  readonly #options: SessionOptions;
  readonly #protocol: Protocol;
  readonly #heartbeat: Heartbeat;
  #upgrade: UpgradeState = "none";
  // Whole milliseconds, as in the heartbeat.
  #upgradeDeadline = NEVER;
  #confirmDeadline = NEVER;
  #closeDeadline = NEVER;
  /** What the transport held when progress of the closing was last looked at. */
  #heldAtClose = 0;
  #finishing = false;
  /** Packets received so far. */
  #received = 0;

  constructor(options: SessionOptions, protocol: Protocol, port: SessionPort) {
    this.#options = options;
    this.#protocol = protocol;
    this.#port = port;
    this.outbox = new Outbox(options);
    this.#heartbeat = new Heartbeat(options, protocol.pinger);
  }

  get state(): SessionState {
    return this.#state;
  }

  get upgrade(): UpgradeState {
    return this.#upgrade;
  }

  /** When {@link expire} wants to be called next; `Infinity` when never. */
  nextDeadline(): number {
    if (this.#state === "closing") return this.#closeDeadline;
    if (this.#state === "closed") return Number.POSITIVE_INFINITY;
    let next = this.#heartbeat.deadline;
    if (this.#upgradeDeadline !== NEVER) next = Math.min(next, this.#upgradeDeadline);
    if (this.#confirmDeadline !== NEVER) next = Math.min(next, this.#confirmDeadline);
    return next;
  }

  // --- inputs -------------------------------------------------------------------------------------------------------

  /** The handshake was accepted: queues the open packet, and the first message if there is one. */
  open(handshake: string, initialPacket: EngineData | undefined, moment: Moment): void {
    this.#apply("opened", moment);
    this.#queue(new OutgoingPacket("open", handshake, true, false));
    if (initialPacket !== undefined) this.#queue(new OutgoingPacket("message", initialPacket, true, false));
    this.#heartbeat.start(moment, this.#port.bytesRead());
    if (!this.#port.isConfirmed()) this.#confirmDeadline = Math.ceil(moment.now + this.#options.firstPollTimeout);
  }

  /** A message arrived on the session's transport. The hot path: no packet object, no clock. */
  receiveMessage(data: EngineData): void {
    this.#received++;
    if (this.#state === "open") this.#port.deliver(data);
  }

  /** Any other packet arrived on the session's transport. */
  receive(packet: EnginePacket, moment: Moment): void {
    if (packet.type === "message") this.receiveMessage(packet.data ?? "");
    else this.#apply(this.#eventOf(packet), moment);
  }

  /** Something arrived that is no packet. */
  receiveMalformed(error: Error, moment: Moment): void {
    this.#apply("malformed", moment, error);
  }

  /** The session's transport ended. */
  transportEnded(error: Error | undefined, moment: Moment): void {
    this.#apply(error === undefined ? "lost" : "broken", moment, error);
  }

  /** Queues one packet (or prepared message); returns whether it was taken. */
  write(packet: OutgoingPacket, moment: Moment): boolean {
    if (this.#state !== "open" && this.#state !== "opening") return false;
    if (this.outbox.mayBeFull() && this.outbox.isFull(this.#port.heldBytes()) && !this.#makeRoom()) {
      this.overflowed(moment);
      return false;
    }
    this.#queue(packet);
    return true;
  }

  /** The peer does not take what it is sent. */
  overflowed(moment: Moment): void {
    this.#apply("overflow", moment, new LawBreach("slow consumer", "overflow"));
  }

  /** The application closes: after what is queued, or at once with `discard`. */
  close(discard: boolean, moment: Moment): void {
    this.#apply(discard ? "drop" : "shut", moment);
  }

  /** The transport can take a batch. */
  transportReady(): void {
    // Nothing to say, but the client waits for this poll to end before it changes transports.
    if (this.#upgrade === "probed" && this.outbox.length === 0) this.#queue(noop());
    else if (this.outbox.length > 0) this.#port.wake();
  }

  /** The outbox was handed to the transport. */
  flushed(moment: Moment): void {
    if (this.#state !== "closing" || this.outbox.length > 0) return;
    this.#closeDeadline = Math.ceil(moment.now + this.#options.closeTimeout);
    this.#finish();
  }

  /** A deadline has come (calls that come too early do no harm). */
  expire(moment: Moment): void {
    if (hasCome(this.#upgradeDeadline, moment)) this.#upgradeEvent("failed", moment);
    if (this.#state === "closing") this.#expireClosing(moment);
    else if (this.#state === "open") this.#expireOpen(moment);
  }

  // --- the upgrade --------------------------------------------------------------------------------------------------

  /** A second transport opened with this session's id; returns whether it may stay. */
  candidateOpened(moment: Moment): boolean {
    // One candidate at a time, and it does not suffer from others who try.
    if (this.#state !== "open" || upgradeLaw[this.#upgrade].candidate === undefined) return false;
    return this.#upgradeEvent("candidate", moment) === "accept";
  }

  /** A packet arrived on the candidate. The driver carries out what is returned; a `reject` is already carried out. */
  receiveFromCandidate(packet: EnginePacket, moment: Moment): UpgradeAction {
    const event: UpgradeEvent =
      packet.type === "ping" && packet.data === "probe" ? "probe" : packet.type === "upgrade" ? "upgrade" : "failed";
    return this.#upgradeEvent(event, moment);
  }

  /** The candidate broke the protocol or took its leave. */
  candidateFailed(moment: Moment): void {
    this.#upgradeEvent("failed", moment);
  }

  /** The driver has made the candidate the session's transport. */
  switched(): void {
    this.#heartbeat.rebase(this.#port.bytesRead());
    if (this.outbox.length > 0) this.#port.wake();
    else if (this.#state === "closing") this.#finish();
  }

  #upgradeEvent(event: UpgradeEvent, moment: Moment): UpgradeAction {
    const rules = upgradeLaw[this.#upgrade];
    const rule = rules[event] ?? rules.failed;
    if (rule === undefined) return "reject";
    this.#upgrade = rule.to;
    if (rule.act === "accept") this.#upgradeDeadline = Math.ceil(moment.now + this.#options.upgradeTimeout);
    if (rule.to === "none" || rule.to === "done") this.#upgradeDeadline = NEVER;
    if (rule.act === "reject") this.#port.rejectCandidate();
    if (rule.act === "accept") this.#port.wake();
    return rule.act;
  }

  // --- the law ------------------------------------------------------------------------------------------------------

  #eventOf(packet: EnginePacket): SessionEvent | UnlawfulEvent {
    const { type } = packet;
    if (type === "ping") return this.#protocol.pinger === "client" ? "pulse" : "wrong pulse";
    if (type === "pong") return this.#protocol.pinger === "server" ? "pulse" : "wrong pulse";
    return type;
  }

  #apply(event: SessionEvent | UnlawfulEvent, moment: Moment, details?: unknown): void {
    const rule = law[this.#state][event];
    if (rule !== undefined) this.#follow(rule, moment, details);
    else this.#end("transport error", breachOf(event));
  }

  #follow(rule: Rule, moment: Moment, details: unknown): void {
    if (rule.act === "end") {
      this.#end(rule.reason ?? "transport close", details);
      return;
    }
    this.#state = rule.to;
    if (rule.act === "beat") this.#beat(moment);
    else if (rule.act === "drain") this.#drain(moment);
  }

  #beat(moment: Moment): void {
    this.#heartbeat.beat(moment, this.#port.bytesRead());
    if (this.#protocol.pinger === "client" && this.#state === "open") {
      this.#queue(new OutgoingPacket("pong", undefined, true, false));
    }
    this.#port.beat();
  }

  #drain(moment: Moment): void {
    this.#closeDeadline = Math.ceil(moment.now + this.#options.closeTimeout);
    this.#heldAtClose = this.#port.heldBytes();
    this.#port.wake();
    if (this.outbox.length === 0) this.#finish();
  }

  #finish(): void {
    if (this.#finishing) return;
    this.#finishing = true;
    this.#heldAtClose = this.#port.heldBytes();
    this.#port.finish();
  }

  #end(reason: EngineCloseReason, details: unknown): void {
    this.#state = "closed";
    this.#heartbeat.stop();
    this.#confirmDeadline = NEVER;
    this.#upgradeDeadline = NEVER;
    this.#closeDeadline = NEVER;
    this.#port.ended(reason, details);
  }

  #expireOpen(moment: Moment): void {
    if (hasCome(this.#confirmDeadline, moment)) {
      this.#confirmDeadline = NEVER;
      if (this.#upgrade === "none" && !this.#port.isConfirmed()) {
        this.#apply("silent", moment);
        return;
      }
    }
    this.#expireHeartbeat(moment);
  }

  #expireHeartbeat(moment: Moment): void {
    const verdict = this.#heartbeat.expire(moment, this.#port.bytesRead(), this.#received);
    if (verdict === "ping") this.#queue(new OutgoingPacket("ping", undefined, true, false));
    else if (verdict === "dead") this.#apply("silent", moment);
  }

  /** A peer that still takes what it is sent gets the time it needs; one that does not is cut off. */
  #expireClosing(moment: Moment): void {
    if (moment.now < this.#closeDeadline) return;
    const held = this.#port.heldBytes();
    if (held > 0 && held < this.#heldAtClose) {
      this.#heldAtClose = held;
      this.#closeDeadline = Math.ceil(moment.now + this.#options.closeTimeout);
    } else {
      this.#apply("expired", moment);
    }
  }

  /** A long burst within one turn is no slow consumer: first let the medium take what it can, then drop what may be. */
  #makeRoom(): boolean {
    this.#port.flush();
    if (!this.outbox.isFull(this.#port.heldBytes())) return true;
    this.outbox.shed();
    return !this.outbox.isFull(this.#port.heldBytes());
  }

  #queue(packet: OutgoingPacket): void {
    this.outbox.push(packet);
    this.#port.wake();
  }
}

function hasCome(deadline: number, moment: Moment): boolean {
  return deadline !== NEVER && moment.now >= deadline;
}

function noop(): OutgoingPacket {
  return new OutgoingPacket("noop", undefined, false, false);
}

function breachOf(event: string): LawBreach {
  return new LawBreach(event === "wrong pulse" ? "heartbeat direction" : "unexpected packet", event);
}
