import { randomBytes } from "node:crypto";
import { connect as connectTcp, type Socket } from "node:net";
import { connect as connectTls, TLSSocket } from "node:tls";

/** Opcodes of RFC 6455. */
export const TEXT = 1;
export const BINARY = 2;
export const CLOSE = 8;
export const PING = 9;
export const PONG = 10;

export interface FrameShape {
  /** Default `true`. */
  readonly fin?: boolean;
  /** Default `true`. */
  readonly masked?: boolean;
  /** Reserved bits. Default 0. */
  readonly rsv?: number;
  /** Declares another length than that of the payload. */
  readonly length?: number;
}

/** One client frame, lawful or not. */
export function frame(opcode: number, payload: string | Uint8Array = "", shape: FrameShape = {}): Buffer {
  const { fin = true, masked = true, rsv = 0 } = shape;
  const data = Buffer.from(payload as string);
  const length = shape.length ?? data.length;
  const header = Buffer.alloc(length < 126 ? 2 : length < 65_536 ? 4 : 10);
  header[0] = (fin ? 0x80 : 0) | (rsv << 4) | opcode;
  header[1] = (masked ? 0x80 : 0) | (length < 126 ? length : length < 65_536 ? 126 : 127);
  if (header.length === 4) header.writeUInt16BE(length, 2);
  if (header.length === 10) header.writeBigUInt64BE(BigInt(length), 2);
  if (!masked) return Buffer.concat([header, data]);
  const mask = randomBytes(4);
  return Buffer.concat([header, mask, data.map((byte, i) => byte ^ mask[i % 4]!)]);
}

/** A connection that is waiting to be told something, and remembers what it heard. */
class Ear {
  #waiting: Array<() => void> = [];

  wake(): void {
    for (const waiter of this.#waiting.splice(0)) waiter();
  }

  /** Looks again at everything that happens. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }
}

/** A connection of bytes to the server. */
export function connect(url: URL): Socket {
  const port = Number(url.port);
  const socket =
    url.protocol === "https:"
      ? connectTls({ port, host: url.hostname, rejectUnauthorized: false, ALPNProtocols: ["http/1.1"] })
      : connectTcp(port, url.hostname);
  socket.on("error", () => undefined);
  return socket;
}

/** The bytes of an upgrade request. */
export function upgradeRequest(path: string, headers: Readonly<Record<string, string>> = {}): string {
  const lines = Object.entries({
    host: "127.0.0.1",
    connection: "Upgrade",
    upgrade: "websocket",
    "sec-websocket-version": "13",
    "sec-websocket-key": randomBytes(16).toString("base64"),
    ...headers,
  }).map(([name, value]) => `${name}: ${value}\r\n`);
  return `GET ${path} HTTP/1.1\r\n${lines.join("")}\r\n`;
}

/** The smallest WebSocket client that can also misbehave. Takes unfragmented messages; answers no ping, no close. */
export class WebSocketClient {
  readonly socket: Socket;
  /** The response to the upgrade request, once it is here. */
  status = 0;
  head = "";
  /** Body of a refusal. */
  body = "";
  /** Messages that nobody has taken yet. */
  readonly messages: Array<string | Buffer> = [];
  /** Payloads of pongs. */
  readonly pongs: string[] = [];
  /** Code of the server's close frame; 1005 when it had none. */
  closeCode: number | undefined;
  ended = false;
  readonly #ear = new Ear();
  #buffer: Buffer = Buffer.alloc(0);

  /** @param behind bytes that are sent together with the request, before the answer can be known. */
  constructor(url: URL, path: string, headers: Readonly<Record<string, string>> = {}, behind?: Uint8Array) {
    this.socket = connect(url);
    this.socket.on("data", (chunk: Buffer) => this.#onData(chunk));
    this.socket.on("close", () => {
      this.ended = true;
      if (this.status !== 101) this.body = this.#buffer.toString();
      this.#ear.wake();
    });
    const request = Buffer.from(upgradeRequest(path, headers));
    this.socket.write(behind === undefined ? request : Buffer.concat([request, behind]));
  }

  /** Waits for the answer to the upgrade request. */
  async answered(): Promise<this> {
    await this.#ear.until(() => this.status > 0 || this.ended);
    return this;
  }

  /** Waits for the end of the connection. */
  async closed(): Promise<this> {
    await this.#ear.until(() => this.ended || this.closeCode !== undefined);
    return this;
  }

  async next(): Promise<string | Buffer> {
    await this.#ear.until(() => this.messages.length > 0 || this.ended);
    const message = this.messages.shift();
    if (message === undefined) throw new TypeError("the connection ended before the next message");
    return message;
  }

  async pong(): Promise<string> {
    await this.#ear.until(() => this.pongs.length > 0 || this.ended);
    return this.pongs.shift() ?? "";
  }

  send(message: string | Uint8Array): void {
    this.frames(frame(typeof message === "string" ? TEXT : BINARY, message));
  }

  frames(...frames: Uint8Array[]): void {
    this.socket.write(Buffer.concat(frames));
  }

  /** Takes leave in good order. */
  close(code = 1000): void {
    this.frames(frame(CLOSE, Uint8Array.of(code >> 8, code & 255)));
  }

  /** Drops the connection. */
  destroy(): void {
    this.socket.destroy();
  }

  /** Drops the connection with a reset; one under TLS is only dropped. */
  reset(): void {
    if (this.socket instanceof TLSSocket) this.socket.destroy();
    else this.socket.resetAndDestroy();
  }

  #onData(chunk: Buffer): void {
    this.#buffer = Buffer.concat([this.#buffer, chunk]);
    if (this.status === 0) this.#readHead();
    if (this.status === 101) while (this.#readFrame());
    this.#ear.wake();
  }

  #readHead(): void {
    const end = this.#buffer.indexOf("\r\n\r\n");
    if (end < 0) return;
    this.head = this.#buffer.toString("latin1", 0, end);
    this.status = Number(this.head.split(" ")[1]);
    this.#buffer = this.#buffer.subarray(end + 4);
  }

  #readFrame(): boolean {
    const buffer = this.#buffer;
    if (buffer.length < 2) return false;
    const short = buffer[1]! & 0x7f;
    const start = short < 126 ? 2 : short === 126 ? 4 : 10;
    if (buffer.length < start) return false;
    const length = short < 126 ? short : short === 126 ? buffer.readUInt16BE(2) : Number(buffer.readBigUInt64BE(2));
    if (buffer.length < start + length) return false;
    this.#buffer = buffer.subarray(start + length);
    this.#onFrame(buffer[0]! & 0x0f, Buffer.from(buffer.subarray(start, start + length)));
    return true;
  }

  #onFrame(opcode: number, payload: Buffer): void {
    if (opcode === TEXT) this.messages.push(payload.toString());
    else if (opcode === BINARY) this.messages.push(payload);
    else if (opcode === PONG) this.pongs.push(payload.toString());
    else if (opcode === CLOSE) this.closeCode = payload.length >= 2 ? payload.readUInt16BE(0) : 1005;
  }
}
