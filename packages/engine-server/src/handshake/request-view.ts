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

/** Query parameters of a request target, in order; a malformed escape stays as it is. */
function parameters(url: string): Iterable<[string, string]> {
  const start = url.indexOf("?");
  if (start < 0) return [];
  const text = url.slice(start + 1);
  // The usual query has nothing to decode.
  if (text.includes("%") || text.includes("+")) return new URLSearchParams(text);
  return text.split("&").filter(Boolean).map(splitParameter);
}

function splitParameter(parameter: string): [string, string] {
  const equals = parameter.indexOf("=");
  return equals < 0 ? [parameter, ""] : [parameter.slice(0, equals), parameter.slice(equals + 1)];
}

/** Query parameters of a request target; of a repeated one the last. */
export function parseQuery(url: string): Map<string, string> {
  return new Map(parameters(url));
}

/** The path of a request target, without query. */
export function pathOf(url: string): string {
  const end = url.indexOf("?");
  return end < 0 ? url : url.slice(0, end);
}

/** An object that inherits nothing, and is smaller than one made by `Object.create(null)`. */
class QueryObject {
  [name: string]: string | string[];
}
Object.setPrototypeOf(QueryObject.prototype, null);
Reflect.deleteProperty(QueryObject.prototype, "constructor");

/**
 * The query as applications of this protocol family know it (`request._query`): an object without prototype, a
 * repeated parameter as an array.
 */
export function queryObject(url: string): Record<string, string | string[]> {
  const query = new QueryObject();
  for (const [name, value] of parameters(url)) {
    const present = query[name];
    if (present === undefined) query[name] = value;
    else if (Array.isArray(present)) present.push(value);
    else query[name] = [present, value];
  }
  return query;
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
  return {
    method: request.method,
    url: request.url,
    headers: (request.raw as { headers?: unknown } | undefined)?.headers ?? {},
    _query: queryObject(request.url),
    socket: connection,
    connection,
  };
}
