import { afterEach, beforeEach, describe, it } from "vitest";
import { type DeclaredException, engineConformance } from "../../src/conformance/index.js";
import { startUws } from "./rig.js";

const CUTS = "the library cuts the connection, without a close frame";
const WAITS =
  "the library takes a frame without mask for the beginning of a longer one; the heartbeat ends the session";
const LOSES = "the library throws away what comes in one segment with the upgrade request; clients may not send it";
const MEMORY = "the library counts the bytes of unfinished messages (at most maxHttpBufferSize), not their fragments";

/** What the library decides before we are asked. */
const exceptions: DeclaredException[] = [
  { name: "websocket: takes a message of maxHttpBufferSize and ends at a larger one with code 1009", reason: CUTS },
  { name: "hostile: CVE-2016-10542: a frame that declares a gigabyte is refused before it comes", reason: CUTS },
  { name: "websocket: ends the session at a frame without mask", reason: WAITS },
  { name: "websocket: ends the session at a declared length beyond all numbers", reason: WAITS },
  { name: "websocket: hears what came together with the upgrade request", reason: LOSES },
  { name: "hostile: CVE-2022-21676: bad frames in one segment with the upgrade request", reason: LOSES },
  { name: "limits: maxFragments", reason: MEMORY },
  { name: "hostile: CVE-2026-48779: fragments without end are cut off", reason: MEMORY },
  {
    name: "hostile: cookies, query and headers with names of objects",
    reason: "the library does not answer requests with an underscore in the name of a header",
  },
];

describe("our engine on uWebSockets.js", () => {
  engineConformance({ describe, it, beforeEach, afterEach }, { start: (options) => startUws(options), exceptions });
});
