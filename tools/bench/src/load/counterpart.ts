/** A server made of bare sockets, in the process of the load generator, for scenarios that measure clients. */
import { createHash } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { FrameReader, type FrameSink, serverFrame } from "./frames.js";

let sessions = 0;

export class Counterpart {
  readonly links = new Set<Link>();
  readonly #http = createServer();
  port = 0;

  static async open(): Promise<Counterpart> {
    const counterpart = new Counterpart();
    await new Promise<void>((resolve) => counterpart.#http.listen(0, "127.0.0.1", resolve));
    counterpart.port = (counterpart.#http.address() as AddressInfo).port;
    counterpart.#http.on("upgrade", (request, socket: Socket) => {
      socket.setNoDelay(true);
      socket.write(switching(request.headers["sec-websocket-key"] ?? ""));
      const link = new Link(socket);
      counterpart.links.add(link);
      socket.on("error", () => {});
      socket.on("end", () => socket.end());
      socket.on("close", () => counterpart.links.delete(link));
    });
    return counterpart;
  }
}

function switching(key: string): string {
  const accept = createHash("sha1").update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64");
  return `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`;
}

/** One connection: joins the namespace for whoever asks, acknowledges events, and sends what a scenario gives it. */
export class Link implements FrameSink {
  onEvent: (id: string) => void = () => {};
  readonly #socket: Socket;
  #answers: Buffer[] = [];

  constructor(socket: Socket) {
    this.#socket = socket;
    const reader = new FrameReader(this);
    socket.on("data", (chunk) => {
      reader.push(chunk);
      if (this.#answers.length === 0) return;
      socket.write(Buffer.concat(this.#answers));
      this.#answers = [];
    });
    const sid = `link-${++sessions}`;
    this.write(
      serverFrame(
        `0${JSON.stringify({ sid, upgrades: [], pingInterval: 25_000, pingTimeout: 20_000, maxPayload: 1e6 })}`,
      ),
    );
  }

  write(frames: Buffer): void {
    this.#socket.write(frames);
  }

  /** The handshake of closing, as short as it may be. */
  closed(): void {
    this.#socket.end(Buffer.from([0x88, 0]));
  }

  message(data: Buffer, start: number, end: number, isBinary: boolean): void {
    if (isBinary) throw new Error("a client sent bytes");
    const text = data.toString("utf8", start, end);
    if (text.startsWith("40")) this.#answers.push(serverFrame(`40{"sid":"${++sessions}"}`));
    else if (text.startsWith("42")) this.#acknowledge(text);
    else if (text !== "41" && text !== "1" && text !== "3") throw new Error(`a client said ${text}`);
  }

  /** With what came. */
  #acknowledge(text: string): void {
    const bracket = text.indexOf("[");
    const id = text.slice(2, bracket);
    const [, ...values] = JSON.parse(text.slice(bracket));
    this.#answers.push(serverFrame(`43${id}${JSON.stringify(values)}`));
  }
}
