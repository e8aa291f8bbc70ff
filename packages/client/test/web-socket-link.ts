import type { WebSocketLike } from "../src/engine/contract.js";

/**
 * The part of a platform that opens WebSockets, for tests over a link in memory. In a test file:
 *
 * ```ts
 * vi.mock("#platform", async (load) => ({ ...(await load<object>()), ...(await import("./web-socket-link.js")) }));
 * ```
 */
export interface LinkedWebSocket extends WebSocketLike {
  send(frame: string): void;
}

let opener: (() => LinkedWebSocket) | undefined;

/** From now on WebSockets are opened by `open`. */
export function linkWebSockets(open: () => LinkedWebSocket): void {
  opener = open;
}

export function openWebSocket(): WebSocketLike {
  return opener!();
}

export function sendFrame(socket: WebSocketLike, frame: unknown): void {
  (socket as LinkedWebSocket).send(frame as string);
}
