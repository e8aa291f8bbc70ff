/** A server address taken apart. */
export interface Address {
  protocol: string;
  /** Without brackets when it is an IPv6 address. */
  hostname: string;
  port: string;
  secure: boolean;
  path: string;
  query: Record<string, string>;
}

/** What a page knows about itself; absent outside browsers. */
export interface PageLocation {
  readonly protocol: string;
  readonly host: string;
}

/** Not `URL`: React Native's lacks most of it, and the forms below are no URLs yet. No part of it backtracks. */
const PARTS = /^(?:([a-z]+):\/\/)?(?:[^/?#@]*@)?(\[[^\]]*\]|[^:/?#]*)(?::(\d+))?([^?#]*)(?:\?([^#]*))?/;

/**
 * Reads every form that `io()` takes: a full URL, `//host`, `host:port`, `/namespace` and nothing at all. What is
 * missing comes from the page; without a page it is `https` for a bare host and `http://localhost` for no host.
 */
export function parseUrl(uri: string | undefined, page: PageLocation | undefined = globalThis.location): Address {
  const { protocol, host } = page?.host ? page : { protocol: "http:", host: "localhost" };
  let full = uri ?? "";
  if (full.startsWith("//")) full = protocol + full;
  else if (!full || full.startsWith("/")) full = `${protocol}//${host}${full}`;
  else if (!full.includes("://")) full = `${page?.host ? protocol : "https:"}//${full}`;
  // The expression matches any text.
  const [, scheme = "http", name = "", port = "", path = "", query = ""] = PARTS.exec(full)!;
  const secure = scheme === "https" || scheme === "wss";
  return {
    protocol: scheme,
    hostname: name.replace(/[[\]]/g, ""),
    port: port || (secure ? "443" : "80"),
    secure,
    path: path || "/",
    query: parseQuery(query),
  };
}

export function parseQuery(text: string): Record<string, string> {
  const query: Record<string, string> = {};
  for (const pair of text.split("&")) {
    const [name, value = ""] = pair.split(/=(.*)/s);
    if (name) query[decode(name)] = decode(value);
  }
  return query;
}

/** A stray `%` is text, not an error. */
function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

export function formatQuery(query: Readonly<Record<string, unknown>>): string {
  return Object.entries(query)
    .map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(String(value))}`)
    .join("&");
}
