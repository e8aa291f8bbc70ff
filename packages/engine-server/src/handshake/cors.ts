import { isSameOrigin, type OriginPolicy } from "./origins.js";
import type { RequestView } from "./request-view.js";

/** Decides about one origin; calls back with the value to allow (see {@link CorsOptions.origin}). */
export type CorsOriginFunction = (
  origin: string | undefined,
  callback: (error: Error | null, origin?: CorsOrigin) => void,
) => void;

export type CorsOrigin = boolean | string | RegExp | ReadonlyArray<boolean | string | RegExp>;

/** Cross-origin resource sharing, with the options that the `cors` package made common. */
export interface CorsOptions {
  /**
   * Origins that may read responses: `"*"` (default), one origin, a pattern, a list, `true` to reflect the asker's,
   * `false` for none, or a function. The origins named here are also the only ones that may **connect**, on every
   * transport; the server's own origin always may.
   */
  readonly origin?: CorsOrigin | CorsOriginFunction;
  /** `Access-Control-Allow-Methods`. Default `"GET,HEAD,PUT,PATCH,POST,DELETE"`. */
  readonly methods?: string | readonly string[];
  /** `Access-Control-Allow-Headers`. Default: what the preflight asks for. */
  readonly allowedHeaders?: string | readonly string[];
  /** The same as {@link allowedHeaders}. */
  readonly headers?: string | readonly string[];
  /** `Access-Control-Expose-Headers`. Default none. */
  readonly exposedHeaders?: string | readonly string[];
  /** `Access-Control-Allow-Credentials`. Default `false`. */
  readonly credentials?: boolean;
  /** `Access-Control-Max-Age`, seconds. Default: not sent. */
  readonly maxAge?: number;
  /** Hands a preflight request on instead of answering it. Default `false`. */
  readonly preflightContinue?: boolean;
  /** Status of the answer to a preflight request. Default 204. */
  readonly optionsSuccessStatus?: number;
}

/** Options chosen per request. */
export type CorsOptionsDelegate<Request = unknown> = (
  request: Request,
  callback: (error: Error | null, options?: CorsOptions) => void,
) => void;

/** What a response has to say about sharing. */
export interface CorsAnswer {
  readonly headers: ReadonlyArray<readonly [name: string, value: string]>;
  /** Names to add to `Vary`. */
  readonly vary: readonly string[];
  /** Set when this was a preflight request: answer it with this status and an empty body. */
  readonly finish: number | undefined;
}

const DEFAULT_METHODS = "GET,HEAD,PUT,PATCH,POST,DELETE";
const SILENT: CorsAnswer = { headers: [], vary: [], finish: undefined };

/** Works out the answer; `done` is called once, synchronously unless a function among the options takes its time. */
export function answerCors(
  options: CorsOptions | CorsOptionsDelegate,
  request: RequestView,
  done: (error: unknown, answer: CorsAnswer) => void,
): void {
  resolveOptions(options, request, (error, resolved) => {
    if (error || resolved === undefined) return done(error, SILENT);
    resolveOrigin(resolved, request, (originError, origin) => {
      if (originError) return done(originError, SILENT);
      done(undefined, compose(resolved, origin, request));
    });
  });
}

/** The policy that `cors` options imply for connecting, on every transport. */
export function policyOfCors(options: CorsOptions | CorsOptionsDelegate): OriginPolicy {
  return (origin, request) =>
    new Promise((resolve, reject) => {
      resolveOptions(options, request, (error, resolved) => {
        if (error) return reject(error);
        if (resolved === undefined) return resolve(true);
        resolveOrigin(resolved, request, (originError, allowed) => {
          if (originError) return reject(originError);
          // A function speaks about this very origin: its `false` is a refusal, not the absence of a rule.
          const asked = typeof resolved.origin === "function" ? (allowed ?? false) : allowed;
          resolve(
            asked === false && asked !== resolved.origin
              ? isSameOrigin(origin, request)
              : mayConnect(asked, origin, request),
          );
        });
      });
    });
}

/** The same for options that need no function call: no promise per request. */
export function staticPolicyOfCors(options: CorsOptions): OriginPolicy {
  const { origin } = options;
  return (asker, request) => mayConnect(origin as CorsOrigin | undefined, asker, request);
}

function mayConnect(allowed: CorsOrigin | undefined, origin: string, request: RequestView): boolean {
  // `false` turns sharing off; it names no origin, and so guards none.
  if (allowed === undefined || allowed === "*" || typeof allowed === "boolean") return true;
  return originMatches(allowed, origin) || isSameOrigin(origin, request);
}

function resolveOptions(
  options: CorsOptions | CorsOptionsDelegate,
  request: RequestView,
  done: (error: unknown, options?: CorsOptions) => void,
): void {
  if (typeof options !== "function") {
    done(undefined, options);
    return;
  }
  callSafely((callback) => options(request.raw, callback), done);
}

function resolveOrigin(
  options: CorsOptions,
  request: RequestView,
  done: (error: unknown, origin?: CorsOrigin) => void,
): void {
  const { origin } = options;
  if (typeof origin !== "function") {
    done(undefined, origin ?? "*");
    return;
  }
  callSafely((callback) => origin(request.header("origin"), callback), done);
}

/** Calls foreign code that may throw and may call back twice. */
function callSafely<T>(
  call: (callback: (error: Error | null, value?: T) => void) => void,
  done: (error: unknown, value?: T) => void,
): void {
  let called = false;
  const once = (error: unknown, value?: T) => {
    if (called) return;
    called = true;
    done(error ?? undefined, value);
  };
  try {
    call(once);
  } catch (error) {
    once(error);
  }
}

function compose(options: CorsOptions, origin: CorsOrigin | undefined, request: RequestView): CorsAnswer {
  if (origin === false || origin === undefined) return SILENT;
  const headers: Array<readonly [string, string]> = [];
  const vary: string[] = [];
  composeOrigin(origin, request, headers, vary);
  if (options.credentials === true) headers.push(["Access-Control-Allow-Credentials", "true"]);
  const preflight = request.method === "OPTIONS";
  if (preflight) composePreflight(options, request, headers, vary);
  const exposed = joined(options.exposedHeaders);
  if (exposed) headers.push(["Access-Control-Expose-Headers", exposed]);
  const finish = preflight && options.preflightContinue !== true ? (options.optionsSuccessStatus ?? 204) : undefined;
  return { headers, vary, finish };
}

function composeOrigin(
  origin: CorsOrigin,
  request: RequestView,
  headers: Array<readonly [string, string]>,
  vary: string[],
): void {
  if (origin === "*") {
    headers.push(["Access-Control-Allow-Origin", "*"]);
    return;
  }
  // Anything but "*" depends on who asks, also when the answer is no: caches must know.
  vary.push("Origin");
  if (typeof origin === "string") {
    headers.push(["Access-Control-Allow-Origin", origin]);
    return;
  }
  const asker = request.header("origin");
  if (asker !== undefined && originMatches(origin, asker)) headers.push(["Access-Control-Allow-Origin", asker]);
}

function composePreflight(
  options: CorsOptions,
  request: RequestView,
  headers: Array<readonly [string, string]>,
  vary: string[],
): void {
  headers.push(["Access-Control-Allow-Methods", joined(options.methods) ?? DEFAULT_METHODS]);
  let allowed = joined(options.allowedHeaders ?? options.headers);
  if (allowed === undefined) {
    allowed = request.header("access-control-request-headers");
    vary.push("Access-Control-Request-Headers");
  }
  if (allowed) headers.push(["Access-Control-Allow-Headers", allowed]);
  if (options.maxAge !== undefined) headers.push(["Access-Control-Max-Age", String(options.maxAge)]);
}

function originMatches(allowed: CorsOrigin, origin: string): boolean {
  if (typeof allowed === "boolean") return allowed;
  if (typeof allowed === "string") return allowed === "*" || allowed === origin;
  if (allowed instanceof RegExp) return origin.search(allowed) >= 0;
  return allowed.some((rule) => originMatches(rule, origin));
}

function joined(value: string | readonly string[] | undefined): string | undefined {
  return value === undefined || typeof value === "string" ? value : value.join(",");
}
