import type { EnginePacket } from "@sockeye/engine-parser";
import type { EngineData } from "../contract.js";
import type { OutgoingPacket } from "../session/outbox.js";

/**
 * The transport contract inside engine-server: a thin shell that moves packets. Protocol decisions (what a packet
 * means in which state, when to ping, when an upgrade is allowed) belong to the session; a transport that makes one is
 * wrong.
 */

/** What a transport tells its owner. Called synchronously, in order, and never after `onTransportEnd`. */
export interface TransportOwner {
  /** Whether packets wait in the owner's outbox for this transport. */
  hasQueued(transport: Transport): boolean;
  /** One message arrived. */
  onMessage(transport: Transport, data: EngineData): void;
  /**
   * All that was read so far was handed on: the end of an upload, of a chunk of frames. A transport that does not know when
   * that is leaves it out.
   */
  onRest(transport: Transport): void;
  /** Any other packet arrived. */
  onControlPacket(transport: Transport, packet: EnginePacket): void;
  /** Something arrived that is no packet. */
  onMalformed(transport: Transport, error: Error): void;
  /** The peer reads so slowly that something was lost on the way to it. */
  onOverflow(transport: Transport): void;
  /** The transport can take another batch now. MUST be called each time `ready` turns from `false` to `true`. */
  onReady(transport: Transport): void;
  /**
   * The transport is gone. Called exactly once, also when the owner asked for it by `close` or `abort`.
   * `error` is set when it broke (its `code` says how) and absent when the peer or the owner closed it in good order.
   */
  onTransportEnd(transport: Transport, error?: Error): void;
}

export interface Transport {
  readonly name: "polling" | "websocket" | "webtransport" | (string & {});
  /** Whether `send` may be called now. */
  readonly ready: boolean;
  /**
   * Whether a message written to the session now would leave without waiting: nothing queued in this turn, nothing in
   * flight. Volatile messages are judged by this.
   */
  readonly writable: boolean;
  /** Whether the peer may be told to leave this transport for another. */
  readonly upgradable: boolean;

  /**
   * Writes a whole batch, in order, in as few writes as the medium allows (one buffer for many small WebSocket frames,
   * one payload on polling). MUST only be called while `ready`; MUST NOT keep the array.
   */
  send(batch: readonly OutgoingPacket[]): void;

  /** Bytes given to `send` that the operating system has not taken yet. */
  readonly bufferedAmount: number;
  /**
   * Bytes received so far, of whole and unfinished messages alike. Only compared for change: a transport that cannot
   * count bytes counts messages.
   */
  readonly bytesRead: number;

  /**
   * Ends in good order, after what was sent. MUST lead to `onTransportEnd`, and MUST release listeners and open
   * responses. `violation` is set when the peer is to blame, for media that can answer so.
   */
  close(violation?: Error): void;

  /** The session is over: ends in bounded time and in good order, on its own. As `close`, but nobody waits for it. */
  dismiss(violation?: Error): void;

  /** Ends at once, without waiting for the peer. MUST lead to `onTransportEnd`. */
  abort(): void;

  /** The session has moved to another transport: lets the peer's open requests return, then falls silent. */
  retire(): void;
}
