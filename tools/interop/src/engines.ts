import { createServer } from "node:http";
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";
import { type Engine, type EngineOptions, Server } from "@sockeye/engine-server";
import { UwsServer } from "@sockeye/engine-server/uws";

/** Our engine on each of its HTTP stacks, on the path `/engine.io` of a port of the loopback. */
export interface RunningEngine {
  readonly engine: Engine;
  readonly port: number;
  stop(): Promise<void>;
}

export type EngineStack = "node:http" | "uWebSockets.js";

export const engineStacks: Readonly<Record<EngineStack, (options: EngineOptions) => Promise<RunningEngine>>> = {
  async "node:http"(options) {
    const http = createServer();
    const engine = new Server(options);
    engine.attach(http);
    await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
    return {
      engine,
      port: (http.address() as AddressInfo).port,
      async stop() {
        engine.close();
        http.closeAllConnections();
        await new Promise((resolve) => http.close(resolve));
      },
    };
  },

  async "uWebSockets.js"(options) {
    const uws = createRequire(import.meta.url)("uWebSockets.js");
    const app = uws.App();
    const engine = new UwsServer(options);
    engine.attach(app);
    const token = await new Promise<unknown>((resolve) => app.listen("127.0.0.1", 0, resolve));
    return {
      engine,
      port: uws.us_socket_local_port(token) as number,
      async stop() {
        engine.close();
        uws.us_listen_socket_close(token);
      },
    };
  },
};
