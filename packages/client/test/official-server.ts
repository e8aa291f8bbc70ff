import { createServer, type Server as HttpServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Server, type ServerOptions } from "socket.io";
import { vi } from "vitest";

/** The incumbent's server on a free port of the loopback. */
export interface Host {
  readonly io: Server;
  readonly http: HttpServer;
  readonly url: string;
  close(): Promise<void>;
}

export async function startServer(options: Partial<ServerOptions> = {}, port = 0): Promise<Host> {
  const http = createServer();
  const io = new Server(http, options);
  await new Promise<void>((resolve) => http.listen(port, "127.0.0.1", resolve));
  return {
    io,
    http,
    url: `http://127.0.0.1:${(http.address() as AddressInfo).port}`,
    close: async () => {
      await io.close();
    },
  };
}

/** Resolves with the arguments of the next `event`. */
export function once(emitter: { once(event: never, listener: never): unknown }, event: string): Promise<unknown[]> {
  return new Promise((resolve) => emitter.once(event as never, ((...args: unknown[]) => resolve(args)) as never));
}

export const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Waits until `check` no longer throws; long enough for a busy machine. */
export const until = <T>(check: () => T) => vi.waitFor(check, { timeout: 10_000, interval: 5 });
