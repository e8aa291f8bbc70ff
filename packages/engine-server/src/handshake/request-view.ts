/**
 * A request as the guards see it, whatever server it came through (node:http, http2, uWebSockets.js, WebTransport).
 * Peer-chosen names are keys of a Map, never of a plain object.
 */
export interface RequestView {
  readonly method: string;
  /** Path and query as the peer sent them. */
  readonly url: string;
  /** Query parameters; of a repeated one the last counts. */
  readonly query: ReadonlyMap<string, string>;
  /** A header's value by its lower-case name. */
  header(name: string): string | undefined;
  /** Address of the peer. */
  readonly address: string | undefined;
  /** Whether the request came over TLS. */
  readonly secure: boolean;
  /** The platform's own request object: what events, middlewares and `allowRequest` get. */
  readonly raw: unknown;
}

/** An object that inherits nothing, and is smaller than one made by `Object.create(null)`. */
class QueryObject {
  [name: string]: string | string[];
}
Object.setPrototypeOf(QueryObject.prototype, null);
Reflect.deleteProperty(QueryObject.prototype, "constructor");

/** The query parameters of a request target, in both forms in which they are needed. A malformed escape stays as it is. */
export class Query {
  /** Of a repeated parameter the last. */
  readonly last = new Map<string, string>();
  readonly #url: string;
  #all: QueryObject | undefined;

  constructor(url: string) {
    this.#url = url;
    readParameters(url, this.last, setLast);
  }

  /** As applications of this protocol family know it (`request._query`): a repeated parameter as an array. */
  get all(): Record<string, string | string[]> {
    if (this.#all === undefined) {
      this.#all = new QueryObject();
      readParameters(this.#url, this.#all, addTo);
    }
    return this.#all;
  }
}

function readParameters<T>(url: string, target: T, add: (target: T, name: string, value: string) => void): void {
  const start = url.indexOf("?") + 1;
  if (start === 0) return;
  // The usual query has nothing to decode.
  if (url.includes("%", start) || url.includes("+", start)) {
    for (const [name, value] of new URLSearchParams(url.slice(start))) add(target, name, value);
    return;
  }
  for (let from = start; from < url.length; ) {
    let end = url.indexOf("&", from);
    if (end < 0) end = url.length;
    const equals = url.indexOf("=", from);
    if (equals >= 0 && equals < end) add(target, url.slice(from, equals), url.slice(equals + 1, end));
    else if (end > from) add(target, url.slice(from, end), "");
    from = end + 1;
  }
}

function setLast(last: Map<string, string>, name: string, value: string): void {
  last.set(name, value);
}

function addTo(all: QueryObject, name: string, value: string): void {
  const present = all[name];
  if (present === undefined) all[name] = value;
  else if (Array.isArray(present)) present.push(value);
  else all[name] = [present, value];
}

/** The path of a request target, without query. */
export function pathOf(url: string): string {
  const end = url.indexOf("?");
  return end < 0 ? url : url.slice(0, end);
}

/** What is kept of a request in its place: enough for whoever asks about headers, query and address later. */
export interface RequestSummary {
  readonly method: string;
  readonly url: string;
  readonly headers: unknown;
  readonly _query: Record<string, string | string[]>;
  readonly socket: { readonly encrypted: boolean; readonly remoteAddress: string | undefined };
  /** The same under its older name. */
  readonly connection: { readonly encrypted: boolean; readonly remoteAddress: string | undefined };
}

export function summarize(request: RequestView): RequestSummary {
  const connection = { encrypted: request.secure, remoteAddress: request.address };
  const { headers = {}, _query = new Query(request.url).all } = (request.raw ?? {}) as Partial<RequestSummary>;
  return {
    method: request.method,
    url: request.url,
    headers,
    _query,
    socket: connection,
    connection,
  };
}
