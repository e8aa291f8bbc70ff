/** The client with MessagePack packets, for servers with the same parser. */
import { parser } from "@sockeye/socketio-parser/msgpack";
import { WebSocket } from "../engine/transports/websocket.js";
import { XHR } from "../engine/transports/xhr.js";
import { startUpgrade } from "../engine/upgrade.js";
import type { DefaultEventsMap } from "../events.js";
import { createIo } from "../io.js";
import { type AliveListener, Manager as BaseManager } from "../manager.js";
import type { ManagerOptions } from "../options.js";
import { Socket } from "../socket.js";

const kit = { transports: { polling: XHR, websocket: WebSocket }, startUpgrade, parser };

export class Manager<Listen extends object = DefaultEventsMap, Emit extends object = Listen> extends BaseManager<
  Listen,
  Emit
> {
  constructor(uri?: string | ManagerOptions, options?: ManagerOptions, alive?: AliveListener) {
    if (typeof uri === "object") super(undefined, uri, kit);
    else super(uri, options ?? {}, kit, alive);
  }
}

export const protocol = 5;

export const io = /* @__PURE__ */ (() => {
  const io = createIo(Manager);
  return Object.assign(io, { io, connect: io, Manager, Socket, protocol });
})();

export * from "../types.js";
export { io as connect, io as default, Socket };
