import { Query, type RequestView } from "../handshake/request-view.js";
import type { HeaderTable, WebTransportRequest } from "./webtransport-session.js";

/** What events, middlewares and `allowRequest` get for a WebTransport session: shaped like a request of node:http. */
export interface RawWebTransportRequest {
  readonly method: "CONNECT";
  readonly httpVersion: "3.0";
  readonly url: string;
  readonly headers: Record<string, string>;
  readonly socket: { readonly remoteAddress: string | undefined; readonly encrypted: true };
  /** Legacy: the same as `socket`. */
  readonly connection: { readonly remoteAddress: string | undefined; readonly encrypted: true };
  readonly _query: Record<string, string | string[]>;
}

/**
 * {@link RequestView} of a WebTransport session: what the front end told of its request, and the session id of its first
 * frame, which counts in place of that of the URL.
 */
export class WebTransportRequestView implements RequestView {
  readonly method = "CONNECT";
  readonly secure = true;
  readonly url: string;
  readonly query: ReadonlyMap<string, string>;
  readonly address: string | undefined;
  readonly raw: RawWebTransportRequest;
  readonly #headersKnown: boolean;

  constructor(request: WebTransportRequest, sid: string | undefined) {
    this.#headersKnown = request.headers !== undefined;
    this.address = request.remoteAddress;
    const parameters = new URLSearchParams(queryOf(request.url));
    if (!parameters.has("EIO")) parameters.set("EIO", "4");
    parameters.set("transport", "webtransport");
    parameters.delete("sid");
    if (sid !== undefined) parameters.set("sid", sid);
    this.query = new Map(parameters);
    this.url = `${pathOf(request.url)}?${parameters}`;
    const socket = { remoteAddress: request.remoteAddress, encrypted: true } as const;
    this.raw = {
      method: "CONNECT",
      httpVersion: "3.0",
      url: this.url,
      headers: headersOf(request.headers),
      socket,
      connection: socket,
      _query: new Query(this.url).all,
    };
  }

  header(name: string): string | undefined {
    // Browsers spell an origin that must not be known like this; no policy takes it for one of its own.
    if (name === "origin" && !this.#headersKnown) return "null";
    return this.raw.headers[name];
  }
}

function pathOf(url = "/"): string {
  const path = url.replace(/^[a-z][a-z0-9+.-]*:\/\/[^/?#]*/i, "");
  const end = path.search(/[?#]/);
  return (end < 0 ? path : path.slice(0, end)) || "/";
}

function queryOf(url = ""): string {
  const start = url.indexOf("?");
  return start < 0 ? "" : url.slice(start + 1);
}

/** Names in lower case, in an object without prototype: they are the peer's. */
function headersOf(table: HeaderTable = {}): Record<string, string> {
  const headers: Record<string, string> = Object.create(null);
  const entries = typeof table.entries === "function" ? table.entries() : Object.entries(table);
  for (const [name, value] of entries) {
    if (value !== undefined) headers[name.toLowerCase()] = typeof value === "string" ? value : value.join(", ");
  }
  return headers;
}
