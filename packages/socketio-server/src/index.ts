import { type AttachTarget, Server, type ServerOptions } from "./server.js";

export type { AdapterConstructor, Room, SocketId } from "@sockeye/adapter-base";
export { BroadcastOperator } from "./broadcast-operator.js";
export { Connection as Client } from "./connection.js";
export type {
  ConnectionStateRecoveryOptions,
  DisconnectReason,
  ErrorContext,
  ErrorHandler,
  Handshake,
  Inspection,
  NamespaceInspection,
  Recovery,
  ServerLimits,
  SocketOptions,
} from "./contract.js";
export { AckError, type ServerErrorCode, ServerUsageError, ServerViolation, SocketServerError } from "./errors.js";
export { DEFAULT_SERVER_LIMITS } from "./limits.js";
export { Namespace, type NamespaceMiddleware } from "./namespace.js";
export { type NamespaceMatcher, ParentNamespace } from "./parent-namespace.js";
export { RemoteSocket } from "./remote-socket.js";
export type { AttachTarget, BindableEngine, ServerOptions, ServerReservedEvents } from "./server.js";
export { type CatchAllListener, type Event, Socket, type SocketReservedEvents } from "./socket.js";
export type {
  AllButLast,
  DecorateAcknowledgements,
  DecorateAcknowledgementsWithMultipleResponses,
  DefaultEventsMap,
  EventNames,
  EventNamesWithAck,
  EventNamesWithError,
  EventNamesWithoutAck,
  EventParams,
  EventsMap,
  FirstNonErrorArg,
  Last,
} from "./typed-events.js";
export { Server };

/** Version of the Socket.IO protocol. */
export const protocol = 5;

/** `new Server(...)` without `new`. */
export default function createServer(target?: AttachTarget, options?: Partial<ServerOptions>): Server {
  return new Server(target, options);
}
