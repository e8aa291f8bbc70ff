import type { AliveListener, CoreManager } from "./core/manager.js";
import type { CoreSocket } from "./core/socket.js";
import { requestUri } from "./engine/address.js";
import type { IoOptions, ManagerOptions } from "./options.js";
import { parseUrl } from "./url.js";

/** Revision of the Socket.IO protocol. */
export const protocol = 5;

/** The Managers of an entry point. */
type ManagerClass = new (uri?: string | ManagerOptions, options?: ManagerOptions, alive?: AliveListener) => CoreManager;

/**
 * Makes `io` of what an entry point holds. Sockets for different namespaces of one server share a Manager; a second one
 * for the same namespace gets its own. A Manager is remembered while its connection is wanted, and no longer.
 */
export function createIo<Io>(Manager: ManagerClass, Socket: unknown): Io {
  const managers = new Map<string, CoreManager>();

  function io(uri?: string | IoOptions, options: IoOptions = {}): CoreSocket {
    if (typeof uri === "object") return io(undefined, uri);
    const address = parseUrl(uri);
    const nsp = address.path;
    const key = requestUri({ ...address, path: options.path ?? "/socket.io" });
    const remember: AliveListener = (manager, alive) => {
      if (alive) managers.set(key, manager);
      else managers.delete(key);
    };
    let manager = managers.get(key);
    if (options.forceNew || options.multiplex === false || manager?.nsps[nsp]) manager = new Manager(uri, options);
    else {
      manager ??= new Manager(uri, options, remember);
      managers.set(key, manager);
    }
    return manager.socket(nsp, options);
  }
  return Object.assign(io, { io, connect: io, Manager, Socket, protocol }) as Io;
}
