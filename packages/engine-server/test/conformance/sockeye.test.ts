import { afterEach, beforeEach, describe, it } from "vitest";
import { WebSocketServer } from "ws";
import { engineConformance } from "../../src/conformance/index.js";
import { servers, startOurs } from "./subjects.js";

const runner = { describe, it, beforeEach, afterEach };

for (const name of ["node:http", "node:https", "node:http2 with TLS, for both generations of HTTP"] as const) {
  describe(`our engine on ${name}`, () => {
    engineConformance(runner, { start: (options) => startOurs(servers[name](), options) });
  });
}

describe("our engine on node:http2", () => {
  engineConformance(runner, {
    start: (options) => startOurs(servers["node:http2"](), options),
    supports: { http2: true, websocket: false },
  });
});

describe("our engine on node:http with WebSockets of ws", () => {
  engineConformance(runner, {
    start: (options) => startOurs(servers["node:http"](), { ...options, wsEngine: WebSocketServer as never }),
  });
});
