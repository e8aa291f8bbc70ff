import { pathOf, Query, type RequestView } from "../handshake/request-view.js";
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
    const headers = headersOf(request.headers);
    // Front ends are written without a standard to go by: what they put here may be anything.
    const target = targetOf(String(request.url ?? "/"));
    this.#headersKnown = headers !== undefined;
    this.address = request.remoteAddress;
    const parameters = new URLSearchParams(target.slice(pathOf(target).length));
    if (!parameters.has("EIO")) parameters.set("EIO", "4");
    parameters.set("transport", "webtransport");
    parameters.delete("sid");
    if (sid !== undefined) parameters.set("sid", sid);
    this.query = new Map(parameters);
    this.url = `${pathOf(target) || "/"}?${parameters}`;
    const socket = { remoteAddress: request.remoteAddress, encrypted: true } as const;
    this.raw = {
      method: "CONNECT",
      httpVersion: "3.0",
      url: this.url,
      headers: headers ?? {},
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

/** Path and query of a request target or a whole URL; what begins with `#` is nobody's business. */
function targetOf(url: string): string {
  const target = url.replace(/^[a-z][a-z0-9+.-]*:\/\/[^/?#]*/i, "");
  const end = target.indexOf("#");
  return end < 0 ? target : target.slice(0, end);
}

/** Names in lower case, in an object without prototype: they are the peer's. `undefined` for what is no table. */
function headersOf(table: HeaderTable | undefined): Record<string, string> | undefined {
  if (typeof table !== "object" || table === null) return undefined;
  const headers: Record<string, string> = Object.create(null);
  const entries = typeof table.entries === "function" ? table.entries() : Object.entries(table);
  for (const [name, value] of entries) {
    if (value !== undefined)
      headers[String(name).toLowerCase()] = Array.isArray(value) ? value.join(", ") : String(value);
  }
  return headers;
}
