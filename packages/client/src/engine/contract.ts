import type { EnginePacket } from "@sockeye/engine-parser";
import type { TransportError } from "../errors.js";
import type { EngineOptions } from "../options.js";
import type { Cancel, TimerOptions } from "../timers.js";
import type { Transport } from "./transport.js";

/** A packet on its way out. */
export interface OutgoingPacket extends EnginePacket {
  readonly options?: WriteOptions;
}

export interface WriteOptions {
  /** Compress this message where the transport can. Default `true`. */
  readonly compress?: boolean;
}

/** Options with the address filled in: what a transport works from. */
export interface TransportOptions extends EngineOptions, TimerOptions {
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
  /** Frames can be exchanged. */
  opened(transport: Transport): void;
  /** One packet arrived; `undefined` with an error for a frame that is none. */
  received(transport: Transport, packet: EnginePacket | Error): void;
  /** The last batch was handed over, the next one may come. */
  drained(transport: Transport): void;
  /** The peer, or the network, closed the connection in an orderly way. */
  ended(transport: Transport, details?: CloseDetails): void;
  failed(transport: Transport, error: TransportError): void;
}

/** What is known about the end of a connection beyond its reason. */
export interface CloseDetails {
  readonly description: unknown;
  readonly context?: unknown;
  /** Milliseconds the server asks this client to stay away. */
  readonly retryAfter?: number | undefined;
}

/** A transport as `transports` and `transportImplementations` take it. The prototype carries the name. */
export interface TransportClass {
  new (options: TransportOptions): Transport;
  readonly prototype: Transport;
}

/** What an entry point puts into the engine: nothing it does not name ends up in a bundle. */
export interface EngineKit {
  /** By name, in order of preference. */
  readonly transports: Readonly<Record<string, TransportClass>>;
  /** Moves sessions to better transports; absent where there is only one. */
  readonly startUpgrade?: (port: UpgradePort, candidates: readonly TransportClass[]) => Cancel;
}

/** What the upgrade may ask of the engine that it is moving. */
export interface UpgradePort {
  readonly options: TransportOptions;
  /** Makes a transport of this session. */
  create(candidate: TransportClass, host: TransportHost): Transport;
  /** From here on nothing is written on the transport in use, which is returned. */
  hold(candidate: Transport): Transport;
  /** The candidate takes over. */
  adopt(candidate: Transport): void;
  /** The transport in use stays so. */
  failed(error: TransportError): void;
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
  /** `Retry-After` header, where it can be read. */
  readonly retryAfter?: string | null | undefined;
}

/** The part of a WebSocket that is used; the browser's and `ws` have it. */
export interface WebSocketLike {
  binaryType: string;
  onopen: unknown;
  onclose: unknown;
  onerror: unknown;
  onmessage: unknown;
  close(): void;
}

/** What differs between browsers and the rest: see `platform/browser.ts` and `platform/node.ts`. */
export interface Platform {
  readonly defaultBinaryType: "nodebuffer" | "arraybuffer";
  /** Name of the requester in error texts: `xhr poll error`. */
  readonly request: HttpRequest;
  createCookieJar(): CookieJar | undefined;
  /** Opens a WebSocket. `refused` is told of an HTTP answer in place of the upgrade, where that can be seen. */
  openWebSocket(uri: string, options: TransportOptions, refused: (response: HttpResponse) => void): WebSocketLike;
  /** Sends one frame; `sent` is called, later, when the socket can take more. */
  sendFrame(
    socket: WebSocketLike,
    frame: string | ArrayBuffer | ArrayBufferView,
    packet: OutgoingPacket,
    options: TransportOptions,
  ): void;
  /** Tells of `offline`, of waking up (`wake`) and of leaving the page (`leave`), until cancelled. */
  watchPage(listener: (event: PageEvent) => void): Cancel;
  reportError(error: unknown): void;
}

export type PageEvent = "offline" | "wake" | "leave";
