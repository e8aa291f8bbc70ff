import type { RequestView } from "./request-view.js";

/** One way to name origins: an exact origin, a pattern, `"same-origin"`, or `"*"`. */
export type OriginRule = string | RegExp;

/**
 * Which origins may connect. `"same-origin"` compares the `Origin` header with `Host` (mind proxies that rewrite `Host`);
 * a function decides for itself. Requests without an `Origin` header do not come from a page and are not concerned.
 */
export type OriginPolicy =
  | OriginRule
  | readonly OriginRule[]
  | ((origin: string, request: RequestView) => boolean | Promise<boolean>);

/** Whether the request's origin may connect. */
export function originAllowed(policy: OriginPolicy | undefined, request: RequestView): boolean | Promise<boolean> {
  if (policy === undefined) return true;
  const origin = askingOrigin(request);
  if (origin === undefined) return true;
  if (typeof policy === "function") return policy(origin, request);
  if (typeof policy === "string" || policy instanceof RegExp) return matches(policy, origin, request);
  return policy.some((rule) => matches(rule, origin, request));
}

/**
 * Who asks. A script element (JSONP) sends no `Origin`, and any page may load scripts from here: such a request counts
 * as one of an unknown page.
 */
export function askingOrigin(request: RequestView): string | undefined {
  return request.header("origin") ?? (request.query.has("j") ? "null" : undefined);
}

function matches(rule: OriginRule, origin: string, request: RequestView): boolean {
  // `search`, not `test`: a pattern with the g or y flag would answer differently on every second request.
  if (rule instanceof RegExp) return origin.search(rule) >= 0;
  if (rule === "*") return true;
  if (rule === "same-origin") return isSameOrigin(origin, request);
  return rule === origin;
}

/**
 * Whether a page of this very server asks. The scheme is not compared: behind a proxy that ends TLS we do not know the
 * one the browser sees.
 */
export function isSameOrigin(origin: string, request: RequestView): boolean {
  const host = request.header("host") ?? request.header(":authority");
  const start = origin.indexOf("://");
  return host !== undefined && start > 0 && origin.slice(start + 3).toLowerCase() === host.toLowerCase();
}

/** Characters that no header value may contain (RFC 9110, 5.5); tab is allowed. */
export function isLegalHeaderValue(value: string): boolean {
  for (let i = 0; i < value.length; i++) {
    const code = value.charCodeAt(i);
    if ((code < 0x20 && code !== 0x09) || code === 0x7f || code > 0xff) return false;
  }
  return true;
}
