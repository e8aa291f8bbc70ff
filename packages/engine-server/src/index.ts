/**
 * Engine.IO sessions over HTTP long-polling, WebSocket and WebTransport on node:http, node:https and node:http2.
 */
import { PollingTransport } from "./transports/polling.js";
import { WebSocketTransport } from "./transports/websocket.js";
import { WebTransportTransport } from "./transports/webtransport.js";

/** The codec, for those who look for it here. */
export * as parser from "@sockeye/engine-parser";
export type {
  EngineBackpressure,
  EngineCloseReason,
  EngineData,
  EnginePublishOptions,
  EngineServer,
  EngineSink,
  EngineSocket,
  EngineTopics,
  EngineWriteOptions,
  PreparedMessage,
} from "./contract.js";
export { Engine, type EngineInspection } from "./engine.js";
export {
  EngineError,
  type EngineErrorCode,
  EngineMisuse,
  EngineViolation,
  HandshakeRefusal,
  RefusalCode,
  refusalMessages,
  TransportFailure,
} from "./errors.js";
export type { CookieOptions } from "./handshake/cookie.js";
export type { CorsOptions, CorsOptionsDelegate, CorsOrigin, CorsOriginFunction } from "./handshake/cors.js";
export type { Middleware, Next } from "./handshake/middleware.js";
export type { OriginPolicy, OriginRule } from "./handshake/origins.js";
export type { RequestView } from "./handshake/request-view.js";
export { nodeCors } from "./http/node-cors.js";
export type {
  AllowRequestCallback,
  AttachOptions,
  EngineOptions,
  HttpCompressionOptions,
  PerMessageDeflateOptions,
  TransportName,
  WebSocketEngine,
} from "./options.js";
export { type AnyHttpServer, attach, listen, Server } from "./server.js";
export { type PacketView, Socket } from "./socket.js";
export type { Transport as TransportContract, TransportOwner } from "./transports/contract.js";
export { BaseTransport as Transport } from "./transports/transport.js";
export type {
  HeaderTable,
  WebTransportRequest,
  WebTransportSession,
  WebTransportStream,
} from "./transports/webtransport-session.js";
/** The engine on uWebSockets.js, for those who look for it here. */
export { UwsServer as uServer } from "./uws/index.js";
export type { AcceptorEvents, AcceptorOptions, CompressingServer, WebSocketAcceptor } from "./websocket/acceptor.js";
export { FrameViolation, type FrameViolationCode } from "./websocket/frame-violation.js";
export { ServerWebSocket, type WebSocketEvents } from "./websocket/server-websocket.js";

/** The transport classes by name. */
export const transports = {
  polling: PollingTransport,
  websocket: WebSocketTransport,
  webtransport: WebTransportTransport,
} as const;

/** Revision of the Engine.IO protocol. */
export const protocol = 4;
