import type { Server as HttpServer } from "node:http";
import { InMemoryAdapter } from "@sockeye/adapter-base";
import { io as sockeyeClient } from "@sockeye/client";
import { Server as SockeyeEngine } from "@sockeye/engine-server";
import * as sockeyeJson from "@sockeye/socketio-parser";
import * as sockeyeMsgpack from "@sockeye/socketio-parser/msgpack";
import { Server as SockeyeServer } from "@sockeye/socketio-server";
import { MemoryEngine } from "@sockeye/testkit";
import { Server as OfficialEngine } from "engine.io";
import { Server as OfficialServer, type Server, type ServerOptions } from "socket.io";
import { type ManagerOptions, io as officialClient, type Socket, type SocketOptions } from "socket.io-client";
import * as officialMsgpack from "socket.io-msgpack-parser";
import * as officialJson from "socket.io-parser";
import type { Cell, Codec, Maker } from "./cell.js";
import { ListeningApp } from "./listening-app.js";
import { memoryTransport } from "./memory-transport.js";

/**
 * How each maker's part is built. Both makers' parts are handled through the incumbent's types: what is written for
 * Socket.IO 4 must work on ours after a change of the import.
 */

export type ClientOptions = Partial<ManagerOptions & SocketOptions>;

const PATH = "/socket.io/";

/** A server, and how clients reach it: by HTTP, or in this process. */
export interface Stack {
  readonly io: Server;
  readonly memory?: MemoryEngine;
  /** What listens in place of the HTTP server. */
  readonly app?: ListeningApp;
}

/** Builds the cell's server on an HTTP server that is not listening yet. */
export function openServer(cell: Cell, http: HttpServer, options: Partial<ServerOptions>): Stack {
  const full = { ...options, ...parserOption(cell.server, cell.codec), ...adapterOption(cell, options) };
  if (cell.mount === "attached") return { io: newServer(cell.server, full, http) };
  const io = newServer(cell.server, full);
  if (cell.mount === "attachApp") return { io, app: new ListeningApp(io) };
  if (cell.engine === "memory") {
    const memory = new MemoryEngine();
    io.bind(memory as never);
    return { io, memory };
  }
  const engine = newEngine(cell.engine, options);
  engine.attach(http, { path: PATH });
  mount(cell, io, engine);
  return { io };
}

/** Builds the cell's client, not connected yet when `autoConnect` is false. `server` is an address or an engine here. */
export function openClient(cell: Cell, server: string | MemoryEngine, nsp: string, options: ClientOptions): Socket {
  const full: ClientOptions = {
    ...options,
    ...parserOption(cell.client, cell.codec),
    ...transportOptions(cell, server),
  };
  const url = typeof server === "string" ? `${server}${nsp}` : `http://memory${nsp}`;
  return cell.client === "official"
    ? officialClient(url, full)
    : (sockeyeClient(url, full as never) as unknown as Socket);
}

function transportOptions(cell: Cell, server: string | MemoryEngine): ClientOptions {
  if (typeof server !== "string") return { transports: [memoryTransport(server)] as never };
  if (cell.transport === "upgrade") return { transports: ["polling", "websocket"] };
  return { transports: [cell.transport] };
}

function newServer(maker: Maker, options: Partial<ServerOptions>, http?: HttpServer): Server {
  if (maker === "official") return http ? new OfficialServer(http, options) : new OfficialServer(options);
  const ours = http ? new SockeyeServer(http, options as never) : new SockeyeServer(options as never);
  return ours as unknown as Server;
}

function newEngine(maker: Maker, options: Partial<ServerOptions>): OfficialEngine {
  const engineOptions = pickEngineOptions(options);
  if (maker === "official") return new OfficialEngine(engineOptions);
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

function adapterOption({ adapter }: Cell, options: Partial<ServerOptions>): { adapter?: never } {
  if (adapter === undefined) return {};
  return { adapter: (adapter === "sockeye" ? InMemoryAdapter : officialAdapter(options)) as never };
}

/** The class that the incumbent's server uses when nobody names another: one of two, by whether recovery is on. */
function officialAdapter({ connectionStateRecovery }: Partial<ServerOptions>): unknown {
  return new OfficialServer({ connectionStateRecovery }).of("/").adapter.constructor;
}

function parserOption(maker: Maker, codec: Codec): { parser?: unknown } {
  if (codec === "json") return {};
  const ours = (maker === "sockeye") !== codec.endsWith("exchanged");
  if (codec.startsWith("json")) return { parser: ours ? sockeyeJson : officialJson };
  return { parser: ours ? sockeyeMsgpack : officialMsgpack };
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
