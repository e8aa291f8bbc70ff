import { EventEmitter } from "node:events";
import { STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";

type HeaderValue = string | number | readonly string[];

/**
 * What middlewares get as the response of an upgrade request, which has none yet: headers are collected and go out with
 * the `101`; whoever ends it answers the request in place of the upgrade.
 */
export class UpgradeResponse extends EventEmitter {
  statusCode = 200;
  statusMessage: string | undefined;
  headersSent = false;
  writableEnded = false;
  finished = false;
  readonly #socket: Duplex;
  readonly #headers = new Map<string, { name: string; value: HeaderValue }>();
  #body: Buffer[] = [];

  constructor(socket: Duplex) {
    super();
    this.#socket = socket;
    socket.once("close", () => this.emit("close"));
  }

  get socket(): Duplex {
    return this.#socket;
  }

  setHeader(name: string, value: HeaderValue): this {
    this.#headers.set(name.toLowerCase(), { name, value });
    return this;
  }

  appendHeader(name: string, value: string | readonly string[]): this {
    const present = this.getHeader(name);
    const former = present === undefined ? [] : Array.isArray(present) ? present : [String(present)];
    return this.setHeader(name, [...former, ...(typeof value === "string" ? [value] : value)]);
  }

  getHeader(name: string): HeaderValue | undefined {
    return this.#headers.get(name.toLowerCase())?.value;
  }

  getHeaderNames(): string[] {
    return [...this.#headers.keys()];
  }

  getHeaders(): Record<string, HeaderValue> {
    return Object.fromEntries([...this.#headers].map(([key, { value }]) => [key, value]));
  }

  hasHeader(name: string): boolean {
    return this.#headers.has(name.toLowerCase());
  }

  removeHeader(name: string): void {
    this.#headers.delete(name.toLowerCase());
  }

  writeHead(status?: number, ...rest: unknown[]): this {
    if (typeof status === "number") this.statusCode = status;
    for (const argument of rest) {
      if (typeof argument === "string") this.statusMessage = argument;
      else if (typeof argument === "object" && argument !== null) this.#setAll(argument as Record<string, HeaderValue>);
    }
    return this;
  }

  flushHeaders(): void {}

  write(chunk: unknown): boolean {
    if (typeof chunk === "string" || chunk instanceof Uint8Array) this.#body.push(Buffer.from(chunk as string));
    return true;
  }

  /** Answers the request: there will be no upgrade. */
  end(chunk?: unknown): this {
    if (this.writableEnded) return this;
    this.writeHead(this.statusCode);
    this.write(chunk);
    this.headersSent = true;
    this.writableEnded = true;
    this.finished = true;
    const body = Buffer.concat(this.#body);
    this.#body = [];
    endRaw(this.#socket, this.statusCode, this.headerLines(), body);
    this.emit("finish");
    return this;
  }

  /** The collected headers as lines. */
  headerLines(): string[] {
    const lines: string[] = [];
    for (const { name, value } of this.#headers.values()) {
      for (const one of Array.isArray(value) ? value : [value]) lines.push(`${name}: ${one}`);
    }
    return lines;
  }

  #setAll(headers: Record<string, HeaderValue>): void {
    for (const [name, value] of Object.entries(headers)) this.setHeader(name, value);
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
