import type { WebSocketLike } from "../transports/foreign-websocket.js";
import { DetachedResponse } from "./detached-response.js";

const POLICY_VIOLATION = 1008;
/** Bytes that a close frame has room for, less what a character cut in the middle may grow by. */
const LONGEST_REASON = 120;

/** For middlewares that meet a WebSocket whose upgrade was answered before they were asked: whoever ends it closes the WebSocket. */
export class AcceptedResponse extends DetachedResponse {
  constructor(private readonly webSocket: WebSocketLike) {
    super();
    webSocket.on("close", () => this.emit("close"));
  }

  protected override answer(body: Buffer): void {
    turnAway(this.webSocket, body);
  }
}

/** Closes a WebSocket that is not let in. */
export function turnAway(webSocket: WebSocketLike, reason: Buffer): void {
  webSocket.resume?.();
  webSocket.close(POLICY_VIOLATION, reason.toString("utf8", 0, LONGEST_REASON));
}
