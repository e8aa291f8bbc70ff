import type { ZlibOptions } from "node:zlib";
import type { EngineData } from "./contract.js";
import { EngineMisuse } from "./errors.js";
import type { CookieOptions } from "./handshake/cookie.js";
import type { CorsOptions, CorsOptionsDelegate } from "./handshake/cors.js";
import type { OriginPolicy } from "./handshake/origins.js";
import type { WebSocketLike } from "./transports/foreign-websocket.js";

export type TransportName = "polling" | "websocket" | "webtransport";

/** Answers `allowRequest`: an error text refuses with it, `success` decides otherwise. */
export type AllowRequestCallback = (error: string | null | undefined, success: boolean) => void;

/** Compression of HTTP responses: zlib options and from how many bytes on. */
export interface HttpCompressionOptions extends ZlibOptions {
  /** Smallest body worth compressing, in bytes. Default 1024. */
  readonly threshold?: number;
}

/** Compression of WebSocket messages: what `ws` takes. */
export interface PerMessageDeflateOptions {
  /** Smallest message worth compressing, in bytes. Default 1024. */
  readonly threshold?: number;
  readonly serverNoContextTakeover?: boolean;
  readonly clientNoContextTakeover?: boolean;
  readonly serverMaxWindowBits?: number;
  readonly clientMaxWindowBits?: number;
  readonly zlibDeflateOptions?: ZlibOptions;
  readonly zlibInflateOptions?: ZlibOptions;
  readonly concurrencyLimit?: number;
}

/** A constructor like `ws`'s `WebSocketServer`. */
export interface WebSocketEngine {
  new (options: object): WebSocketServerLike;
}

export interface WebSocketServerLike {
  handleUpgrade(request: never, socket: never, head: Buffer, callback: (socket: WebSocketLike) => void): void;
  on(event: "headers", listener: (headers: string[], request: never) => void): unknown;
  close?(): void;
}

/** Options of an engine. All durations are milliseconds, all sizes bytes. */
export interface EngineOptions {
  /** Without a sign of life for this long after a ping, the connection ends: `ping timeout`. Default 20000. */
  pingTimeout?: number;
  /** Time between two pings. Default 25000. */
  pingInterval?: number;
  /**
   * Bytes that come in but never make a whole packet count as life for this long, then the connection ends: `ping
   * timeout`. Default 120000.
   */
  unfinishedTimeout?: number;
  /** An upgrade that takes longer is given up; the session stays where it is. Default 10000. */
  upgradeTimeout?: number;
  /**
   * A long-polling session that makes no second request within this time after its handshake is given up (`ping
   * timeout`): handshakes alone shall not pile up sessions. Default 10000.
   */
  firstPollTimeout?: number;
  /** Closing in good order may take this long without progress, then the connection is cut. Default 5000. */
  closeTimeout?: number;
  /**
   * From the arrival of a request to the decision about it (middlewares, `allowRequest`, `generateId`). Then it is
   * refused with status 503 and the context name `HANDSHAKE_TIMEOUT`. Default 30000.
   */
  handshakeTimeout?: number;

  /**
   * Size of one upload, WebSocket message or WebTransport frame. More is answered with 413 (polling) or ends the
   * connection (`ERR_SOCKEYE_ENGINE_PAYLOAD_TOO_LARGE`, WebSocket close code 1009). Default 1e6.
   */
  maxHttpBufferSize?: number;
  /** Packets in one upload; more is a parse error. Default 65536. */
  maxPacketsPerPayload?: number;
  /** Fragments of one WebSocket message; more ends the connection (close code 1008). Default 1024. */
  maxFragments?: number;
  /**
   * What one connection may have waiting to be written. A peer that reads slower than it is sent to loses volatile
   * messages first, and is then closed with the reason `slow consumer`
   * (`ERR_SOCKEYE_ENGINE_SLOW_CONSUMER`). A single message that finds nothing before it is always taken. Default 8 MiB.
   */
  maxOutboxBytes?: number;
  /** The same in packets. Default 65536. */
  maxOutboxPackets?: number;
  /** Sessions in total; more are refused with status 503 and the context name `TOO_MANY_SESSIONS`. Default no limit. */
  maxSessions?: number;
  /** Sessions of one address; more are refused like that, `TOO_MANY_SESSIONS_OF_ADDRESS`. Default no limit. */
  maxSessionsPerAddress?: number;
  /**
   * Sessions whose peer has not yet sent a single message (in Socket.IO: has not asked to join a namespace); more are
   * refused like that, `TOO_MANY_SILENT_SESSIONS`. Default no limit.
   */
  maxSilentSessions?: number;
  /** Requests whose handshake is being decided; more are refused like that, `TOO_MANY_HANDSHAKES`. Default 10000. */
  maxPendingHandshakes?: number;

  /**
   * Decides about the request that opens a session (not about its later ones). A refusal is a 403. The request is the
   * server's own object (`http.IncomingMessage` on node:http).
   */
  // biome-ignore lint/suspicious/noExplicitAny: applications name the request type of the server they use
  allowRequest?: (request: any, callback: AllowRequestCallback) => void;
  /** Transports that are offered. Default `["polling", "websocket"]`. */
  transports?: readonly TransportName[];
  /** Whether sessions may move from long-polling to a better transport. Default `true`. */
  allowUpgrades?: boolean;
  /** Compression of WebSocket messages (options of `ws`, `threshold` 1024). Costs much memory. Default `false`. */
  perMessageDeflate?: boolean | PerMessageDeflateOptions;
  /** Compression of polling responses. Default `{ threshold: 1024 }`. */
  httpCompression?: boolean | HttpCompressionOptions;
  /**
   * A WebSocket server class to take upgrades over: that of `ws`, or one like it. Default: WebSocket as this package reads
   * and writes it, and `ws` for clients that compress where `perMessageDeflate` lets them.
   */
  wsEngine?: WebSocketEngine;
  /** A message that every client gets first. */
  initialPacket?: EngineData;
  /** A cookie with the session id on the first polling response. Default off; `true` for the defaults. */
  cookie?: boolean | CookieOptions;
  /** Cross-origin requests: see {@link CorsOptions}. The origins it names are enforced on every transport. */
  cors?: boolean | CorsOptions | CorsOptionsDelegate;
  /**
   * Origins that may connect, on every transport, for servers that do not use `cors`: `"same-origin"`, an origin, a
   * pattern, a list, or a function. Others are refused with 403 and the context name `ORIGIN_REFUSED`. Default: as
   * `cors` says; without it, all.
   */
  origins?: OriginPolicy;
  /** Serve clients that speak revision 3 of the protocol (Socket.IO 2). Default `false`. */
  allowEIO3?: boolean;
  /** Keep the first request at `socket.request`. With `false` a small summary of it takes its place. Default `true`. */
  keepRequest?: boolean;
  /** Path to serve. Default `"/engine.io"`. */
  path?: string;
  /** Handed errors that listeners of the application throw. Default: written to the console. */
  onHandlerError?: (error: unknown, details: { readonly socket?: unknown; readonly event: string }) => void;
}

/** Options of `attach`. */
export interface AttachOptions {
  /** Path to serve. Default: that of the engine's options, else `"/engine.io"`. */
  path?: string;
  /** Ends upgrade requests that nobody handles. Default `true`. */
  destroyUpgrade?: boolean;
  /** After how many milliseconds. Default 1000. */
  destroyUpgradeTimeout?: number;
  /** Ends the path with a slash. Default `true`. Both forms are served either way. */
  addTrailingSlash?: boolean;
}

/** {@link EngineOptions} with their defaults. */
export type ResolvedOptions = Omit<EngineOptions, "perMessageDeflate" | "httpCompression" | "cookie" | "cors"> &
  Required<
    Pick<
      EngineOptions,
      | "pingTimeout"
      | "pingInterval"
      | "unfinishedTimeout"
      | "upgradeTimeout"
      | "firstPollTimeout"
      | "closeTimeout"
      | "handshakeTimeout"
      | "maxHttpBufferSize"
      | "maxPacketsPerPayload"
      | "maxFragments"
      | "maxOutboxBytes"
      | "maxOutboxPackets"
      | "maxSessions"
      | "maxSessionsPerAddress"
      | "maxSilentSessions"
      | "maxPendingHandshakes"
      | "transports"
      | "allowUpgrades"
      | "keepRequest"
      | "allowEIO3"
    >
  > & {
    perMessageDeflate: false | (PerMessageDeflateOptions & { threshold: number });
    httpCompression: false | (HttpCompressionOptions & { threshold: number });
    cookie: false | CookieOptions;
    cors: false | CorsOptions | CorsOptionsDelegate;
  };

const DEFAULT_THRESHOLD = 1024;

const defaults = {
  pingTimeout: 20_000,
  pingInterval: 25_000,
  unfinishedTimeout: 120_000,
  upgradeTimeout: 10_000,
  firstPollTimeout: 10_000,
  closeTimeout: 5_000,
  handshakeTimeout: 30_000,
  maxHttpBufferSize: 1e6,
  maxPacketsPerPayload: 65_536,
  maxFragments: 1024,
  maxOutboxBytes: 8 * 1024 * 1024,
  maxOutboxPackets: 65_536,
  maxSessions: Number.POSITIVE_INFINITY,
  maxSessionsPerAddress: Number.POSITIVE_INFINITY,
  maxSilentSessions: Number.POSITIVE_INFINITY,
  maxPendingHandshakes: 10_000,
};

/** Fills in defaults and checks; the caller's object is not changed. */
export function resolveOptions(options: EngineOptions = {}): ResolvedOptions {
  const { perMessageDeflate, httpCompression, cookie, cors } = options;
  return {
    ...options,
    ...numbers(options),
    transports: [...(options.transports ?? ["polling", "websocket"])],
    allowUpgrades: options.allowUpgrades ?? true,
    keepRequest: options.keepRequest ?? true,
    allowEIO3: options.allowEIO3 ?? false,
    perMessageDeflate: perMessageDeflate ? { threshold: DEFAULT_THRESHOLD, ...asObject(perMessageDeflate) } : false,
    httpCompression: httpCompression === false ? false : { threshold: DEFAULT_THRESHOLD, ...asObject(httpCompression) },
    cookie: cookie ? asObject(cookie) : false,
    cors: resolveCors(cors),
  };
}

function resolveCors(cors: EngineOptions["cors"]): ResolvedOptions["cors"] {
  if (!cors) return false;
  return cors === true ? {} : cors;
}

function asObject<T extends object>(value: boolean | T | undefined): T {
  return typeof value === "object" ? value : ({} as T);
}

function numbers(options: EngineOptions): typeof defaults {
  const result = { ...defaults };
  for (const name of Object.keys(defaults) as Array<keyof typeof defaults>) {
    const value = options[name];
    if (value === undefined) continue;
    if (typeof value !== "number" || !(value >= 0)) {
      throw new EngineMisuse("ERR_SOCKEYE_ENGINE_OPTION", `option ${name} must be a number from 0 on`);
    }
    result[name] = value;
  }
  return result;
}
