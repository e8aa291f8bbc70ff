import type { Registry } from "../registry.js";
import type { Socket } from "../socket.js";

/**
 * Legacy: the sessions of an engine looked at as an object (`engine.clients[id]`, `Object.keys(engine.clients)`), which
 * is how the ecosystem reads them. The table itself is a Map; names of `Object.prototype` mean nothing here.
 */
export function clientsView(registry: Registry): Readonly<Record<string, Socket>> {
  return new Proxy(Object.create(null) as Record<string, Socket>, {
    get: (_target, key) => (typeof key === "string" ? registry.get(key) : undefined),
    has: (_target, key) => typeof key === "string" && registry.has(key),
    ownKeys: () => [...registry.keys()],
    getOwnPropertyDescriptor: (_target, key) => describe(typeof key === "string" ? registry.get(key) : undefined),
    set: () => false,
    defineProperty: () => false,
    deleteProperty: () => false,
  });
}

function describe(socket: Socket | undefined): PropertyDescriptor | undefined {
  return socket && { value: socket, enumerable: true, configurable: true, writable: false };
}
