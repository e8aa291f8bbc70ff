import { createRequire } from "node:module";
import type { RunningEngine } from "../../src/conformance/index.js";
import type { EngineOptions } from "../../src/index.js";
import { type NativeApp, type UwsAttachOptions, UwsServer } from "../../src/uws/index.js";

/** What the tests use of the library beside {@link NativeApp}. */
interface Library {
  App(): NativeApp & { listen(host: string, port: number, done: (token: unknown) => void): unknown };
  SHARED_COMPRESSOR: number;
  us_socket_local_port(token: unknown): number;
  us_listen_socket_close(token: unknown): void;
}

/** Loaded by `require`: its types are not ours to check. */
export const uws = createRequire(import.meta.url)("uWebSockets.js") as Library;

export interface RunningUws extends RunningEngine {
  readonly engine: UwsServer;
  readonly app: NativeApp;
  readonly port: number;
}

/** Our engine on a uWebSockets.js application on the loopback. */
export async function startUws(options: EngineOptions = {}, attach: UwsAttachOptions = {}): Promise<RunningUws> {
  const app = uws.App();
  const engine = new UwsServer(options);
  engine.attach(app, attach);
  const token = await new Promise<unknown>((resolve) => app.listen("127.0.0.1", 0, resolve));
  const port = uws.us_socket_local_port(token);
  const stop = async () => {
    engine.close();
    uws.us_listen_socket_close(token);
  };
  return { url: `http://127.0.0.1:${port}`, engine, app, port, stop };
}
