import type { DefaultEventsMap } from "./events.js";
import { type AliveListener, Manager as BaseManager, type ManagerKit } from "./manager.js";
import type { IoOptions, ManagerOptions } from "./options.js";
import { Socket } from "./socket.js";
import { parseUrl } from "./url.js";

/** Revision of the Socket.IO protocol. */
export const protocol = 5;

/** A Manager with transports and codec chosen. */
export interface ManagerClass {
  new <Listen extends object = DefaultEventsMap, Emit extends object = Listen>(
    uri?: string | ManagerOptions,
    options?: ManagerOptions,
    alive?: AliveListener,
  ): BaseManager<Listen, Emit>;
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

/**
 * Makes `io` for what an entry point holds. Sockets for different namespaces of one server share a Manager; a second one
 * for the same namespace gets its own. A Manager is remembered while its connection is wanted, and no longer.
 */
export function createIo(kit: ManagerKit): Io {
  class Manager extends BaseManager {
    constructor(uri?: string | ManagerOptions, options: ManagerOptions = {}, alive?: AliveListener) {
      if (typeof uri === "object") super(undefined, uri, kit);
      else super(uri, options, kit, alive);
    }
  }
  const managers = new Map<string, BaseManager>();

  function io(uri?: string | IoOptions, options: IoOptions = {}): Socket {
    if (typeof uri === "object") return io(undefined, uri);
    const { protocol, hostname, port, path: nsp } = parseUrl(uri);
    const key = `${protocol}://${hostname}:${port}${options.path ?? "/socket.io"}`;
    let manager = managers.get(key);
    if (options.forceNew || options.multiplex === false || manager?.nsps[nsp]) {
      manager = new Manager(uri, options);
    } else if (!manager) {
      manager = new Manager(uri, options, (self, alive) => {
        if (!alive) managers.delete(key);
        else if (!managers.has(key)) managers.set(key, self);
      });
      managers.set(key, manager);
    }
    return manager.socket(nsp, options);
  }
  return Object.assign(io, { io, connect: io, Manager, Socket, protocol }) as unknown as Io;
}
