/** What a plain `<script>` gets as the global `io`: every transport by its name, as a script cannot import more. */
import { parser } from "#platform";
import { WebSocket } from "../engine/transports/websocket.js";
import { WebTransport } from "../engine/transports/webtransport.js";
import { XHR } from "../engine/transports/xhr.js";
import { startUpgrade } from "../engine/upgrade.js";
import { createIo } from "../io.js";

export const io = createIo({
  transports: { polling: XHR, websocket: WebSocket, webtransport: WebTransport },
  startUpgrade,
  parser,
});
export const Manager = io.Manager;
export { protocol } from "../io.js";
export { Socket } from "../socket.js";
export { io as connect, io as default };
