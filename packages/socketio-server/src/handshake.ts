import type { Handshake } from "./contract.js";

/** The part of the first request that a connection keeps, so that an application may delete the request itself. */
export interface RequestFacts {
  readonly headers: Record<string, string | string[] | undefined>;
  readonly url: string;
  readonly secure: boolean;
}

/** As much of an `http.IncomingMessage` as is looked at; engines without HTTP have less, or nothing. */
interface RequestLike {
  readonly headers?: Record<string, string | string[] | undefined>;
  readonly url?: string;
  readonly connection?: { readonly encrypted?: boolean } | null;
  readonly socket?: { readonly encrypted?: boolean } | null;
}

/** What is known of the request of a connection. Without one (WebTransport) the connection is secure and has no headers. */
export function factsOf(request: unknown): RequestFacts {
  if (typeof request !== "object" || request === null) return { headers: {}, url: "", secure: true };
  const { headers, url, connection, socket } = request as RequestLike;
  return { headers: headers ?? {}, url: url ?? "", secure: Boolean((socket ?? connection)?.encrypted) };
}

/** The handshake as applications see it; made when the first of them looks. */
export function describeHandshake(
  facts: RequestFacts,
  address: string,
  issued: number,
  auth: Record<string, unknown>,
): Handshake {
  return {
    headers: facts.headers,
    time: `${new Date(issued)}`,
    address,
    xdomain: Boolean(facts.headers.origin),
    secure: facts.secure,
    issued,
    url: facts.url,
    query: queryOf(facts.url),
    auth,
  };
}

/** Query parameters of a URL; a repeated one becomes an array. Names are the peer's, so the object has no prototype. */
export function queryOf(url: string): Record<string, string | string[]> {
  const query: Record<string, string | string[]> = Object.create(null);
  const start = url.indexOf("?");
  if (start === -1) return query;
  for (const [name, value] of new URLSearchParams(url.slice(start + 1))) {
    const known = query[name];
    if (known === undefined) query[name] = value;
    else if (Array.isArray(known)) known.push(value);
    else query[name] = [known, value];
  }
  return query;
}
