/**
 * Names that no one outside meets: contracts between the parts of this package. The builds for browsers write them short. A name
 * belongs here only if it is nobody else's: no option, no event's field, nothing of the platform's.
 *
 * The letters are the ones that gzip makes the least of, found by trial (docs/decisions/0009): 20 to 30 bytes of the default
 * entry. Any other letter does as well, as long as it is not taken.
 */
const NAMES = {
  // Emitter
  callListener: "b",
  expired: "w",
  dispatch: "n",
  // Manager, and what its sockets ask of it
  isOpen: "e",
  isReady: "u",
  sendPacket: "C",
  closeUnused: "D",
  measure: "U",
  reconnecting: "r",
  attempt: "o",
  wanted: "I",
  want: "T",
  unwatch: "$",
  kit: "g",
  check: "Z",
  alive: "P",
  rest: "Y",
  // Socket, and what its Manager tells it
  joinNamespace: "l",
  packetReceived: "F",
  connectionLost: "i",
  offsetTag: "S",
  offsetsKnown: "s",
  endJoin: "E",
  askFor: "p",
  postEvent: "B",
  refuseWith: "N",
  releaseWaiting: "h",
  nextFlags: "q",
  transmit: "c",
  deliver: "f",
  keepEvent: "m",
  dropEvent: "L",
  settle: "d",
  withError: "V",
  failedTries: "R",
  flags: "a",
  number: "O",
  // Long-polling
  request: "t",
  failures: "v",
};

/** For `mangleProps` of esbuild, and for its `mangleCache`. */
export const mangled = new RegExp(`^(${Object.keys(NAMES).join("|")})$`);
export const letters = NAMES;
