/** The client with MessagePack packets, for servers with the same parser. */
import { parser } from "@sockeye/socketio-parser/msgpack";
import { WebSocket } from "../engine/transports/websocket.js";
import { XHR } from "../engine/transports/xhr.js";
import { startUpgrade } from "../engine/upgrade.js";
import type { DefaultEventsMap } from "../events.js";
import { createIo } from "../io.js";
import type { Manager as BaseManager } from "../manager.js";

export const io = /* @__PURE__ */ createIo({
  transports: { polling: XHR, websocket: WebSocket },
  startUpgrade,
  parser,
});

export const Manager = io.Manager;
export type Manager<Listen extends object = DefaultEventsMap, Emit extends object = Listen> = BaseManager<Listen, Emit>;

export { protocol } from "../io.js";
export { Socket } from "../socket.js";
export * from "../types.js";
export { io as connect, io as default };
