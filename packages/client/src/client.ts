import type { Parser } from "@sockeye/socketio-parser";
import type { AliveListener, Kit } from "./core/manager.js";
import type { TransportClass } from "./engine/contract.js";
import { Engine } from "./engine/engine.js";
import type { DefaultEventsMap } from "./events.js";
import { createIo, type protocol } from "./io.js";
import { Manager } from "./manager.js";
import type { IoOptions, ManagerOptions } from "./options.js";
import { Socket } from "./socket.js";

/** A Manager with transports and codec chosen. */
export interface ManagerClass {
  new <Listen extends object = DefaultEventsMap, Emit extends object = Listen>(
    uri?: string | ManagerOptions,
    options?: ManagerOptions,
    alive?: AliveListener,
  ): Manager<Listen, Emit>;
}

/** The function `io`: a socket for an address. It carries the other exports, for CommonJS and for scripts. */
export interface Io {
  <Listen extends object = DefaultEventsMap, Emit extends object = Listen>(options?: IoOptions): Socket<Listen, Emit>;
  <Listen extends object = DefaultEventsMap, Emit extends object = Listen>(
    uri: string | undefined,
    options?: IoOptions,
  ): Socket<Listen, Emit>;
  readonly io: Io;
  readonly connect: Io;
  readonly Manager: ManagerClass;
  readonly Socket: typeof Socket;
  readonly protocol: typeof protocol;
}

/** A call that a bundler may drop where nobody imports the class; it cannot tell that reading a property does nothing. */
export function managerOf(io: Io): ManagerClass {
  return io.Manager;
}

/** The client with everything but what its entry points choose: transports by name, in order of preference, and the codec. */
export function createClient(transports: Readonly<Record<string, TransportClass>>, parser: Parser): Io {
  const kit: Kit = { engine: (uri, options) => new Engine(uri, options, transports), parser, Socket };
  class ClientManager extends Manager {
    protected override kit(): Kit {
      return kit;
    }
  }
  return createIo<Io>(ClientManager, Socket);
}
