import { STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";
import { DetachedResponse } from "./detached-response.js";

/** The response of an upgrade request: collected headers go out with the `101`, or with the answer in its place. */
export class UpgradeResponse extends DetachedResponse {
  readonly #socket: Duplex;

  readonly #onSocketClose = () => this.emit("close");

  constructor(socket: Duplex) {
    super();
    this.#socket = socket;
    socket.on("close", this.#onSocketClose);
  }

  /** The upgrade goes on: gives the collected headers, and lets go of the socket. */
  handOver(): string[] {
    // Middlewares that set headers when the head is written (sessions) get their moment.
    this.writeHead();
    this.#socket.removeListener("close", this.#onSocketClose);
    return this.headerLines();
  }

  get socket(): Duplex {
    return this.#socket;
  }

  protected override answer(body: Buffer): void {
    endRaw(this.#socket, this.statusCode, this.headerLines(), body);
  }
}

/** Answers an upgrade request with plain HTTP and ends its connection. */
export function endRaw(socket: Duplex, status: number, headerLines: readonly string[], body: string | Buffer): void {
  if (!socket.writable) {
    socket.destroy();
    return;
  }
  const lines = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ""}`,
    "Connection: close",
    ...headerLines.filter((line) => !/^(connection|content-length|transfer-encoding):/i.test(line) && isOneLine(line)),
    `Content-Length: ${Buffer.byteLength(body)}`,
  ];
  socket.once("finish", () => socket.destroy());
  socket.write(`${lines.join("\r\n")}\r\n\r\n`);
  socket.end(body);
}

function isOneLine(line: string): boolean {
  return !/[\r\n]/.test(line);
}
