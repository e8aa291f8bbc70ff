import type { Parser } from "@sockeye/socketio-parser";
import type { TransportClass } from "./engine/contract.js";

export type TransportName = "polling" | "websocket" | "webtransport";

/** Options of the connection below: one Engine.IO session. */
export interface EngineOptions {
  host?: string;
  hostname?: string;
  port?: string | number;
  secure?: boolean;
  /** Parameters of every request; the server sees them as `handshake.query`. */
  query?: Record<string, unknown>;
  /** Path of the server's endpoint. Default `/engine.io`; a Manager's is `/socket.io`. */
  path?: string;
  /** Default `true`: the path ends with a slash. */
  addTrailingSlash?: boolean;

  /**
   * Transports in order of preference: names, or classes such as `Fetch` or your own. Default
   * `["polling", "websocket", "webtransport"]`, as far as the entry point holds them.
   */
  transports?: readonly (TransportName | TransportClass | (string & {}))[];
  /** Transport classes, in order, in place of `transports`. Giving both throws `ERR_SOCKEYE_CLIENT_BAD_OPTION`. */
  transportImplementations?: readonly TransportClass[];
  /** Move to a better transport once the session is open. Default `true`. */
  upgrade?: boolean;
  /** Milliseconds after which an upgrade that did not get anywhere is given up. Default 10,000. */
  upgradeTimeout?: number;
  /** Try the next transport when one fails to open. Default `false`: the Manager's reconnection starts over. */
  tryAllTransports?: boolean;
  /** Start with WebSocket where it worked before, per server address. Default `false`. */
  rememberUpgrade?: boolean;
  /** Options for one transport alone, by its name; `extraHeaders` and `query` included. */
  transportOptions?: Readonly<Record<string, object>>;
  /** No binary frames: bytes travel as base64. Default `false`. */
  forceBase64?: boolean;
  /** Name of the cache-busting parameter. Default `t`. */
  timestampParam?: string;
  /** Send that parameter. Default: with polling only. */
  timestampRequests?: boolean;
  /** Milliseconds for one HTTP request. Default 0: no limit of its own. */
  requestTimeout?: number;
  /** Cookies: in browsers across sites too; elsewhere a jar kept for the life of the session. Default `false`. */
  withCredentials?: boolean;
  /** Headers of every request. Browsers cannot set them on WebSocket. */
  extraHeaders?: Readonly<Record<string, string>>;
  /** WebSocket sub-protocols. */
  protocols?: string | string[];
  /** Close the connection when the page is left (`beforeunload`). Default `false`. */
  closeOnBeforeunload?: boolean;
  /** Timers as they were when this module was loaded. Default `false`. */
  useNativeTimers?: boolean;
  /** Node.js, Bun, Deno: do not keep the process alive. Default `false`. */
  autoUnref?: boolean;
  /**
   * Close at once when the browser reports that the network is gone, and check the connection when the page wakes up
   * or the network is back. Default `true`.
   */
  watchNetwork?: boolean;
  /** Form of received bytes. Default `nodebuffer` in Node.js, `arraybuffer` elsewhere. */
  binaryType?: "nodebuffer" | "arraybuffer";

  // --- Node.js, Bun, Deno -------------------------------------------------------------------------------------------

  /** WebSocket compression. Default `{ threshold: 1024 }`. */
  perMessageDeflate?: boolean | { threshold?: number };
  agent?: unknown;
  pfx?: unknown;
  key?: unknown;
  passphrase?: string;
  cert?: unknown;
  ca?: unknown;
  ciphers?: string;
  /** Default `true`: a certificate that cannot be verified ends the attempt. */
  rejectUnauthorized?: boolean;
  checkServerIdentity?: unknown;
  localAddress?: string;
  family?: number;
  /** `Origin` header of the WebSocket handshake. */
  origin?: string;
  /** Bytes of the largest WebSocket message taken. */
  maxPayload?: number;
  protocolVersion?: number;
}

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
  /** Packets that may wait, while disconnected or for their turn. Default 10,000. */
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
