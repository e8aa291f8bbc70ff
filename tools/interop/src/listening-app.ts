import { createRequire } from "node:module";
import type { Server } from "socket.io";

interface App {
  listen(host: string, port: number, done: (token: unknown) => void): unknown;
}

interface Library {
  App(): App;
  us_listen_socket_close(token: unknown): void;
  us_socket_local_port(token: unknown): number;
}

const uws = createRequire(import.meta.url)("uWebSockets.js") as Library;

/** An application of uWebSockets.js that carries a server. */
export class ListeningApp {
  readonly #app = uws.App();
  #token: unknown;

  constructor(io: Server) {
    io.attachApp(this.#app as never);
  }

  /** Listens on a port that the system gives, and returns it. */
  async listen(): Promise<number> {
    this.#token = await new Promise((resolve) => this.#app.listen("127.0.0.1", 0, resolve));
    if (!this.#token) throw new TypeError("no port to listen on");
    return uws.us_socket_local_port(this.#token);
  }

  close(): void {
    if (this.#token) uws.us_listen_socket_close(this.#token);
    this.#token = undefined;
  }
}
