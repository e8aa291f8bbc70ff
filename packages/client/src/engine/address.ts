import { ownOptions } from "#platform";
import { formatQuery, parseUrl } from "../url.js";
import type { EngineOptions, TransportOptions } from "./contract.js";

/** Fills in the address. What the options say of it goes before what `uri` says. */
export function resolveOptions(uri: string | undefined, options: EngineOptions): TransportOptions {
  const { host, hostname = host, path = "/", addTrailingSlash = true } = options;
  const address = parseUrl(uri ?? (hostname && `http${options.secure ? "s" : ""}://${hostname}`));
  // Into one object: each that is spread from several is written down property by property.
  return Object.assign(address, hostname && { hostname }, options, ownOptions(options), {
    path: path.replace(/\/$/, "") + (addTrailingSlash ? "/" : ""),
  }) as TransportOptions;
}

/** The address of a request. */
export function requestUri(
  { hostname, port, path, secure }: TransportOptions,
  scheme: "http" | "ws" = "http",
  query: Readonly<Record<string, unknown>> = {},
): string {
  const host = hostname.includes(":") ? `[${hostname}]` : hostname;
  const suffix = Number(port) === (secure ? 443 : 80) ? "" : `:${port}`;
  return `${scheme}${secure ? "s" : ""}://${host}${suffix}${path}?${formatQuery(query)}`;
}
