import type { CookieJar } from "../engine/contract.js";

interface Cookie {
  readonly value: string;
  readonly expires: number;
}

/**
 * The cookies of one session: enough for a load balancer that marks its sessions with one. There is one server, so
 * domain and path are not looked at.
 */
export class MemoryCookieJar implements CookieJar {
  readonly #cookies = new Map<string, Cookie>();

  constructor(private readonly now: () => number = Date.now) {}

  store(headers: readonly string[]): void {
    for (const header of headers) {
      const cookie = parseSetCookie(header, this.now());
      if (!cookie) continue;
      if (cookie.expires > this.now()) this.#cookies.set(cookie.name, cookie);
      else this.#cookies.delete(cookie.name);
    }
  }

  header(): string {
    const pairs: string[] = [];
    for (const [name, { value, expires }] of this.#cookies) {
      if (expires > this.now()) pairs.push(`${name}=${value}`);
      else this.#cookies.delete(name);
    }
    return pairs.join("; ");
  }
}

/** `undefined` for text that is no cookie. `Max-Age` wins over `Expires` (RFC 6265, 5.3). */
export function parseSetCookie(header: string, now: number): (Cookie & { readonly name: string }) | undefined {
  const [pair, ...attributes] = header.split(";");
  const at = pair!.indexOf("=");
  const name = pair!.slice(0, at).trim();
  if (at < 0 || !name) return undefined;
  const value = pair!.slice(at + 1).trim();
  let expires = Number.POSITIVE_INFINITY;
  let maxAge: number | undefined;
  for (const attribute of attributes) {
    const [key, ...rest] = attribute.split("=");
    const text = rest.join("=").trim();
    if (key!.trim().toLowerCase() === "max-age" && /^-?\d+$/.test(text)) maxAge = Number(text);
    if (key!.trim().toLowerCase() === "expires") expires = Date.parse(text) || expires;
  }
  return { name, value, expires: maxAge === undefined ? expires : now + maxAge * 1000 };
}
