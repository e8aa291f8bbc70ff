/**
 * Names that no one outside meets: contracts between the parts of this package. The builds for browsers write them short. A name
 * belongs here only if it is nobody else's: no option, no event's field, nothing of the platform's.
 */
const NAMES = [
  // Emitter
  "callListener",
  "expired",
  "dispatch",
  "onListenerError",
  // Manager, and what its sockets ask of it
  "isOpen",
  "isReady",
  "sendPacket",
  "closeUnused",
  "measure",
  "reconnecting",
  "attempt",
  "wanted",
  "want",
  "unwatch",
  "kit",
  "check",
  "alive",
  "rest",
  // Socket, and what its Manager tells it
  "joinNamespace",
  "packetReceived",
  "connectionLost",
  "offsetTag",
  "offsetsKnown",
  "endJoin",
  "askFor",
  "postEvent",
  "refuseWith",
  "releaseWaiting",
  "nextFlags",
  "transmit",
  "deliver",
  "keepEvent",
  "dropEvent",
  "settle",
  "withError",
  "failedTries",
  "flags",
  "number",
  // Long-polling
  "request",
  "failures",
];

export const mangled = new RegExp(`^(${NAMES.join("|")})$`);
