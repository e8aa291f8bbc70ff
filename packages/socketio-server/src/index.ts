export type { AdapterConstructor, Room, SocketId } from "@sockeye/adapter-base";
export { BroadcastOperator } from "./broadcast-operator.js";
export { Connection as Client } from "./connection.js";
export type {
  ConnectionStateRecoveryOptions,
  DisconnectReason,
  ErrorContext,
  ErrorHandler,
  ExtendedError,
  Handshake,
  Inspection,
  NamespaceInspection,
  Recovery,
  ServerLimits,
  SocketOptions,
} from "./contract.js";
export { createServer as default } from "./create-server.js";
export { AckError, type ServerErrorCode, ServerUsageError, ServerViolation, SocketServerError } from "./errors.js";
export { DEFAULT_SERVER_LIMITS } from "./limits.js";
export { type NamespaceMatcher, ParentNamespace } from "./parent-namespace.js";
export { Namespace } from "./public-namespace.js";
export { RemoteSocket } from "./remote-socket.js";
export {
  type AttachTarget,
  type BindableEngine,
  Server,
  type ServerOptions,
  type ServerReservedEvents,
} from "./server.js";
export {
  type CatchAllListener,
  type Event,
  type NamespaceMiddleware,
  Socket,
  type SocketReservedEvents,
} from "./socket.js";
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

/** Version of the Socket.IO protocol. */
export const protocol = 5;
