/**
 * What we use of uWebSockets.js (version 20.30 or later), written down here: applications bring their own `app`, and no
 * package of ours depends on the library.
 */

/** A request: only valid until its handler returns. */
export interface NativeRequest {
  getMethod(): string;
  getUrl(): string;
  getQuery(): string;
  getHeader(lowerCaseName: string): string;
  forEach(visit: (name: string, value: string) => void): void;
}

/** A response: only valid until it is ended, upgraded or aborted. Touching it later throws, or worse. */
export interface NativeResponse {
  writeStatus(status: string): unknown;
  writeHeader(name: string, value: string): unknown;
  end(body?: string | Uint8Array, closeConnection?: boolean): unknown;
  endWithoutBody(reportedLength?: number, closeConnection?: boolean): unknown;
  /** Writes what the socket takes of a body; `[everything taken, response over]`. */
  tryEnd(rest: Uint8Array, totalSize: number): [boolean, boolean];
  getWriteOffset(): number;
  onWritable(handler: (offset: number) => boolean): unknown;
  onAborted(handler: () => void): unknown;
  /** `chunk` is only valid during the call. */
  onData(handler: (chunk: ArrayBuffer, isLast: boolean) => void): unknown;
  /** One write for all that happens in the callback. */
  cork(write: () => void): unknown;
  upgrade(userData: object, key: string, protocol: string, extensions: string, context: never): void;
  getRemoteAddressAsText(): ArrayBuffer;
}

/** What {@link NativeWebSocket.send} answers. */
export const SendStatus = {
  /** The message waits in memory; `drain` follows. */
  BACKPRESSURE: 0,
  SUCCESS: 1,
  /** The message is lost: more than `maxBackpressure` waits already. */
  DROPPED: 2,
} as const;

/** A WebSocket: only valid until its `close` handler was called. */
export interface NativeWebSocket {
  send(message: string | Uint8Array, isBinary?: boolean, compress?: boolean): number;
  cork(write: () => void): unknown;
  /** Says goodbye, then closes. Calls the `close` handler before it returns. */
  end(code?: number, reason?: string): void;
  /** Cuts the connection. Calls the `close` handler before it returns. */
  close(): void;
  getBufferedAmount(): number;
  subscribe(topic: string): boolean;
  unsubscribe(topic: string): boolean;
  isSubscribed(topic: string): boolean;
  /** To all subscribers but this one. */
  publish(topic: string, message: string | Uint8Array, isBinary?: boolean, compress?: boolean): boolean;
  getUserData(): object;
}

export interface NativeBehavior {
  compression?: number;
  idleTimeout?: number;
  maxBackpressure?: number;
  maxPayloadLength?: number;
  closeOnBackpressureLimit?: boolean;
  sendPingsAutomatically?: boolean;
  upgrade(response: NativeResponse, request: NativeRequest, context: unknown): void;
  open(socket: NativeWebSocket): void;
  message(socket: NativeWebSocket, message: ArrayBuffer, isBinary: boolean): void;
  ping(socket: NativeWebSocket): void;
  pong(socket: NativeWebSocket): void;
  drain(socket: NativeWebSocket): void;
  close(socket: NativeWebSocket, code: number): void;
}

/** What an engine does with an application. */
export interface NativeApp {
  any(pattern: string, handler: (response: NativeResponse, request: NativeRequest) => void): unknown;
  ws(pattern: string, behavior: never): unknown;
  publish(topic: string, message: string | Uint8Array, isBinary?: boolean, compress?: boolean): boolean;
}
