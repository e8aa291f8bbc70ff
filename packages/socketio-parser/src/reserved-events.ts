/**
 * Names that the library emits itself on a socket. A peer that sends one, or a program that emits one, would forge a
 * life-cycle event; both directions refuse them.
 */
export const RESERVED_EVENTS: ReadonlySet<string> = new Set([
  "connect",
  "connect_error",
  "disconnect",
  "disconnecting",
  "newListener",
  "removeListener",
]);
