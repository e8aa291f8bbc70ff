import type { AddressInfo } from "node:net";
import {
  type Socket as ClientSocket,
  io as connectClient,
  type ManagerOptions,
  type SocketOptions,
} from "socket.io-client";
import { afterEach } from "vitest";
import { type ErrorContext, Server, type ServerOptions, type Socket } from "../../src/index.js";

/** Servers and clients of one test; all of them are gone after it. */
const servers: Server[] = [];
const clients: ClientSocket[] = [];

afterEach(async () => {
  for (const client of clients.splice(0)) client.disconnect();
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

/** Errors that reached the hook of a server made by {@link startServer}. */
export type Reported = { error: Error & { code?: string }; context: ErrorContext }[];

export interface Running {
  readonly io: Server;
  readonly url: string;
  readonly reported: Reported;
}

/** A server on a free port. */
export async function startServer(options: Partial<ServerOptions> = {}): Promise<Running> {
  const reported: Reported = [];
  const io = new Server(0, { onError: (error, context) => reported.push({ error, context }), ...options });
  servers.push(io);
  await listening(io);
  return { io, url: urlOf(io), reported };
}

export function keep(io: Server): Server {
  servers.push(io);
  return io;
}

export async function listening(io: Server): Promise<void> {
  const server = io.httpServer!;
  if (!server.listening) await new Promise<void>((resolve) => server.once("listening", () => resolve()));
}

export function urlOf(io: Server): string {
  return `http://127.0.0.1:${(io.httpServer!.address() as AddressInfo).port}`;
}

/** A client of the official package; WebSocket only unless told otherwise, and it does not come back by itself. */
export function client(url: string, options: Partial<ManagerOptions & SocketOptions> = {}): ClientSocket {
  const socket = connectClient(url, { transports: ["websocket"], forceNew: true, reconnection: false, ...options });
  clients.push(socket);
  return socket;
}

/** A client that is connected, and its socket on the server. */
export async function connected(
  running: Running,
  namespace = "/",
  options: Partial<ManagerOptions & SocketOptions> = {},
): Promise<{ client: ClientSocket; socket: Socket }> {
  const arrival = once<Socket>(running.io.of(namespace), "connection");
  const socket = client(running.url + (namespace === "/" ? "" : namespace), options);
  const [serverSocket] = await Promise.all([arrival, once(socket, "connect")]);
  return { client: socket, socket: serverSocket };
}

interface Emits {
  once(event: string, listener: (...args: never[]) => void): unknown;
}

/** First argument of the next event of that name. */
export function once<T = unknown>(emitter: Emits, event: string): Promise<T> {
  return new Promise((resolve) => emitter.once(event, ((value: T) => resolve(value)) as never));
}

/** All arguments of the next event of that name. */
export function onceAll<T extends unknown[] = unknown[]>(emitter: Emits, event: string): Promise<T> {
  return new Promise((resolve) => emitter.once(event, ((...args: T) => resolve(args)) as never));
}

/** A moment: long enough for what was sent on the loopback to arrive, short enough not to matter. */
export function moment(milliseconds = 30): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/** Waits until `condition` holds; fails after ten seconds. */
export async function until(condition: () => boolean, what = "condition"): Promise<void> {
  const end = Date.now() + 10_000;
  while (!condition()) {
    if (Date.now() > end) throw new NotInTime(what);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

class NotInTime extends Error {
  constructor(what: string) {
    super(`${what} did not come about in time`);
  }
}
