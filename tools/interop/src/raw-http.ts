import { type IncomingHttpHeaders, request } from "node:http";

/** HTTP as somebody without a client library would speak it: every header and byte is the caller's. */

export interface RawResponse {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface RawRequest {
  readonly method?: string;
  readonly headers?: Record<string, string>;
  readonly body?: string | Buffer;
}

/** One request on a connection of its own. */
export function raw(
  port: number,
  path: string,
  { method = "GET", headers = {}, body }: RawRequest = {},
): Promise<RawResponse> {
  return new Promise((resolve, reject) => {
    const outgoing = request({ port, host: "127.0.0.1", path, method, headers, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("error", reject);
      response.on("end", () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: Buffer.concat(chunks).toString("utf8"),
        }),
      );
    });
    outgoing.on("error", reject);
    outgoing.end(body);
  });
}

const PATH = "/socket.io/?EIO=4&transport=polling";

/** A long-polling session without a client. */
export class RawSession {
  readonly sid: string;
  readonly #port: number;

  private constructor(port: number, sid: string) {
    this.#port = port;
    this.sid = sid;
  }

  static async open(port: number): Promise<RawSession> {
    const { body } = await raw(port, PATH);
    return new RawSession(port, JSON.parse(body.slice(1)).sid);
  }

  poll(): Promise<RawResponse> {
    return raw(this.#port, `${PATH}&sid=${this.sid}`);
  }

  post(body: string | Buffer, headers: Record<string, string> = {}): Promise<RawResponse> {
    return raw(this.#port, `${PATH}&sid=${this.sid}`, { method: "POST", body, headers });
  }

  /** Whether the server still knows the session: it answers an impossible method in the session's name, not code 1. */
  async alive(): Promise<boolean> {
    const { body } = await raw(this.#port, `${PATH}&sid=${this.sid}`, { method: "PUT" });
    return !body.includes("Session ID unknown");
  }
}
