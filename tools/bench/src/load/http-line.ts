/** HTTP/1.1 as the load generator speaks it: one kept connection, one request at a time, answers of a known length. */
import { connect, type Socket } from "node:net";

export interface Answer {
  readonly status: number;
  readonly body: string;
}

const END_OF_HEAD = Buffer.from("\r\n\r\n");

/**
 * Cuts a stream of bytes, in any split, into responses. A response without Content-Length is an error: no server under
 * test has a reason to send one.
 */
export class ResponseReader {
  #rest: Buffer | undefined;

  constructor(private readonly onAnswer: (answer: Answer) => void) {}

  push(chunk: Buffer): void {
    let data = this.#rest === undefined ? chunk : Buffer.concat([this.#rest, chunk]);
    this.#rest = undefined;
    while (data.length > 0) {
      const headEnd = data.indexOf(END_OF_HEAD);
      if (headEnd < 0) break;
      const head = data.toString("latin1", 0, headEnd);
      const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1];
      if (length === undefined) throw new Error(`a response without Content-Length: ${head}`);
      const end = headEnd + 4 + Number(length);
      if (end > data.length) break;
      const answer = { status: Number(head.slice(9, 12)), body: data.toString("utf8", headEnd + 4, end) };
      data = data.subarray(end);
      this.onAnswer(answer);
    }
    if (data.length > 0) this.#rest = data;
  }
}

export class HttpLine {
  /** Called with the body of each answer. Any status but 200 is an error. */
  onBody: (body: string) => void = () => {};
  readonly #socket: Socket;
  readonly #reader = new ResponseReader((answer) => this.#answered(answer));
  #waiting = false;
  #closing = false;

  constructor(port: number) {
    this.#socket = connect({ port, host: "127.0.0.1", noDelay: true });
    this.#socket.on("data", (chunk) => this.#reader.push(chunk));
    this.#socket.on("error", (error) => this.#ended(error.message));
    this.#socket.on("close", () => this.#ended("the server closed it"));
  }

  get isWaiting(): boolean {
    return this.#waiting;
  }

  get(target: string): void {
    this.#send(`GET ${target} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: */*\r\n\r\n`);
  }

  /** `body` is ASCII. */
  post(target: string, body: string): void {
    const type = "Content-Type: text/plain;charset=UTF-8";
    this.#send(
      `POST ${target} HTTP/1.1\r\nHost: 127.0.0.1\r\n${type}\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    );
  }

  close(): void {
    this.#closing = true;
    this.#socket.destroy();
  }

  #send(request: string): void {
    if (this.#waiting) throw new Error("the load generator sent a request before the last one was answered");
    this.#waiting = true;
    this.#socket.write(request, "latin1");
  }

  #answered({ status, body }: Answer): void {
    if (!this.#waiting) throw new Error(`an answer that nobody asked for: ${status} ${body}`);
    this.#waiting = false;
    if (status !== 200) throw new Error(`the server answered ${status}: ${body}`);
    this.onBody(body);
  }

  #ended(reason: string): void {
    if (!this.#closing) throw new Error(`a kept HTTP connection ended: ${reason}`);
  }
}
