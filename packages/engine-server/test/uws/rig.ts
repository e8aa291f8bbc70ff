import { createRequire } from "node:module";
import type { EngineOptions, Server } from "../../src/index.js";
import { type NativeApp, type UwsAttachOptions, UwsServer } from "../../src/uws/index.js";
import type { Rig } from "../rig.js";

/** What the tests use of the library beside {@link NativeApp}. */
interface Library {
  App(): NativeApp & { listen(host: string, port: number, done: (token: unknown) => void): unknown };
  SHARED_COMPRESSOR: number;
  us_socket_local_port(token: unknown): number;
  us_listen_socket_close(token: unknown): void;
}

/** Loaded by `require`: its types are not ours to check. */
export const uws = createRequire(import.meta.url)("uWebSockets.js") as Library;

/** A {@link Rig} on uWebSockets.js: all that the helpers of the other rig do works with it. */
export interface UwsRig extends Rig {
  readonly engine: Rig["engine"] & UwsServer;
  readonly app: NativeApp;
}

/** Our engine on a uWebSockets.js application on the loopback. */
export async function startUws(options: EngineOptions = {}, attach: UwsAttachOptions = {}): Promise<UwsRig> {
  const app = uws.App();
  // What the helpers use of an engine is what all engines have.
  const engine = new UwsServer(options) as UwsServer & Server;
  engine.attach(app, attach);
  const errors: Rig["errors"] = [];
  engine.on("connection_error", ({ code, message, context }) => {
    errors.push({ code, message, context: { ...context } });
  });
  const token = await new Promise<unknown>((resolve) => app.listen("127.0.0.1", 0, resolve));
  const port = uws.us_socket_local_port(token);
  const stop = async () => {
    engine.close();
    uws.us_listen_socket_close(token);
  };
  return { url: `http://127.0.0.1:${port}`, engine, app, errors, port, stop };
}
