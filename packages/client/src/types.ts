/** What every entry point exports besides its own `io`. */
export type {
  AnyListener,
  ConnectError,
  DisconnectDetails,
  DisconnectReason,
  DroppedPacket,
  ManagerEvents,
  ManagerView,
  Recovery,
  SocketEvents,
  SocketView,
} from "./contract.js";
export type {
  CloseDetails,
  EngineOptions,
  OutgoingPacket,
  TransportClass,
  TransportHost,
  TransportName,
  TransportOptions,
} from "./engine/contract.js";
export type { Engine, EngineCloseReason, EngineEvents } from "./engine/engine.js";
export { Transport } from "./engine/transport.js";
export {
  ClientError,
  type ErrorCode,
  MisuseError,
  RefusedError,
  TransportError,
  UnansweredError,
  ViolationError,
} from "./errors.js";
export type { DefaultEventsMap } from "./events.js";
export type { Io } from "./io.js";
export type {
  BufferPolicy,
  IoOptions,
  ManagerOptions,
  SocketOptions,
} from "./options.js";
