import { readFile } from "node:fs/promises";
import type { IncomingMessage, ServerResponse } from "node:http";
import { promisify } from "node:util";
import { brotliCompress, deflate, gzip } from "node:zlib";

/** A middleware that sets headers of cross-origin requests. */
export type CorsMiddleware = (
  request: IncomingMessage,
  response: ServerResponse,
  next: (error?: unknown) => void,
) => unknown;

const FILE = /^\/socket\.io(?:\.esm\.min|\.msgpack\.min|\.min)?\.js(?:\.map)?$/;

/** In order of preference. */
const CODINGS = {
  br: promisify(brotliCompress),
  gzip: promisify(gzip),
  deflate: promisify(deflate),
};
type Coding = keyof typeof CODINGS;

/**
 * Where something of this package lies, as packed and in the sources alike.
 * @throws TypeError where a bundler made CommonJS of this file: then it has no address, and nothing lies beside it
 */
function besideThis(path: string): URL {
  return new URL(path, import.meta.url);
}

/**
 * Serves the client's builds under the path of the server. A file is read once, compressed once per content coding, and
 * answered with 304 to those who have it.
 */
export class ClientFiles {
  readonly #bodies = new Map<string, Promise<Buffer>>();
  #etag: Promise<string> | undefined = undefined;

  constructor(
    private readonly path: () => string,
    private readonly cors: CorsMiddleware | undefined,
    /** Where the builds lie, if elsewhere than in this package. */
    private readonly folder?: URL,
  ) {}

  /** Whether the request is for one of the files; if it is, it is answered. */
  handle(request: IncomingMessage, response: ServerResponse): boolean {
    const file = this.#fileOf(request.url ?? "");
    if (file === undefined) return false;
    const answer = (error?: unknown): void => {
      if (error) fail(response, 500);
      else this.#serve(file, request, response).catch(() => fail(response, 404));
    };
    if (this.cors === undefined) answer();
    else this.cors(request, response, answer);
    return true;
  }

  #fileOf(url: string): string | undefined {
    const query = url.indexOf("?");
    const pathname = query === -1 ? url : url.slice(0, query);
    const base = this.path();
    if (!pathname.startsWith(base)) return undefined;
    const name = pathname.slice(base.length);
    return FILE.test(name) ? name.slice(1) : undefined;
  }

  async #serve(file: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const etag = await this.#version();
    response.setHeader("Cache-Control", "public, max-age=0");
    response.setHeader("ETag", etag);
    if (isKnown(etag, request.headers["if-none-match"] ?? "")) {
      response.writeHead(304).end();
      return;
    }
    const coding = codingOf(String(request.headers["accept-encoding"] ?? ""));
    const body = await this.#body(file, coding);
    const type = file.endsWith(".map") ? "json" : "javascript";
    response.setHeader("Content-Type", `application/${type}; charset=utf-8`);
    response.setHeader("Vary", appendToken(response.getHeader("Vary"), "Accept-Encoding"));
    if (coding !== undefined) response.setHeader("Content-Encoding", coding);
    response.setHeader("Content-Length", body.length);
    response.writeHead(200).end(request.method === "HEAD" ? undefined : body);
  }

  #body(file: string, coding: Coding | undefined): Promise<Buffer> {
    const key = coding === undefined ? file : `${file}:${coding}`;
    let body = this.#bodies.get(key);
    if (body === undefined) {
      body =
        coding === undefined
          ? readFile(new URL(file, this.folder ?? besideThis("../client-dist/")))
          : this.#body(file, undefined).then(CODINGS[coding]);
      this.#bodies.set(key, body);
      // A file that is not there now may be there later.
      body.catch(() => this.#bodies.delete(key));
    }
    return body;
  }

  #version(): Promise<string> {
    this.#etag ??= readFile(besideThis("../package.json"), "utf8").then(
      (text) => `"${(JSON.parse(text) as { version: string }).version}"`,
    );
    return this.#etag;
  }
}

/** Whether the peer has this version: it may name several, weakly or not, or whatever there is. */
function isKnown(etag: string, known: string): boolean {
  return known.split(",").some((tag) => ["*", etag, `W/${etag}`].includes(tag.trim()));
}

/** The best coding that the header accepts. Split by plain separators: a pattern could be made to backtrack by the peer. */
function codingOf(accepted: string): Coding | undefined {
  const taken = new Map<string, boolean>();
  for (const token of accepted.split(",")) {
    const [coding = "", quality = ""] = token.split(";");
    taken.set(coding.trim().toLowerCase(), !NOT_ACCEPTED.has(quality.trim()));
  }
  // `*` stands for those that are not named.
  return (Object.keys(CODINGS) as Coding[]).find((coding) => taken.get(coding) ?? taken.get("*"));
}

const NOT_ACCEPTED: ReadonlySet<string> = new Set(["q=0", "q=0.0", "q=0.00", "q=0.000"]);

function appendToken(header: string | number | string[] | undefined, token: string): string {
  return header === undefined || header === "" ? token : `${header}, ${token}`;
}

function fail(response: ServerResponse, status: number): void {
  if (!response.headersSent) response.writeHead(status).end();
  else response.end();
}
