/**
 * Socket.IO client for any transport, with JSON packets.
 *
 * ```ts
 * import { io } from "@sockeye/client";
 *
 * const socket = io("https://example.com");
 * socket.on("connect", () => socket.emit("hello", "world"));
 * ```
 */
import { parser } from "@sockeye/socketio-parser";
import { WebSocket } from "./engine/transports/websocket.js";
import { WebTransport } from "./engine/transports/webtransport.js";
import { XHR } from "./engine/transports/xhr.js";
import { startUpgrade } from "./engine/upgrade.js";
import type { DefaultEventsMap } from "./events.js";
import { createIo } from "./io.js";
import { type AliveListener, Manager as BaseManager } from "./manager.js";
import type { ManagerOptions } from "./options.js";
import { Socket } from "./socket.js";

const kit = { transports: { polling: XHR, websocket: WebSocket, webtransport: WebTransport }, startUpgrade, parser };

export class Manager<Listen extends object = DefaultEventsMap, Emit extends object = Listen> extends BaseManager<
  Listen,
  Emit
> {
  constructor(uri?: string | ManagerOptions, options?: ManagerOptions, alive?: AliveListener) {
    if (typeof uri === "object") super(undefined, uri, kit);
    else super(uri, options ?? {}, kit, alive);
  }
}

/** Revision of the Socket.IO protocol. */
export const protocol = 5;

/** A socket for an address; see {@link createIo} for what is shared. Carries the other exports, for CommonJS. */
export const io = /* @__PURE__ */ (() => {
  const io = createIo(Manager);
  return Object.assign(io, { io, connect: io, Manager, Socket, protocol });
})();

export { Fetch } from "./engine/transports/fetch.js";
export * from "./types.js";
export {
  io as connect,
  io as default,
  Socket,
  WebSocket,
  WebSocket as NodeWebSocket,
  WebTransport,
  XHR,
  XHR as NodeXHR,
};
