import type { EnginePacket } from "@sockeye/engine-parser";
import type { TransportError } from "../errors.js";

export type TransportName = "polling" | "websocket" | "webtransport";

/** Options of the connection below: one Engine.IO session. */
export interface EngineOptions {
  host?: string;
  hostname?: string;
  port?: string | number;
  secure?: boolean;
  /** Parameters of every request; the server sees them as `handshake.query`. */
  query?: Record<string, unknown>;
  /** Path of the server's endpoint. Default `/socket.io`, which the Manager fills in. */
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
  /** Timers as they were when the client was loaded, past any that a test put in their place later. Default `false`. */
  useNativeTimers?: boolean;
  /** Node.js, Bun, Deno: do not keep the process alive. Default `false`. */
  autoUnref?: boolean;
  /**
   * Close at once when the browser reports that the network is gone or puts the page into its back/forward cache (where no
   * page with a connection may go), and check the connection or open it again when the page wakes up or the network is
   * back. Default `true`.
   */
  watchNetwork?: boolean;
  /** Form of received bytes. Default `nodebuffer` in Node.js; in browsers they are always an `ArrayBuffer`. */
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

/** What the timers of one connection go by. */
export type TimerOptions = Pick<EngineOptions, "useNativeTimers" | "autoUnref">;

/** Ends a timer, or what else is under way; harmless when that has come to its end. */
export type Cancel = () => void;

/** A packet on its way out. */
export interface OutgoingPacket extends EnginePacket {
  readonly options?: WriteOptions | undefined;
}

export interface WriteOptions {
  /** Compress this message where the transport can. Default `true`. */
  readonly compress?: boolean;
}

/** Options with the address filled in: what a transport works from. */
export interface TransportOptions extends EngineOptions {
  readonly hostname: string;
  readonly port: string | number;
  readonly secure: boolean;
  readonly path: string;
  readonly query: Record<string, unknown>;
  /** Cookies of this session, where the platform keeps none itself. */
  readonly cookieJar?: CookieJar | undefined;
}

export interface CookieJar {
  /** The `Cookie` header, or an empty string. */
  header(): string;
  /** Takes `Set-Cookie` headers. */
  store(headers: readonly string[]): void;
}

/**
 * What a transport tells its owner. Every call names the transport: the owner may have left it behind already, and then
 * ignores it. Calls MUST NOT come from within `open`, `send` or `close`.
 */
export interface TransportHost {
  /** One packet arrived; `undefined`, or an error that says more, for a frame that is none. */
  received(transport: TransportShape, packet: EnginePacket | Error | undefined): void;
  /** The transport is open, or the last batch was handed over: the next one may come. */
  drained(transport: TransportShape): void;
  /** The connection is gone: closed in an orderly way by the peer or the network, or (with an error) failed. */
  ended(transport: TransportShape, details: CloseDetails | TransportError): void;
}

/** What is known about the end of a connection beyond its reason. */
export interface CloseDetails {
  readonly description: unknown;
  readonly context?: unknown;
  /** Milliseconds the server asks this client to stay away. */
  readonly retryAfter?: number | undefined;
}

/** What the engine needs of a transport; extend the class `Transport` to make one. */
export interface TransportShape {
  /** The name that the server knows it by; on the prototype. */
  readonly name: string;
  /** Whether a batch would be taken now: the host's own note. */
  writable: boolean;
  /** Parameters of its requests; the session id is added once there is one. */
  readonly query: Record<string, unknown>;
  /** Set before `open`. MUST be told of everything, and of nothing after `close`. */
  host: TransportHost;
  /** Opens. What it throws is a failure; others reach the host. */
  open(): void;
  /** Sends a batch, in order. Not called again until `drained`. MUST call `host.drained` when it is gone. */
  send(packets: readonly OutgoingPacket[]): void;
  /** Ends the connection; the host hears nothing more. */
  close(): void;
  /** Finishes what is under way, starts nothing new, then calls `done`. */
  pause(done: () => void): void;
  /** Takes back `pause`: the transport that was to take over is gone. */
  resume(): void;
}

/** A transport as `transports` and `transportImplementations` take it. The prototype carries the name. */
export interface TransportClass {
  new (options: TransportOptions): TransportShape;
  readonly prototype: TransportShape;
}

/** One HTTP request of a polling transport. */
export type HttpRequest = (
  uri: string,
  /** `undefined`: GET. */
  body: string | undefined,
  options: TransportOptions,
  done: (response: HttpResponse) => void,
) => Cancel;

export interface HttpResponse {
  /** 0 when there was none. */
  readonly status: number;
  readonly text: string;
  /** The platform's own word on a failure. */
  readonly cause?: unknown;
  /** The `Retry-After` header in milliseconds, where it can be read and is a number. */
  readonly retryAfter?: number | undefined;
}

/** The part of a WebSocket that is used; the browser's and `ws` have it. */
export interface WebSocketLike {
  binaryType: string;
  onopen: unknown;
  onclose: unknown;
  onerror: unknown;
  onmessage: unknown;
  /** Bytes that wait to be sent. */
  readonly bufferedAmount: number;
  /** Sends one frame. `options` are for platforms that can do something about them. */
  send(frame: string | ArrayBuffer | ArrayBufferView, options?: WriteOptions): void;
  close(): void;
}

/** What differs between browsers and the rest: see `platform/browser.ts` and `platform/node.ts`. */
export interface Platform {
  readonly defaultBinaryType: "nodebuffer" | "arraybuffer";
  /** Name of the requester in error texts: `xhr poll error`. */
  readonly request: HttpRequest;
  /** What the platform adds to the options of a session: a jar where cookies are wanted and it keeps none itself. */
  ownOptions(options: EngineOptions): Partial<TransportOptions> | undefined;
  /** Opens a WebSocket. `refused` is told of an HTTP answer in place of the upgrade, where that can be seen. */
  openWebSocket(uri: string, options: TransportOptions, refused: (error: TransportError) => void): WebSocketLike;
  /** Tells of the page's events until cancelled. */
  watchPage(listener: (event: PageEvent) => void): Cancel;
  /** Lets the process end while a timer runs, if that was asked for. */
  unref(timer: unknown, options: TimerOptions): void;
  reportError(error: unknown): void;
}

/** Events of a page that concern its connections. */
export interface PageEvent {
  readonly type: "offline" | "online" | "pagehide" | "pageshow" | "visibilitychange" | "beforeunload";
  /** Of `pagehide` and `pageshow`: whether the page comes back, or has been there before. */
  readonly persisted?: boolean;
}
