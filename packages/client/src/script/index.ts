/** What a plain `<script>` gets as the global `io`: every transport by its name, as a script cannot import more. */
import { parser } from "#platform";
import { createClient } from "../client.js";
import { WebSocket } from "../engine/transports/websocket.js";
import { WebTransport } from "../engine/transports/webtransport.js";
import { XHR } from "../engine/transports/xhr.js";

export const io = createClient({ polling: XHR, websocket: WebSocket, webtransport: WebTransport }, parser);
export const Manager = io.Manager;
export { protocol } from "../io.js";
export { Socket } from "../socket.js";
export { io as connect, io as default };
