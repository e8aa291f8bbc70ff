import type { AliveListener, CoreManager, Kit } from "./core/manager.js";
import type { CoreSocket } from "./core/socket.js";
import type { IoOptions, ManagerOptions } from "./options.js";
import { parseUrl } from "./url.js";

/** Revision of the Socket.IO protocol. */
export const protocol = 5;

/** A Manager that an entry point begins with: its kit is still to be given. */
type BareManager = new (
  uri: string | undefined,
  options: ManagerOptions,
  kit: Kit,
  alive?: AliveListener,
) => CoreManager;

/**
 * Makes `io` for what an entry point holds. Sockets for different namespaces of one server share a Manager; a second one
 * for the same namespace gets its own. A Manager is remembered while its connection is wanted, and no longer.
 */
export function createIo<Io>(Base: BareManager, kit: Kit): Io {
  class Manager extends Base {
    constructor(uri?: string | ManagerOptions, options: ManagerOptions = {}, alive?: AliveListener) {
      if (typeof uri === "object") super(undefined, uri, kit);
      else super(uri, options, kit, alive);
    }
  }
  const managers = new Map<string, CoreManager>();

  function io(uri?: string | IoOptions, options: IoOptions = {}): CoreSocket {
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
  return Object.assign(io, { io, connect: io, Manager, Socket: kit.Socket, protocol }) as Io;
}
