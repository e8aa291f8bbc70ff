/** What every entry point exports besides its own `io`. */
export type {
  AnyListener,
  ConnectError,
  CoreManagerView,
  CoreSocketView,
  DisconnectDetails,
  DisconnectDetails as DisconnectDescription,
  DisconnectReason,
  DroppedPacket,
  Engine,
  EngineCloseReason,
  EngineEvents,
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
export type {
  BufferPolicy,
  IoOptions,
  ManagerOptions,
  SocketOptions,
} from "./options.js";
