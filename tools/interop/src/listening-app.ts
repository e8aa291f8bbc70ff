import { createRequire } from "node:module";
import type { Server } from "socket.io";

interface App {
  listen(host: string, port: number, done: (token: unknown) => void): unknown;
}

interface Library {
  App(): App;
  us_listen_socket_close(token: unknown): void;
}

const uws = createRequire(import.meta.url)("uWebSockets.js") as Library;

/** An application of uWebSockets.js that carries a server. */
export class ListeningApp {
  readonly #app = uws.App();
  #token: unknown;

  constructor(io: Server) {
    io.attachApp(this.#app as never);
  }

  async listen(port: number): Promise<void> {
    this.#token = await new Promise((resolve) => this.#app.listen("127.0.0.1", port, resolve));
    if (!this.#token) throw new TypeError(`port ${port} is taken`);
  }

  close(): void {
    if (this.#token) uws.us_listen_socket_close(this.#token);
    this.#token = undefined;
  }
}
