import { createServer, type Server as HttpServer } from "node:http";
import { type AddressInfo, connect } from "node:net";
import type { Server, ServerOptions, Socket as ServerSocket } from "socket.io";
import type { Socket as ClientSocket } from "socket.io-client";
import type { Cell } from "./cell.js";
import { Link } from "./link.js";
import { next, until } from "./signals.js";
import { type ClientOptions, openClient, openServer, type Stack } from "./stacks.js";

/** Both ends of one Socket.IO connection. */
export interface Ends {
  readonly client: ClientSocket;
  readonly server: ServerSocket;
}

/** What a scenario asks of its stage. */
export interface RigPlan {
  /** Options of the server, on top of the cell's own. */
  readonly server?: Partial<ServerOptions>;
  /** Whether clients reach the server through a {@link Link}. */
  readonly link?: boolean;
}

export type ClientPlan = ClientOptions & { readonly nsp?: string };

/** What one scenario plays on: the cell's server, listening on the loopback, and as many of its clients as it asks for. */
export class Rig {
  readonly cell: Cell;
  readonly #plan: RigPlan;
  readonly #clients: ClientSocket[] = [];
  #stack: Stack | undefined;
  #http: HttpServer | undefined;
  #link: Link | undefined;
  #port = 0;

  private constructor(cell: Cell, plan: RigPlan) {
    this.cell = cell;
    this.#plan = plan;
  }

  static async open(cell: Cell, plan: RigPlan): Promise<Rig> {
    const rig = new Rig(cell, plan);
    if (plan.link) {
      rig.#link = new Link();
      await rig.#link.open();
    }
    await rig.start();
    return rig;
  }

  get io(): Server {
    if (this.#stack === undefined) throw new TypeError("the server is stopped");
    return this.#stack.io;
  }

  get link(): Link {
    if (this.#link === undefined) throw new TypeError("the scenario did not ask for a link");
    return this.#link;
  }

  /**
   * Builds the server and listens on a port that the system gives: one that was free a moment ago may be somebody else's by
   * now. Clients that have to find a second server go through the link. `prepare` sees the server before the first client can.
   */
  async start(prepare: (io: Server) => void = () => {}): Promise<void> {
    const http = createServer((_request, response) => response.writeHead(404).end());
    this.#stack = openServer(this.cell, http, { ...this.#plan.server });
    this.#http = http;
    prepare(this.#stack.io);
    if (this.#stack.app) this.#port = await this.#stack.app.listen();
    else if (this.cell.transport !== "memory") this.#port = await listen(http);
    this.#link?.plug(this.#port);
  }

  /** Ends server and listener. */
  async stop(): Promise<void> {
    const [stack, http] = [this.#stack, this.#http];
    this.#stack = undefined;
    this.#http = undefined;
    this.#link?.unplug();
    await stack?.io.close();
    stack?.app?.close();
    http?.closeAllConnections();
    if (http?.listening) await new Promise<void>((resolve) => http.close(() => resolve()));
  }

  /** Whether somebody accepts connections where the server listens, or listened last. */
  answers(): Promise<boolean> {
    return new Promise((resolve) => {
      const caller = connect(this.#port, "127.0.0.1");
      caller.on("error", () => resolve(false));
      caller.on("connect", () => {
        caller.destroy();
        resolve(true);
      });
    });
  }

  /** A client of the cell. It connects at once unless `autoConnect` is false. */
  client(plan: ClientPlan = {}): ClientSocket {
    const { nsp = "/", ...options } = plan;
    const port = this.#link?.port ?? this.#port;
    const client = openClient(this.cell, this.#stack?.memory ?? `http://127.0.0.1:${port}`, nsp, {
      forceNew: true,
      reconnectionDelay: 20,
      reconnectionDelayMax: 100,
      ...options,
    });
    this.#clients.push(client);
    return client;
  }

  /** A connected client together with the server's socket of it. */
  async connect(plan: ClientPlan = {}): Promise<Ends> {
    const client = this.client(plan);
    await next(client, "connect");
    return { client, server: this.serverSocket(client, plan.nsp) };
  }

  /**
   * Waits until a connection is at rest on its final transport: upgraded where the cell upgrades, the next poll waiting
   * at the server where it polls. A cable that is pulled then is noticed by both ends at once. Nothing is waited for that
   * cannot come because the server has lost the connection.
   */
  async settle({ client, server }: Ends): Promise<void> {
    if (this.cell.transport === "upgrade") {
      await upgraded(client);
      await until(() => server.disconnected || server.conn.transport.name === "websocket");
    }
    await until(() => server.disconnected || server.conn.transport.writable);
  }

  /** Pulls the cable once the connection is at rest, and waits until the server has noticed. */
  async cut(ends: Ends): Promise<void> {
    await this.settle(ends);
    const left = next(ends.server, "disconnect");
    this.link.cut();
    await left;
  }

  /** The server's end of a connected client. */
  serverSocket(client: ClientSocket, nsp = "/"): ServerSocket {
    const server = this.io.of(nsp).sockets.get(client.id as string);
    if (server === undefined) throw new TypeError("the server has no socket of the client's id");
    return server;
  }

  async close(): Promise<void> {
    for (const client of this.#clients) {
      client.io.reconnection(false);
      client.disconnect();
    }
    await this.#link?.close();
    await this.stop();
  }
}

/** Resolves when the client is on WebSocket. */
export async function upgraded(client: ClientSocket): Promise<void> {
  if (client.io.engine.transport.name !== "websocket") await next(client.io.engine, "upgrade");
}

function listen(http: HttpServer): Promise<number> {
  return new Promise((resolve, reject) => {
    http.once("error", reject);
    http.listen(0, "127.0.0.1", () => resolve((http.address() as AddressInfo).port));
  });
}
