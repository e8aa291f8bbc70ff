/** Browsers, workers, React Native and anything else without Node's modules. */
import type {
  Cancel,
  EngineOptions,
  HttpRequest,
  PageEvent,
  TimerOptions,
  TransportOptions,
  WebSocketLike,
} from "../engine/contract.js";
import type { TransportError } from "../errors.js";

/** Written for size. */
export { decodePacket, decodePackets, encodePacket, encodePayload } from "@sockeye/engine-parser/compact";
export { parser } from "@sockeye/socketio-parser/compact";

/** Neither `TextEncoder` nor `Blob`, which not every engine has. Half a pair of surrogates is two bytes of the pair's four. */
export function utf8Length(text: string): number {
  return encodeURI(text.replace(/[\ud800-\udfff]/g, "__")).replace(/%../g, "_").length;
}

export const defaultBinaryType = "arraybuffer" as const;

/** The browser keeps cookies itself. */
export function ownOptions(_options: EngineOptions): Partial<TransportOptions> | undefined {
  return undefined;
}

export const request: HttpRequest = (uri, body, options, done) => {
  const xhr = new XMLHttpRequest();
  xhr.open(body ? "POST" : "GET", uri);
  xhr.withCredentials = !!options.withCredentials;
  xhr.timeout = options.requestTimeout ?? 0;
  if (body) xhr.setRequestHeader("content-type", "text/plain");
  for (const name in options.extraHeaders) xhr.setRequestHeader(name, options.extraHeaders[name]!);
  // After success, failure, time-out and abort alike.
  xhr.onloadend = () => done({ status: xhr.status, text: xhr.responseText, cause: xhr });
  xhr.send(body);
  return () => xhr.abort();
};

/** Headers are React Native's third argument; browsers ignore it. */
type AnyWebSocket = new (uri: string, protocols?: string | string[], options?: object) => WebSocketLike;

/** Browsers keep the answer to a refused upgrade to themselves. */
export function openWebSocket(
  uri: string,
  { protocols, extraHeaders }: TransportOptions,
  _refused: (error: TransportError) => void,
): WebSocketLike {
  const socket = new (globalThis.WebSocket as unknown as AnyWebSocket)(uri, protocols, { headers: extraHeaders });
  socket.binaryType = "arraybuffer";
  return socket;
}

const PAGE_EVENTS = ["offline", "online", "pagehide", "pageshow", "visibilitychange", "beforeunload"];

/**
 * All of them reach the window; `visibilitychange` bubbles up to it. Nothing to watch in React Native: call
 * `socket.probe()` from its AppState there.
 */
export function watchPage(listener: (event: PageEvent) => void): Cancel {
  const { addEventListener: add, removeEventListener: remove } = globalThis;
  if (!add) return () => {};
  for (const type of PAGE_EVENTS) add(type, listener as EventListener);
  return () => {
    for (const type of PAGE_EVENTS) remove(type, listener as EventListener);
  };
}

/** Pages end when they end. */
export function unref(_timer: unknown, _options: TimerOptions): void {}

export function reportError(error: unknown): void {
  (globalThis.reportError ?? console.error)(error);
}
