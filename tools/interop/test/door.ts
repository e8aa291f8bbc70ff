import { createServer, type Server as HttpServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Server, type ServerOptions, type Socket } from "@sockeye/socketio-server";
import { type Socket as Client, io as connect } from "socket.io-client";
import { next } from "../src/signals.js";
import type { ClientOptions } from "../src/stacks.js";

/** How the server's socket of a hostile peer ended. */
export interface End {
  readonly reason: string;
  /** The stable code of what was violated, wherever in the chain of causes it stands. */
  readonly code: string | number | undefined;
}

/**
 * Our server with a door to the street, and somebody else inside: the incumbent's client, who must not notice what hostile
 * peers do meanwhile.
 */
export class Door {
  readonly io: Server;
  readonly #http: HttpServer;
  readonly #witnessOptions: ClientOptions;
  readonly #noticed: string[] = [];
  #witness: Client | undefined;

  constructor(options: Partial<ServerOptions> = {}, witnessOptions: ClientOptions = {}) {
    this.#http = createServer((_request, response) => response.writeHead(404).end());
    this.io = new Server(this.#http, { connectTimeout: 60_000, ...options });
    this.#witnessOptions = witnessOptions;
  }

  get port(): number {
    return (this.#http.address() as AddressInfo).port;
  }

  async open(): Promise<void> {
    await new Promise<void>((resolve) => this.#http.listen(0, "127.0.0.1", resolve));
    this.io.on("connection", (socket) => socket.on("still there?", (answer: (yes: boolean) => void) => answer(true)));
    this.#witness = connect(`http://127.0.0.1:${this.port}`, {
      transports: ["websocket"],
      forceNew: true,
      ...this.#witnessOptions,
    });
    await next(this.#witness, "connect");
    for (const event of ["disconnect", "connect_error"]) {
      this.#witness.on(event, (reason: unknown) => this.#noticed.push(`${event}: ${reason}`));
    }
  }

  /** Resolves with how the next peer to connect ends. */
  nextEnd(): Promise<End> {
    return new Promise((resolve) => {
      this.io.once("connection", (socket: Socket) => {
        socket.on("disconnect", (reason: string, details: unknown) => resolve({ reason, code: codeOf(details) }));
      });
    });
  }

  /** What the witness noticed: nothing, if all is well. It also has to be answered still. */
  async noticed(): Promise<string[]> {
    if ((await this.#witness?.timeout(5_000).emitWithAck("still there?")) !== true) this.#noticed.push("no answer");
    return this.#noticed;
  }

  async close(): Promise<void> {
    this.#witness?.disconnect();
    await this.io.close();
    this.#http.closeAllConnections();
  }
}

/** Looks through `details`, its causes and descriptions for a code. */
function codeOf(details: unknown): string | number | undefined {
  for (let at = details, depth = 0; at !== undefined && at !== null && depth < 5; depth++) {
    const { code, cause, description } = at as { code?: string | number; cause?: unknown; description?: unknown };
    if (code !== undefined) return code;
    at = cause ?? description;
  }
  return undefined;
}
