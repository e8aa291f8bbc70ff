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

/** Query parameters of a request target; a malformed escape stays as it is. */
export function parseQuery(url: string): Map<string, string> {
  const start = url.indexOf("?");
  const query = new Map<string, string>();
  if (start < 0) return query;
  for (const [name, value] of new URLSearchParams(url.slice(start + 1))) query.set(name, value);
  return query;
}

/** The path of a request target, without query. */
export function pathOf(url: string): string {
  const end = url.indexOf("?");
  return end < 0 ? url : url.slice(0, end);
}

/**
 * The query as applications of this protocol family know it (`request._query`): an object without prototype, a
 * repeated parameter as an array.
 */
export function queryObject(url: string): Record<string, string | string[]> {
  const start = url.indexOf("?");
  const query: Record<string, string | string[]> = Object.create(null);
  if (start < 0) return query;
  const parameters = new URLSearchParams(url.slice(start + 1));
  for (const [name, value] of parameters) {
    const present = query[name];
    if (present === undefined) query[name] = value;
    else if (Array.isArray(present)) present.push(value);
    else query[name] = [present, value];
  }
  return query;
}
