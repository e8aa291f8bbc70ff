import type { DefaultEventsMap } from "./events.js";
import type { AliveListener, Manager } from "./manager.js";
import type { IoOptions, ManagerOptions } from "./options.js";
import type { Socket } from "./socket.js";
import { parseUrl } from "./url.js";

/** The function `io`: a socket for an address. */
export interface Io {
  <Listen extends object = DefaultEventsMap, Emit extends object = Listen>(options?: IoOptions): Socket<Listen, Emit>;
  <Listen extends object = DefaultEventsMap, Emit extends object = Listen>(
    uri: string | undefined,
    options?: IoOptions,
  ): Socket<Listen, Emit>;
}

type ManagerClass = new (uri: string | undefined, options: ManagerOptions, alive?: AliveListener) => Manager;

/**
 * Makes an `io` for one kind of Manager. Sockets for different namespaces of one server share a Manager; a second one
 * for the same namespace gets its own. A Manager is remembered while its connection is wanted, and no longer.
 */
export function createIo(Class: ManagerClass): Io {
  const managers = new Map<string, Manager>();

  function io(uri?: string | IoOptions, options: IoOptions = {}): Socket {
    if (typeof uri === "object") return io(undefined, uri);
    const { protocol, hostname, port, path: nsp } = parseUrl(uri);
    const key = `${protocol}://${hostname}:${port}${options.path ?? "/socket.io"}`;
    let manager = managers.get(key);
    if (options.forceNew || options.multiplex === false || manager?.nsps.has(nsp)) {
      manager = new Class(uri, options);
    } else if (!manager) {
      manager = new Class(uri, options, (self, alive) => {
        if (!alive) managers.delete(key);
        else if (!managers.has(key)) managers.set(key, self);
      });
      managers.set(key, manager);
    }
    return manager.socket(nsp, options);
  }
  return io as Io;
}
