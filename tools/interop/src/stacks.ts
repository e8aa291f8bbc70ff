import type { Server as HttpServer } from "node:http";
import { Server as OfficialEngine } from "engine.io";
import { Server as OfficialServer, type Server, type ServerOptions } from "socket.io";
import { type ManagerOptions, io as officialClient, type Socket, type SocketOptions } from "socket.io-client";
import * as officialMsgpack from "socket.io-msgpack-parser";
import type { Cell, Codec, Maker } from "./cell.js";

/**
 * How each maker's part is built. Both makers' parts are handled through the incumbent's types: what is written for
 * Socket.IO 4 must work on ours after a change of the import.
 */

export type ClientOptions = Partial<ManagerOptions & SocketOptions>;

const PATH = "/socket.io/";

/** Builds the cell's server on an HTTP server that is not listening yet. */
export async function openServer(cell: Cell, http: HttpServer, options: Partial<ServerOptions>): Promise<Server> {
  const full = { ...options, ...(await parserOption(cell.server, cell.codec)) };
  if (cell.mount === "attached") return newServer(cell.server, full, http);
  const engine = await newEngine(cell.engine as Maker, options);
  engine.attach(http, { path: PATH });
  const io = await newServer(cell.server, full);
  mount(cell, io, engine);
  return io;
}

/** Builds the cell's client, not connected yet when `autoConnect` is false. */
export async function openClient(cell: Cell, url: string, options: ClientOptions): Promise<Socket> {
  const full: ClientOptions = { ...options, ...(await parserOption(cell.client, cell.codec)) };
  if (cell.client === "official") return officialClient(url, full);
  const { io } = await import("@sockeye/client");
  return io(url, full as never) as unknown as Socket;
}

async function newServer(maker: Maker, options: Partial<ServerOptions>, http?: HttpServer): Promise<Server> {
  if (maker === "official") return http ? new OfficialServer(http, options) : new OfficialServer(options);
  const { Server: SockeyeServer } = await import("@sockeye/socketio-server");
  const ours = http ? new SockeyeServer(http, options as never) : new SockeyeServer(options as never);
  return ours as unknown as Server;
}

async function newEngine(maker: Maker, options: Partial<ServerOptions>): Promise<OfficialEngine> {
  const engineOptions = pickEngineOptions(options);
  if (maker === "official") return new OfficialEngine(engineOptions);
  const { Server: SockeyeEngine } = await import("@sockeye/engine-server");
  return new SockeyeEngine(engineOptions as never) as unknown as OfficialEngine;
}

function mount(cell: Cell, io: Server, engine: OfficialEngine): void {
  if (cell.mount === "bind") {
    io.bind(engine);
    return;
  }
  const receiver = io as unknown as { onconnection(socket: unknown): void };
  engine.on("connection", (socket) => receiver.onconnection(socket));
}

async function parserOption(maker: Maker, codec: Codec): Promise<{ parser?: unknown }> {
  if (codec === "json") return {};
  if (maker === "official") return { parser: officialMsgpack };
  return { parser: await import("@sockeye/socketio-parser/msgpack") };
}

const ENGINE_OPTIONS = [
  "pingInterval",
  "pingTimeout",
  "maxHttpBufferSize",
  "allowRequest",
  "transports",
  "cors",
  "upgradeTimeout",
] as const;

/** What of a Socket.IO server's options is the engine's business, for engines that are built apart from it. */
function pickEngineOptions(options: Partial<ServerOptions>): Partial<ServerOptions> {
  const picked: Record<string, unknown> = {};
  for (const key of ENGINE_OPTIONS) if (options[key] !== undefined) picked[key] = options[key];
  return picked as Partial<ServerOptions>;
}
