import { createServer } from "node:http";
import { Server } from "engine.io";
import { afterEach, beforeEach, describe, it } from "vitest";
import { type DeclaredException, engineConformance, type SubjectEngine } from "../../src/conformance/index.js";
import { listen } from "./subjects.js";

/** What the incumbent does otherwise. Its users live with it; ours need not. */
const exceptions: DeclaredException[] = [
  {
    name: "handshake: serves the path without its slash",
    reason: "compares the path with its slash by prefix; a request without it is left hanging",
  },
  {
    name: "handshake: refuses who gets no id, and keeps nothing",
    reason: "completes a WebSocket upgrade before it asks for an id",
  },
  {
    name: "guards: refuses upgrades in plain HTTP and ends their connection",
    reason: "completes a WebSocket upgrade before it looks at the revision of the protocol",
  },
  {
    name: "guards: refuses an upgrade on the polling transport",
    reason: "completes the upgrade, then closes the WebSocket",
  },
  {
    name: "polling: ends a session whose upload was too large",
    reason: "answers 413 and keeps the session, which has lost a message then",
  },
  {
    name: 'polling: ends the session at the payload "b*"',
    reason: "reads what it can of base64 and skips the rest",
  },
  {
    name: "polling: answers an upload that is no payload with 400",
    reason: "answers ok, and ends the session",
  },
  {
    name: "websocket: ends a session whose peer sends a close packet, at once",
    reason: "ignores the packet; the session ends by its ping timeout",
  },
  {
    name: "websocket: hears what came together with the upgrade request",
    reason: "loses frames that arrive before the session is announced",
  },
  {
    name: "upgrade: lets nobody take over a session that began on WebSocket",
    reason: "upgrades a WebSocket session to the WebSocket of whoever knows its id",
  },
  {
    name: "upgrade: closes a candidate that says it has moved without having asked",
    reason: "moves the session without a probe",
  },
  {
    name: "upgrade: does not upgrade when allowUpgrades is off, whoever asks",
    reason: "does not offer upgrades, and grants them all the same",
  },
  {
    name: "heartbeat: takes anything that arrives for a sign of life",
    reason: "extends the deadline of a pong once, however much arrives",
  },
  {
    name: "headers: refuses other origins than cors names with 403, on every transport",
    reason: "leaves origins to the browser, which does not guard WebSocket",
  },
  {
    name: "headers: refuses other origins for requests of a session that exists",
    reason: "leaves origins to the browser, which does not guard WebSocket",
  },
  {
    name: "hostile: CVE-2023-31125: upgrades to transports that are names of objects",
    reason: "refuses those names, and completes an upgrade on the polling transport before it closes the WebSocket",
  },
  {
    name: "revision 3: ends the session at octets with a kind of packet that does not exist",
    reason: "takes every byte but 0 for the mark of binary data",
  },
  {
    name: "revision 3: ends the session at octets with a length beyond the body",
    reason: "takes a packet that is shorter than it says",
  },
];

describe("the incumbent's engine on node:http", () => {
  engineConformance(
    { describe, it, beforeEach, afterEach },
    {
      async start(options) {
        const http = createServer();
        const engine = new Server(options as object);
        engine.attach(http, { path: "/engine.io" });
        return listen(http, engine as unknown as SubjectEngine);
      },
      // Sessions of WebTransport that it refuses leave rejected promises behind, which end a Node process.
      supports: { inspect: false, limits: false, webTransport: false },
      exceptions,
    },
  );
});
