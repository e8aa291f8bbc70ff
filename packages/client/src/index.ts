/**
 * Socket.IO client with long-polling, WebSocket, and JSON packets. `Fetch` and `WebTransport` are at hand for
 * `transports: [WebTransport, "websocket"]`, and cost nothing where they are not imported.
 *
 * ```ts
 * import { io } from "@sockeye/client";
 *
 * const socket = io("https://example.com");
 * socket.on("connect", () => socket.emit("hello", "world"));
 * ```
 */
import { parser } from "#platform";
import { createClient, managerOf } from "./client.js";
import { WebSocket } from "./engine/transports/websocket.js";
import { XHR } from "./engine/transports/xhr.js";
import type { DefaultEventsMap } from "./events.js";
import type { Manager as BaseManager } from "./manager.js";

export const io = /* @__PURE__ */ createClient({ polling: XHR, websocket: WebSocket }, parser);

export const Manager = /* @__PURE__ */ managerOf(io);
export type Manager<Listen extends object = DefaultEventsMap, Emit extends object = Listen> = BaseManager<Listen, Emit>;

export type { Io } from "./client.js";
export { Fetch } from "./engine/transports/fetch.js";
export { WebTransport } from "./engine/transports/webtransport.js";
export { protocol } from "./io.js";
export { Socket } from "./socket.js";
export * from "./types.js";
export { io as connect, io as default, WebSocket, WebSocket as NodeWebSocket, XHR, XHR as NodeXHR };
