import type { AliveListener, CoreManager, Kit } from "./core/manager.js";
import type { CoreSocket } from "./core/socket.js";
import type { IoOptions, ManagerOptions } from "./options.js";
import { parseUrl } from "./url.js";

/** Revision of the Socket.IO protocol. */
export const protocol = 5;

/** A Manager that an entry point begins with: its kit is still to be given. */
type BareManager = abstract new (
  uri?: string | ManagerOptions,
  options?: ManagerOptions,
  alive?: AliveListener,
) => CoreManager;

/**
 * Makes `io` for what an entry point holds. Sockets for different namespaces of one server share a Manager; a second one
 * for the same namespace gets its own. A Manager is remembered while its connection is wanted, and no longer.
 */
export function createIo<Io>(Base: BareManager, kit: Kit): Io {
  class Manager extends Base {
    protected override kit(): Kit {
      return kit;
    }
  }
  const managers = new Map<string, CoreManager>();

  function io(uri?: string | IoOptions, options: IoOptions = {}): CoreSocket {
    if (typeof uri === "object") return io(undefined, uri);
    const { protocol, hostname, port, path: nsp } = parseUrl(uri);
    const key = `${protocol}://${hostname}:${port}${options.path ?? "/socket.io"}`;
    const known = managers.get(key);
    const remember: AliveListener = (manager, alive) => {
      if (alive) managers.set(key, manager);
      else managers.delete(key);
    };
    let manager = known;
    if (options.forceNew || options.multiplex === false || known?.nsps[nsp]) manager = new Manager(uri, options);
    else if (!known) {
      manager = new Manager(uri, options, remember);
      managers.set(key, manager);
    }
    return manager!.socket(nsp, options);
  }
  return Object.assign(io, { io, connect: io, Manager, Socket: kit.Socket, protocol }) as Io;
}
