/** Engine.IO on uWebSockets.js. */

export type { NativeApp } from "./native.js";
export { UwsRequest } from "./uws-request.js";
export { UwsResponse } from "./uws-response.js";
export { type UwsAttachOptions, UwsServer } from "./uws-server.js";
