import assert from "node:assert/strict";
import type { EngineOptions } from "../options.js";
import type { WebTransportRequest } from "../transports/webtransport-session.js";
import { type Answer, type Ask, type Exchange, HttpClient } from "./http-client.js";
import type { RunningEngine, SubjectEngine, SubjectSocket, SubjectSupports } from "./subject.js";
import { connect, WebSocketClient } from "./websocket-client.js";
import { WebTransportClient } from "./webtransport-client.js";

export const PATH = "/engine.io/";
export const POLLING = "EIO=4&transport=polling";
export const WEBSOCKET = "EIO=4&transport=websocket";

/** Data of the open packet. */
export interface Opened {
  readonly sid: string;
  readonly upgrades: string[];
  readonly pingInterval: number;
  readonly pingTimeout: number;
  readonly maxPayload: number;
}

/** What `connection_error` told. */
export interface Refused {
  readonly req: unknown;
  readonly code: number;
  readonly message: string;
  readonly context: Readonly<Record<string, unknown>>;
}

/** One row of the conformance table. */
export interface ConformanceCase {
  readonly name: string;
  readonly needs?: readonly (keyof SubjectSupports | "http1")[];
  readonly options?: EngineOptions;
  run(bench: Bench): Promise<void>;
}

/** What one case works with: a running engine, and clients that are gone when the case is over. */
export class Bench {
  readonly engine: SubjectEngine;
  readonly url: URL;
  /** Refusals so far. */
  readonly refusals: Refused[] = [];
  /** Sessions so far, in order of appearance. */
  readonly sockets: SubjectSocket[] = [];
  readonly #http: HttpClient;
  readonly #webSockets: WebSocketClient[] = [];
  readonly #streams: Array<{ destroy(): unknown }> = [];

  constructor(running: RunningEngine, http2: boolean) {
    this.engine = running.engine;
    this.url = new URL(running.url);
    this.#http = new HttpClient(running.url, http2);
    this.engine.on("connection_error", (refused: Refused) => this.refusals.push(refused));
    this.engine.on("connection", (socket: SubjectSocket) => this.sockets.push(socket));
  }

  // --- HTTP ---------------------------------------------------------------------------------------------------------

  request(query: string, ask: Ask = {}): Exchange {
    return this.#http.send(`${PATH}?${query}`, ask);
  }

  /** A request to any target. */
  requestTarget(target: string, ask: Ask = {}): Exchange {
    return this.#http.send(target, ask);
  }

  get(query: string, ask: Ask = {}): Promise<Answer> {
    return this.request(query, ask).answer;
  }

  poll(sid: string): Promise<Answer> {
    return this.get(`${POLLING}&sid=${sid}`);
  }

  post(sid: string, body: string | Uint8Array, headers: Record<string, string> = {}): Promise<Answer> {
    return this.request(`${POLLING}&sid=${sid}`, { method: "POST", body, headers: { ...TEXT_BODY, ...headers } })
      .answer;
  }

  /** Opens a polling session; gives its open packet's data and the engine's end of it. */
  async openPolling(query = POLLING): Promise<{ opened: Opened; sid: string; socket: SubjectSocket }> {
    const { status, body } = await this.get(query);
    assert.equal(status, 200);
    const opened = openedOf(body.split("\x1e")[0]!);
    return { opened, sid: opened.sid, socket: this.socketOf(opened.sid) };
  }

  // --- WebSocket ----------------------------------------------------------------------------------------------------

  webSocket(query: string, headers?: Record<string, string>, behind?: Uint8Array): WebSocketClient {
    const client = new WebSocketClient(this.url, `${PATH}?${query}`, headers, behind);
    this.#webSockets.push(client);
    return client;
  }

  /** Opens a WebSocket session. */
  async openWebSocket(query = WEBSOCKET): Promise<{ opened: Opened; ws: WebSocketClient; socket: SubjectSocket }> {
    const ws = this.webSocket(query);
    const opened = openedOf((await ws.next()) as string);
    return { opened, ws, socket: this.socketOf(opened.sid) };
  }

  /** Asks for a polling session's upgrade, up to the answer to the probe. */
  async probe(sid: string, query = WEBSOCKET): Promise<WebSocketClient> {
    const ws = this.webSocket(`${query}&sid=${sid}`);
    await ws.answered();
    ws.send("2probe");
    assert.equal(await ws.next(), "3probe");
    return ws;
  }

  /** A connection of bytes. */
  bytes() {
    const socket = connect(this.url);
    this.#streams.push(socket);
    return socket;
  }

  // --- WebTransport -------------------------------------------------------------------------------------------------

  webTransport(request?: WebTransportRequest): WebTransportClient {
    const client = new WebTransportClient();
    this.engine.onWebTransportSession?.(client.link.server, request);
    return client;
  }

  // --- the engine's end ---------------------------------------------------------------------------------------------

  socketOf(sid: string): SubjectSocket {
    const socket = this.sockets.find(({ id }) => id === sid);
    assert.ok(socket, "the engine announced no session of this id");
    return socket;
  }

  /** The last refusal's code and context name. */
  lastRefusal(): { code: number; name: unknown } {
    const refused = this.refusals.at(-1);
    assert.ok(refused, "no connection_error was emitted");
    return { code: refused.code, name: refused.context.name };
  }

  /** Waits until nothing but `sessions` sessions is left in the engine's tables. */
  async settled(sessions = 0): Promise<void> {
    await eventually(() => this.engine.clientsCount === sessions);
    if (this.engine.inspect === undefined || sessions > 0) return;
    await eventually(
      () => isEmpty(this.engine.inspect!()),
      () => JSON.stringify(this.engine.inspect!()),
    );
  }

  /** One of the engine's tables; `undefined` when it shows none. */
  table(name: string): unknown {
    return (this.engine.inspect?.() as Record<string, unknown> | undefined)?.[name];
  }

  /** Waits until the engine has one request that it does not answer yet: a poll, or an upload that is not whole. */
  async arrived(): Promise<void> {
    if (this.engine.inspect === undefined) await pause(30);
    else await eventually(() => this.table("openResponses") === 1);
  }

  /** Ends all clients. */
  close(): void {
    for (const client of this.#webSockets) client.destroy();
    for (const stream of this.#streams) stream.destroy();
    this.#http.close();
  }
}

const TEXT_BODY = { "content-type": "text/plain;charset=UTF-8" };

export function openedOf(packet: string): Opened {
  assert.equal(packet[0], "0");
  return JSON.parse(packet.slice(1)) as Opened;
}

/** How a session ends: reason and description. Ask before it does. */
export function endOf(socket: SubjectSocket): Promise<{ reason: string; description: unknown }> {
  return new Promise((resolve) => {
    socket.on("close", (reason: string, description: unknown) => resolve({ reason, description }));
  });
}

/** Everything that a session receives from now on. */
export function heardBy(socket: SubjectSocket): Array<string | Buffer> {
  const heard: Array<string | Buffer> = [];
  socket.on("data", (data: string | Buffer | undefined) => heard.push(data ?? ""));
  return heard;
}

/** Waits for what no event announces. */
export async function eventually(condition: () => boolean, describe = () => "", patience = 6_000): Promise<void> {
  const deadline = Date.now() + patience;
  while (!condition()) {
    if (Date.now() > deadline) assert.fail(`the awaited state did not come ${describe()}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

/** Milliseconds that this process was on the processor: what others do on the machine does not count. */
export function processorTime(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}

export const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

/** Counters that only ever grow, and tell nothing about what is held. */
const HISTORY = new Set(["dropped", "stalled"]);

function isEmpty(table: object): boolean {
  return Object.entries(table).every(([name, value]: [string, unknown]) => {
    if (typeof value === "object" && value !== null) return isEmpty(value);
    return HISTORY.has(name) || value === 0;
  });
}
