import { createServer, type Server as HttpServer } from "node:http";
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";
import { Server as OfficialServer, type Server } from "socket.io";

/** Clients of 2020 and before: Socket.IO 2, which is Engine.IO 3. */

/** Who serves the old client. */
export type LegacyStack = "official" | "official on our engine" | "sockeye";
export const LEGACY_STACKS: readonly LegacyStack[] = ["official", "official on our engine", "sockeye"];

/** What is used of the old client's socket (its package has no types). */
export interface LegacySocket {
  readonly id: string;
  readonly connected: boolean;
  readonly io: { readonly engine: { readonly transport: { readonly name: string } } };
  emit(event: string, ...args: unknown[]): this;
  on(event: string, listener: (...args: never[]) => void): this;
  off(event: string, listener: (...args: never[]) => void): this;
  open(): this;
  close(): this;
}

/** Loaded as a CommonJS caller of its time would: the package knows nothing else. */
const connect: (url: string, options: object) => LegacySocket = createRequire(import.meta.url)("socket.io-client-v2");

export interface LegacyRig {
  readonly io: Server;
  client(namespace?: string, options?: object): LegacySocket;
  close(): Promise<void>;
}

/** A server that takes old clients, listening on the loopback. */
export async function openLegacy(stack: LegacyStack, options: object = {}): Promise<LegacyRig> {
  const http = createServer();
  const io = await serve(stack, http, { allowEIO3: true, ...options });
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  const { port } = http.address() as AddressInfo;
  const clients: LegacySocket[] = [];
  return {
    io,
    client(namespace = "/", clientOptions = {}) {
      const socket = connect(`http://127.0.0.1:${port}${namespace}`, {
        forceNew: true,
        reconnection: false,
        ...clientOptions,
      });
      clients.push(socket);
      return socket;
    },
    async close() {
      for (const client of clients) client.close();
      await io.close();
      http.closeAllConnections();
    },
  };
}

async function serve(stack: LegacyStack, http: HttpServer, options: object): Promise<Server> {
  if (stack === "official") return new OfficialServer(http, options);
  if (stack === "sockeye") {
    const { Server: SockeyeServer } = await import("@sockeye/socketio-server");
    return new SockeyeServer(http, options) as unknown as Server;
  }
  const { Server: SockeyeEngine } = await import("@sockeye/engine-server");
  const engine = new SockeyeEngine(options);
  engine.attach(http, { path: "/socket.io/" });
  return new OfficialServer(options).bind(engine as never);
}
