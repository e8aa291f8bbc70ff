/** The client with WebSocket alone: no long-polling, no upgrade. */
import { parser } from "#platform";
import { WebSocket } from "../engine/transports/websocket.js";
import type { DefaultEventsMap } from "../events.js";
import { createIo } from "../io.js";
import type { Manager as BaseManager } from "../manager.js";

export const io = /* @__PURE__ */ createIo({ transports: { websocket: WebSocket }, parser });

export const Manager = io.Manager;
export type Manager<Listen extends object = DefaultEventsMap, Emit extends object = Listen> = BaseManager<Listen, Emit>;

export { protocol } from "../io.js";
export { Socket } from "../socket.js";
export * from "../types.js";
export { io as connect, io as default, WebSocket };
