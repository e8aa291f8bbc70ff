import type { WebSocketLike } from "../src/engine/contract.js";

/**
 * The part of a platform that opens WebSockets, for tests over a link in memory. In a test file:
 *
 * ```ts
 * vi.mock("#platform", async (load) => ({ ...(await load<object>()), ...(await import("./web-socket-link.js")) }));
 * ```
 */
let opener: (() => WebSocketLike) | undefined;

/** From now on WebSockets are opened by `open`. */
export function linkWebSockets(open: () => WebSocketLike): void {
  opener = open;
}

export function openWebSocket(): WebSocketLike {
  return opener!();
}
