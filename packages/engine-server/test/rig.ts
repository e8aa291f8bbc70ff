import { type ClientRequest, createServer, type IncomingHttpHeaders, request } from "node:http";
import { type AddressInfo, connect, type Socket as TcpSocket } from "node:net";
import { WebSocket } from "ws";
import { type AttachOptions, type EngineOptions, Server, type Socket } from "../src/index.js";

/** A running engine and ways to talk to it without a client library. */
export interface Rig {
  readonly engine: Server;
  readonly port: number;
  readonly url: string;
  readonly errors: Array<{ code: number; message: string; context: Record<string, unknown> }>;
  stop(): Promise<void>;
}

export async function startRig(options: EngineOptions & AttachOptions = {}): Promise<Rig> {
  const http = createServer();
  const engine = new Server(options);
  engine.attach(http, options);
  return listenOn(http, engine);
}

export async function listenOn(http: ReturnType<typeof createServer>, engine: Server): Promise<Rig> {
  const errors: Rig["errors"] = [];
  engine.on("connection_error", (error) => {
    errors.push({ code: error.code, message: error.message, context: { ...error.context } });
  });
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  const { port } = http.address() as AddressInfo;
  return {
    engine,
    port,
    url: `http://127.0.0.1:${port}`,
    errors,
    stop: async () => {
      engine.close();
      http.closeAllConnections?.();
      await new Promise((resolve) => http.close(resolve));
    },
  };
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  readonly raw: Buffer;
}

export interface Ask {
  method?: string;
  headers?: Record<string, string>;
  body?: string | Buffer;
}

/** One request; `send` gives also the request itself, to abort it. */
export function send(rig: Rig, path: string, ask: Ask = {}): { answer: Promise<Answer>; request: ClientRequest } {
  const req = request({
    port: rig.port,
    host: "127.0.0.1",
    path,
    method: ask.method ?? "GET",
    headers: ask.headers ?? {},
  });
  const answer = new Promise<Answer>((resolve, reject) => {
    req.on("error", reject);
    req.on("response", (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("error", reject);
      response.on("end", () => {
        const raw = Buffer.concat(chunks);
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: raw.toString(), raw });
      });
    });
  });
  req.end(ask.body);
  return { answer, request: req };
}

export function get(rig: Rig, query: string, ask: Ask = {}): Promise<Answer> {
  return send(rig, `/engine.io/?${query}`, ask).answer;
}

export function post(rig: Rig, sid: string, body: string | Buffer, ask: Ask = {}): Promise<Answer> {
  return send(rig, `/engine.io/?EIO=4&transport=polling&sid=${sid}`, { method: "POST", body, ...ask }).answer;
}

export function poll(rig: Rig, sid: string, ask: Ask = {}): Promise<Answer> {
  return get(rig, `EIO=4&transport=polling&sid=${sid}`, ask);
}

/** Opens a polling session; gives its handshake. */
export async function handshake(
  rig: Rig,
  query = "EIO=4&transport=polling",
): Promise<{
  sid: string;
  upgrades: string[];
  pingInterval: number;
  pingTimeout: number;
  maxPayload: number;
}> {
  const { body } = await get(rig, query);
  return JSON.parse(body.split("\x1e")[0]!.slice(1));
}

export function nextSession(rig: Rig): Promise<Socket> {
  return new Promise((resolve) => rig.engine.once("connection", resolve));
}

/** A WebSocket that remembers what it got. */
export class Peer {
  readonly ws: WebSocket;
  readonly got: Array<string | Buffer> = [];
  closeCode: number | undefined;
  /** Status of a refused upgrade. */
  refused: number | undefined;
  refusal = "";
  #waiting: Array<() => void> = [];

  constructor(rig: Rig, query: string, options: object = {}) {
    this.ws = new WebSocket(`ws://127.0.0.1:${rig.port}/engine.io/?${query}`, { perMessageDeflate: false, ...options });
    this.ws.on("message", (data: Buffer, isBinary: boolean) => {
      this.got.push(isBinary ? data : data.toString());
      this.#wake();
    });
    this.ws.on("close", (code) => {
      this.closeCode = code;
      this.#wake();
    });
    this.ws.on("unexpected-response", (_request, response) => {
      this.refused = response.statusCode;
      response.on("data", (chunk: Buffer) => {
        this.refusal += chunk.toString();
      });
      response.on("end", () => this.#wake());
      this.#wake();
    });
    this.ws.on("error", () => this.#wake());
    this.ws.on("open", () => this.#wake());
  }

  #wake(): void {
    for (const waiter of this.#waiting.splice(0)) waiter();
  }

  /** Refused, or closed again. */
  get isOver(): boolean {
    return this.refused !== undefined || this.closeCode !== undefined;
  }

  /** Waits until `condition` holds; looks again at everything that happens to the peer. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  async opened(): Promise<this> {
    await this.until(() => this.ws.readyState === WebSocket.OPEN || this.isOver);
    if (this.isOver) throw new Error(`the WebSocket did not open (${this.refused ?? this.closeCode})`);
    return this;
  }

  async message(): Promise<string | Buffer> {
    await this.until(() => this.got.length > 0 || this.isOver);
    if (this.got.length === 0) throw new Error(`no message came before the end (${this.refused ?? this.closeCode})`);
    return this.got.shift()!;
  }

  async closed(): Promise<number> {
    await this.until(() => this.closeCode !== undefined);
    return this.closeCode!;
  }
}

/** A direct WebSocket session, past its open packet. */
export async function openWebSocket(
  rig: Rig,
  query = "EIO=4&transport=websocket",
): Promise<{ peer: Peer; sid: string }> {
  const peer = new Peer(rig, query);
  const open = (await peer.message()) as string;
  return { peer, sid: JSON.parse(open.slice(1)).sid };
}

/** A bare TCP connection to the server, for input that no HTTP client would send. */
export async function tcp(rig: Rig): Promise<TcpSocket> {
  const socket = connect(rig.port, "127.0.0.1");
  socket.on("error", () => undefined);
  await new Promise<void>((resolve) => socket.once("connect", resolve));
  return socket;
}

/** Waits for `condition`, at most eight seconds: long enough for a busy machine. */
export async function eventually(condition: () => boolean): Promise<void> {
  const deadline = Date.now() + 8000;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error("the awaited condition did not come");
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

/** Runs `body` with a rig and stops it afterwards. */
export function withRig(
  options: EngineOptions & AttachOptions,
  body: (rig: Rig) => Promise<void>,
): () => Promise<void> {
  return async () => {
    const rig = await startRig(options);
    try {
      await body(rig);
    } finally {
      await rig.stop();
    }
  };
}
