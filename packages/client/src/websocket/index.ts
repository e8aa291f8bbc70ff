/** The client with WebSocket alone: no long-polling, no upgrade, two thirds of the size. */
import { parser } from "@sockeye/socketio-parser";
import { WebSocket } from "../engine/transports/websocket.js";
import type { DefaultEventsMap } from "../events.js";
import { createIo } from "../io.js";
import { type AliveListener, Manager as BaseManager } from "../manager.js";
import type { ManagerOptions } from "../options.js";

const kit = { transports: { websocket: WebSocket }, parser };

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
export const io = /* @__PURE__ */ createIo(Manager);
export { Socket } from "../socket.js";
export * from "../types.js";
export { io as connect, io as default, WebSocket };
