import type { EngineOptions } from "../options.js";
import type { WebTransportRequest, WebTransportSession } from "../transports/webtransport-session.js";

type Listener = (...args: never[]) => void;

/** What the suite uses of a session. */
export interface SubjectSocket {
  readonly id: string;
  readonly protocol: number;
  readonly readyState: string;
  readonly remoteAddress?: string | undefined;
  readonly upgraded: boolean;
  readonly transport: { readonly name: string };
  send(data: string | Uint8Array, options?: { compress?: boolean }, callback?: () => void): unknown;
  close(discard?: boolean): unknown;
  on(event: string, listener: Listener): unknown;
}

/** An Express-style middleware. */
// biome-ignore lint/suspicious/noExplicitAny: the types of requests and responses are those of the server in use
export type SubjectMiddleware = (request: any, response: any, next: (error?: unknown) => void) => unknown;

/** What the suite uses of an engine: ours, the incumbent's or a stranger's. */
export interface SubjectEngine {
  readonly clientsCount: number;
  generateId(request: never): unknown;
  on(event: string, listener: Listener): unknown;
  close(): unknown;
  /** With `supports.middleware`. */
  use?(middleware: SubjectMiddleware): unknown;
  /** With `supports.webTransport`. */
  onWebTransportSession?(session: WebTransportSession, request?: WebTransportRequest): void;
  /** With `supports.inspect`. */
  inspect?(): object;
}

/** An engine that serves the path `/engine.io` on a loopback address. */
export interface RunningEngine {
  /** `http://127.0.0.1:port` or `https://127.0.0.1:port`; certificates are not checked. */
  readonly url: string;
  readonly engine: SubjectEngine;
  /** Ends the engine and its server. */
  stop(): Promise<void>;
}

/** What an engine need not have. Cases that need what is missing are not run. */
export interface SubjectSupports {
  /** Requests are made in HTTP/2; what needs the bytes of HTTP/1.1 is not run. Default `false`. */
  readonly http2?: boolean;
  /** WebSocket sessions. Default `true`. */
  readonly websocket?: boolean;
  /** `onWebTransportSession`. Default `true`. */
  readonly webTransport?: boolean;
  /** Polling by script elements. Default `true`. */
  readonly jsonp?: boolean;
  /** Express-style middlewares. Default `true`. */
  readonly middleware?: boolean;
  /** Uploads without a declared length. Default `true`. */
  readonly chunkedUploads?: boolean;
  /** Compression of polling responses. Default `true`. */
  readonly compression?: boolean;
  /** `inspect()`, and the limits of `EngineOptions` that the incumbent does not have. Default `true`. */
  readonly inspect?: boolean;
  readonly limits?: boolean;
}

/** A case that this engine is known not to pass. It is run all the same: when it passes, the declaration is out of date. */
export interface DeclaredException {
  /** Name of the case, with its group: `group: case`. */
  readonly name: string;
  readonly reason: string;
}

export interface ConformanceSubject {
  /** Starts an engine with these options. Called once per case. */
  start(options: EngineOptions): Promise<RunningEngine>;
  readonly supports?: SubjectSupports;
  readonly exceptions?: readonly DeclaredException[];
}
