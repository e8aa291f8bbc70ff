import type { AckPacket, EventPacket } from "@sockeye/socketio-parser";
import type { AckTable } from "./acks.js";
import type { DeliveredBroadcast } from "./delivery.js";

/**
 * Ports between the classes of this package. What one class may ask of another, and applications may not, is a method under
 * one of these symbols: it does not show up where people look, and cannot collide with what they add.
 */

/** Hands one event to the application. */
export const DISPATCH: unique symbol = Symbol("sockeye.dispatch");
/** The function that answers an event of this id. */
export const ANSWER_TO: unique symbol = Symbol("sockeye.answer-to");
/** The peer answered an event. */
export const ACKNOWLEDGED: unique symbol = Symbol("sockeye.acknowledged");
/** The peer left the namespace, or the connection ended. */
export const LEFT: unique symbol = Symbol("sockeye.left");
/** The server is about to disconnect the socket: what waits for its turn to be written is written now. */
export const WRITE_WAITING: unique symbol = Symbol("sockeye.write-waiting");
/** The connection is about to be closed because of an error. */
export const FAILED: unique symbol = Symbol("sockeye.failed");
/** Writes one packet of a broadcast. */
export const DELIVER: unique symbol = Symbol("sockeye.deliver");
/** Tells the catch-all listeners of an event that goes out. */
export const NOTE_OUTGOING: unique symbol = Symbol("sockeye.note-outgoing");
/** The acknowledgements this socket owes. */
export const ACKS: unique symbol = Symbol("sockeye.acks");

/** What a connection asks of a socket. None of these may throw. */
export interface ConnectionMember {
  [DISPATCH](packet: EventPacket): void;
  [ACKNOWLEDGED](packet: AckPacket): void;
  [LEFT](reason: string, details?: unknown): void;
  [FAILED](error: Error): void;
  [WRITE_WAITING](): void;
}

/** What a broadcast asks of a socket. */
export interface BroadcastRecipient {
  [DELIVER](broadcast: DeliveredBroadcast): void;
  [NOTE_OUTGOING](data: readonly unknown[]): void;
  [ACKS](): AckTable;
}
