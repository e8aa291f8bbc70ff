import type { EnginePacket } from "@sockeye/engine-parser";

/**
 * The transport contract inside engine-server: a thin shell that moves packets. Protocol decisions (what a packet
 * means in which state, when to ping, when an upgrade is allowed) belong to the session; a transport that makes one is
 * wrong.
 */

/** What a transport tells its owner. Called synchronously, in order, and never after `onTransportEnd`. */
export interface TransportOwner {
  /** One decoded packet. */
  onPacket(transport: Transport, packet: EnginePacket): void;
  /** The transport can take another batch now. MUST be called each time `writable` turns from `false` to `true`. */
  onWritable(transport: Transport): void;
  /**
   * The transport is gone. Called exactly once, also when the owner asked for it by `close`.
   * `error` is set when it broke (its `code` says how) and absent when the peer or the owner closed it in good order.
   */
  onTransportEnd(transport: Transport, error?: Error): void;
}

/** One encoded outgoing packet, or a prepared message with its variants. See `session/outbox.ts`. */
export type OutgoingPacket = import("../session/outbox.js").OutgoingPacket;

export interface Transport {
  readonly name: "polling" | "websocket" | "webtransport" | (string & {});
  /** Whether `send` may be called now. */
  readonly writable: boolean;
  /** Whether the peer may be told to leave this transport for another. */
  readonly upgradable: boolean;

  /**
   * Writes a whole batch, in order, in as few writes as the medium allows (one buffer for many small WebSocket frames,
   * one payload on polling). MUST only be called while `writable`; MUST NOT keep the array.
   */
  send(batch: readonly OutgoingPacket[]): void;

  /** Bytes given to `send` that the operating system has not taken yet. */
  readonly bufferedAmount: number;

  /** Ends in good order. MUST lead to `onTransportEnd`, and MUST release timers, listeners and open responses. */
  close(): void;

  /** Ends at once, without telling the peer more than the medium forces it to. MUST lead to `onTransportEnd`. */
  abort(): void;
}
