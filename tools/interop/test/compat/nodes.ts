import { createServer, type Server as HttpServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Server as SockeyeServer } from "@sockeye/socketio-server";
import { Server as OfficialServer, type Server, type ServerOptions, type Socket as ServerSocket } from "socket.io";
import { type Socket as ClientSocket, io as connect } from "socket.io-client";
import type { Maker } from "../../src/cell.js";
import type { Ends } from "../../src/rig.js";
import { next } from "../../src/signals.js";

/** Servers that share something behind them (Redis, PostgreSQL, a primary process), each with its own port and clients. */
export class Node {
  readonly io: Server;
  readonly #http: HttpServer;
  readonly #clients: ClientSocket[] = [];

  private constructor(maker: Maker, options: Partial<ServerOptions>) {
    this.#http = createServer();
    this.io =
      maker === "official"
        ? new OfficialServer(this.#http, options)
        : (new SockeyeServer(this.#http, options as never) as unknown as Server);
  }

  static async open(maker: Maker, options: Partial<ServerOptions>): Promise<Node> {
    const node = new Node(maker, options);
    await new Promise<void>((resolve) => node.#http.listen(0, "127.0.0.1", resolve));
    return node;
  }

  get port(): number {
    return (this.#http.address() as AddressInfo).port;
  }

  async connect(nsp = "/"): Promise<Ends> {
    const client = connect(`http://127.0.0.1:${this.port}${nsp}`, {
      forceNew: true,
      transports: ["websocket"],
      reconnectionDelay: 50,
    });
    this.#clients.push(client);
    await next(client, "connect");
    return { client, server: this.io.of(nsp).sockets.get(client.id as string) as ServerSocket };
  }

  /** Drops every connection as a broken network would: the server is not told why. */
  breakConnections(): void {
    this.#http.closeAllConnections();
    for (const client of this.#clients) client.io.engine.close();
  }

  async close(): Promise<void> {
    for (const client of this.#clients) client.disconnect();
    await this.io.close();
    this.#http.closeAllConnections();
  }
}
