import { EngineMisuse } from "../errors.js";

/** The cookie that the first polling response sets, for load balancers that route by it. */
export interface CookieOptions {
  /** Default `"io"`. */
  readonly name?: string;
  /** Default `"/"`; `false` leaves it out. */
  readonly path?: string | false;
  /** Default `true`. */
  readonly httpOnly?: boolean;
  /** Default `"lax"`. */
  readonly sameSite?: boolean | "strict" | "lax" | "none";
  readonly secure?: boolean;
  readonly domain?: string;
  /** Seconds. */
  readonly maxAge?: number;
  readonly expires?: Date;
  readonly priority?: "low" | "medium" | "high";
  readonly partitioned?: boolean;
}

/** The value of a `Set-Cookie` header that carries `value`. */
export function serializeCookie(options: CookieOptions, value: string): string {
  const { name = "io", path = "/", domain, maxAge, expires, sameSite = "lax", priority } = options;
  let cookie = `${token(name)}=${encodeURIComponent(value)}`;
  if (maxAge !== undefined) cookie += `; Max-Age=${Math.floor(maxAge)}`;
  if (domain !== undefined) cookie += `; Domain=${attribute(domain)}`;
  if (path !== false) cookie += `; Path=${attribute(path)}`;
  if (expires !== undefined) cookie += `; Expires=${expires.toUTCString()}`;
  // Anything but `false` keeps scripts away from the cookie: a typing mistake must not open it.
  if (options.httpOnly !== false) cookie += "; HttpOnly";
  if (options.secure === true) cookie += "; Secure";
  if (options.partitioned === true) cookie += "; Partitioned";
  if (priority !== undefined) cookie += `; Priority=${capitalized(priority)}`;
  if (sameSite !== false) cookie += `; SameSite=${capitalized(sameSite === true ? "strict" : sameSite)}`;
  return cookie;
}

function token(name: string): string {
  if (!/^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(name)) throw misuse("name", name);
  return name;
}

function attribute(value: string): string {
  if (!/^[\x20-\x3a\x3c-\x7e]*$/.test(value)) throw misuse("attribute", value);
  return value;
}

function misuse(what: string, value: string): EngineMisuse {
  return new EngineMisuse("ERR_SOCKEYE_ENGINE_OPTION", `invalid cookie ${what}: ${JSON.stringify(value)}`);
}

function capitalized(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1).toLowerCase();
}
