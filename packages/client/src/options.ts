import type { Parser } from "@sockeye/socketio-parser";
import type { EngineOptions } from "./engine/contract.js";

/** What becomes of a packet that does not fit into a full buffer. */
export type BufferPolicy =
  /** The oldest waiting packet is given up. */
  | "drop-oldest"
  /** The new packet is given up. */
  | "drop-newest"
  /** `emit()` throws `ERR_SOCKEYE_CLIENT_BUFFER_FULL`. */
  | "error";

/** Options of one namespace. */
export interface SocketOptions {
  /** Credentials sent when the namespace is joined; the function is asked each time. */
  auth?: Record<string, unknown> | ((answer: (data: Record<string, unknown>) => void) => void);
  /** Milliseconds after which an acknowledgement is given up, unless `timeout()` says otherwise. */
  ackTimeout?: number;
  /**
   * Send an event again, this many times, until it is acknowledged: delivered at least once, in order, one at a time.
   * Our server drops the duplicates. Without `ackTimeout`, 10,000 ms are taken.
   */
  retries?: number;
  /** Packets that may wait, while disconnected or for their turn. Default 100,000. */
  bufferLimit?: number;
  /** What happens when that many wait. Default `drop-oldest`. */
  bufferPolicy?: BufferPolicy;
  /**
   * Events kept that arrive before the namespace is joined, which a resumed connection's do. Default 100,000; beyond it
   * the connection ends with `parse error`.
   */
  receiveBufferLimit?: number;
  /** Milliseconds after which a waiting packet is no longer worth sending. Default: no end. */
  bufferTtl?: number;
}

/** Options of a Manager: one connection to one server, and how it comes back. */
export interface ManagerOptions extends EngineOptions, SocketOptions {
  /** Come back after a loss. Default `true`. */
  reconnection?: boolean;
  /** Attempts before giving up. Default `Infinity`. */
  reconnectionAttempts?: number;
  /** Delay before the first attempt, milliseconds. Default 1,000. */
  reconnectionDelay?: number;
  /** Longest delay, milliseconds. Default 5,000. */
  reconnectionDelayMax?: number;
  /** Share of each delay that is left to chance, 0 to 1. Default 0.5. */
  randomizationFactor?: number;
  /** Milliseconds for a connection to open; `false` for no limit. Default 20,000. */
  timeout?: number | false;
  /** Connect when a socket is made. Default `true`. */
  autoConnect?: boolean;
  /** Codec of packets; must be the server's. Default: JSON. */
  parser?: Parser;
}

/** Options of `io()`. */
export interface IoOptions extends ManagerOptions {
  /** A connection of its own. Default `false`. */
  forceNew?: boolean;
  /** Share the connection with other namespaces of the same server. Default `true`. */
  multiplex?: boolean;
}
