import { Namespace as NamespaceClass } from "./namespace.js";
import { type AttachTarget, Server, type ServerOptions } from "./server.js";
import type { NamespaceOf } from "./socket.js";
import type { AnyValue, DefaultEventsMap, EventsMap } from "./typed-events.js";

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
export { AckError, type ServerErrorCode, ServerUsageError, ServerViolation, SocketServerError } from "./errors.js";
export { DEFAULT_SERVER_LIMITS } from "./limits.js";
export { type NamespaceMatcher, ParentNamespace } from "./parent-namespace.js";
export { RemoteSocket } from "./remote-socket.js";
export type { AttachTarget, BindableEngine, ServerOptions, ServerReservedEvents } from "./server.js";
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
export { Server };

export const Namespace = NamespaceClass;

/** A namespace: what `io.of(name)` returns, and what a socket has as `socket.nsp`. */
export type Namespace<
  ListenEvents extends EventsMap = DefaultEventsMap,
  EmitEvents extends EventsMap = ListenEvents,
  ServerSideEvents extends EventsMap = DefaultEventsMap,
  SocketData = AnyValue,
> = NamespaceOf<ListenEvents, EmitEvents, ServerSideEvents, SocketData>;

/** Version of the Socket.IO protocol. */
export const protocol = 5;

/** `new Server(...)` without `new`. */
export default function createServer(target?: AttachTarget, options?: Partial<ServerOptions>): Server {
  return new Server(target, options);
}
