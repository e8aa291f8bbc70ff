/** The client with MessagePack packets, for servers with the same parser. */
import { parser } from "@sockeye/socketio-parser/msgpack";
import { createClient, managerOf } from "../client.js";
import { WebSocket } from "../engine/transports/websocket.js";
import { XHR } from "../engine/transports/xhr.js";
import type { DefaultEventsMap } from "../events.js";
import type { Manager as BaseManager } from "../manager.js";

export const io = /* @__PURE__ */ createClient({ polling: XHR, websocket: WebSocket }, parser);

export const Manager = /* @__PURE__ */ managerOf(io);
export type Manager<Listen extends object = DefaultEventsMap, Emit extends object = Listen> = BaseManager<Listen, Emit>;

export type { Io } from "../client.js";
export { protocol } from "../io.js";
export { Socket } from "../socket.js";
export * from "../types.js";
export { io as connect, io as default };
