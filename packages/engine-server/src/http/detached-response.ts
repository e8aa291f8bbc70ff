import { EventEmitter } from "node:events";

type HeaderValue = string | number | readonly string[];

/**
 * What middlewares get as the response of a request that has no HTTP response of its own (an upgrade, a WebTransport
 * session): headers are collected, and whoever ends it answers the request in place of the engine. Emits `finish` then,
 * and `close` when the peer is gone.
 */
export abstract class DetachedResponse extends EventEmitter {
  statusCode = 200;
  statusMessage: string | undefined;
  headersSent = false;
  writableEnded = false;
  finished = false;
  /** Whether the head is settled. Under this name middlewares look for it (`express-session`). */
  _header = false;
  readonly #headers = new Map<string, { name: string; value: HeaderValue }>();
  #body: Buffer[] = [];

  /** Carries out what {@link end} was told. */
  protected abstract answer(body: Buffer): void;

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
    this._header = true;
    if (typeof status === "number") this.statusCode = status;
    for (const argument of rest) {
      if (typeof argument === "string") this.statusMessage = argument;
      else if (typeof argument === "object" && argument !== null) this.#setAll(argument as Record<string, HeaderValue>);
    }
    return this;
  }

  /** Settles the head as it is; middlewares that wrap `end` call it under this name. */
  _implicitHeader(): void {
    // The status is said: wrappers of `writeHead` take what they are given, also when that is nothing.
    this.writeHead(this.statusCode);
  }

  flushHeaders(): void {}

  write(chunk: unknown): boolean {
    if (typeof chunk === "string" || chunk instanceof Uint8Array) this.#body.push(Buffer.from(chunk as string));
    return true;
  }

  /** Answers the request: it goes no further. */
  end(chunk?: unknown): this {
    if (this.writableEnded) return this;
    this.writeHead(this.statusCode);
    this.write(chunk);
    this.headersSent = true;
    this.writableEnded = true;
    this.finished = true;
    const body = Buffer.concat(this.#body);
    this.#body = [];
    this.answer(body);
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
