/**
 * Names that no one outside meets: contracts between the parts of this package. The builds for browsers write them short. A name
 * belongs here only if it is nobody else's: no option, no event's field, nothing of the platform's.
 */
const NAMES = [
  // Emitter
  "callListener",
  "dispatch",
  "onListenerError",
  // Manager and what its sockets ask of it
  "joinNamespace",
  "leaveNamespace",
  "isReady",
  "isWritable",
  "sendPacket",
  "packetDropped",
  "listenerFailed",
  "connectionOpened",
  "packetReceived",
  "connectionLost",
  "reconnecting",
  "attempt",
  "wanted",
  "want",
  "unwatch",
  "handOver",
  "kit",
  "alive",
  "rest",
  "Outbox",
  // Socket
  "offsets",
  "joinNow",
  "askFor",
  "postEvent",
  "refuseWith",
  "releaseWaiting",
  "giveUpAttempt",
  "giveUp",
  "link",
  "nextFlags",
  "dropPacket",
  "transmit",
  "deliver",
  "outbox",
  "waiting",
  "dropped",
  "takeAll",
  "track",
  "timers",
  "late",
  "settle",
  "failSent",
  "withError",
  "tries",
  "post",
];

export const mangled = new RegExp(`^(${NAMES.join("|")})$`);
