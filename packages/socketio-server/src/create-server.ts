import type { BroadcastOperator as Operator } from "./broadcast-operator.js";
import type { DisconnectReason as Reason, ExtendedError as RefusalError } from "./contract.js";
import { Namespace as PublicNamespace } from "./public-namespace.js";
import type { RemoteSocket as SocketElsewhere } from "./remote-socket.js";
import { type AttachTarget, type ServerOptions as Options, Server as ServerClass } from "./server.js";
import { Socket as SocketClass } from "./socket.js";

/**
 * `new Server(...)` without `new`. As the default import it also carries the classes, and types by their names:
 *
 * ```ts
 * import socketio from "@sockeye/socketio-server";
 *
 * const io: socketio.Server = new socketio.Server(3000);
 * ```
 */
export function createServer(target?: AttachTarget, options?: Partial<Options>): ServerClass {
  return new ServerClass(target, options);
}
Object.assign(createServer, { Server: ServerClass, Namespace: PublicNamespace, Socket: SocketClass });

export declare namespace createServer {
  export type {
    Operator as BroadcastOperator,
    Options as ServerOptions,
    Reason as DisconnectReason,
    RefusalError as ExtendedError,
    SocketElsewhere as RemoteSocket,
  };
  export { PublicNamespace as Namespace, ServerClass as Server, SocketClass as Socket };
}
