import { type IncomingHttpHeaders, request as request1 } from "node:http";
import { type ClientHttp2Session, connect as connect2 } from "node:http2";
import { request as requestTls } from "node:https";
import type { Duplex } from "node:stream";

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  readonly raw: Buffer;
}

export interface Ask {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  /** Send no declared length, and do not end the body yet. */
  readonly open?: boolean;
}

/** A request that is under way. */
export interface Exchange {
  readonly answer: Promise<Answer>;
  /** Sends more of a body that was left open. */
  write(chunk: string | Uint8Array): void;
  end(): void;
  /** Goes away without waiting for the answer. */
  abort(): void;
}

/** HTTP requests to one server, in HTTP/1.1 or HTTP/2, by node's own clients. Each is made on a connection of its own. */
export class HttpClient {
  readonly #url: URL;
  readonly #http2: boolean;
  readonly #sessions = new Set<ClientHttp2Session>();

  constructor(url: string, http2: boolean) {
    this.#url = new URL(url);
    this.#http2 = http2;
  }

  send(path: string, ask: Ask = {}): Exchange {
    return this.#http2 ? this.#send2(path, ask) : this.#send1(path, ask);
  }

  close(): void {
    for (const session of this.#sessions) session.destroy();
  }

  #send1(path: string, ask: Ask): Exchange {
    const { protocol, hostname, port } = this.#url;
    const make = protocol === "https:" ? requestTls : request1;
    const { method = "GET", headers = {} } = ask;
    const options = { hostname, port, path, method, headers, agent: false, rejectUnauthorized: false } as const;
    const request = make(options as object);
    const answer = new Promise<Answer>((resolve, reject) => {
      request.on("error", reject);
      request.on("response", (response) => {
        collect(response).then(
          (raw) => resolve(answerOf(response.statusCode ?? 0, response.headers, raw)),
          (error) => reject(error),
        );
      });
    });
    return exchangeOf(request as unknown as Duplex, answer, ask, () => request.destroy());
  }

  #send2(path: string, ask: Ask): Exchange {
    const session = connect2(this.#url, { rejectUnauthorized: false });
    this.#sessions.add(session);
    const stream = session.request(
      { ":path": path, ":method": ask.method ?? "GET", ...ask.headers },
      { endStream: false },
    );
    const answer = new Promise<Answer>((resolve, reject) => {
      session.on("error", reject);
      stream.on("error", reject);
      stream.on("response", (headers) => {
        collect(stream).then(
          (raw) => resolve(answerOf(Number(headers[":status"]), headers as IncomingHttpHeaders, raw)),
          (error) => reject(error),
        );
      });
      stream.on("close", () => {
        session.close();
        this.#sessions.delete(session);
        reject(new TypeError("no answer"));
      });
    });
    return exchangeOf(stream, answer, ask, () => session.destroy());
  }
}

function exchangeOf(stream: Duplex, answer: Promise<Answer>, ask: Ask, abort: () => void): Exchange {
  // Whoever does not wait for the answer does not want to hear of its failure.
  answer.catch(() => undefined);
  if (ask.open) stream.write(ask.body ?? "");
  else stream.end(ask.body);
  return { answer, write: (chunk) => stream.write(chunk), end: () => stream.end(), abort };
}

async function collect(stream: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
}

function answerOf(status: number, headers: IncomingHttpHeaders, raw: Buffer): Answer {
  return { status, headers, raw, body: raw.toString() };
}
