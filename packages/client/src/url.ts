/** A server address taken apart. */
export interface Address {
  /** Without colon. */
  readonly protocol: string;
  /** Without brackets when it is an IPv6 address. */
  readonly hostname: string;
  readonly port: string;
  readonly secure: boolean;
  readonly path: string;
  readonly query: Record<string, string>;
}

/** What a page knows about itself; absent outside browsers. */
export interface PageLocation {
  readonly protocol: string;
  readonly hostname: string;
  readonly port: string;
}

/** Not `URL`: React Native's lacks most of it, and `host:port` or `/namespace` are none. No part of it backtracks. */
const PARTS = /^(?:(\w+):(?=\/\/))?(?:\/\/)?(?:[^/?#@]*@)?(\[.*?\]|[^:/?#]*)(?::(\d+))?([^?#]*)\??([^#]*)/;

/**
 * Reads every form that `io()` takes: a full URL, `//host`, `host:port`, `/namespace` and nothing at all. What is
 * missing comes from the page; without a page it is `https` for a bare host and `http://localhost` for no host.
 */
export function parseUrl(uri = "", page: PageLocation | undefined = globalThis.location): Address {
  // The expression matches any text.
  const [, scheme, host, port, path, query] = PARTS.exec(uri)!;
  const here = page?.hostname ? page : undefined;
  const protocol = scheme ?? (here ? here.protocol.slice(0, -1) : host ? "https" : "http");
  const secure = /[ps]s$/.test(protocol);
  return {
    protocol,
    hostname: (host || here?.hostname || "localhost").replace(/[[\]]/g, ""),
    port: port || (!host && here?.port) || (secure ? "443" : "80"),
    secure,
    path: path || "/",
    query: parseQuery(query!),
  };
}

export function parseQuery(text: string): Record<string, string> {
  const query: Record<string, string> = {};
  for (const pair of text.split("&")) {
    const [name, value = ""] = pair.split(/=(.*)/s).map(decodeURIComponent);
    if (name) query[name] = value;
  }
  return query;
}

export function formatQuery(query: Readonly<Record<string, unknown>>): string {
  return Object.entries(query)
    .map((pair) => (pair as string[]).map(encodeURIComponent).join("="))
    .join("&");
}
