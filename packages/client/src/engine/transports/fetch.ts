import type { HttpRequest } from "../contract.js";
import { Polling } from "./polling.js";

const request: HttpRequest = (uri, body, options, done) => {
  const { extraHeaders, withCredentials, requestTimeout, cookieJar } = options;
  const controller = new AbortController();
  const headers = new Headers(extraHeaders);
  if (body !== undefined) headers.set("content-type", "text/plain;charset=UTF-8");
  const cookies = cookieJar?.header();
  if (cookies) headers.set("cookie", cookies);
  const timer = requestTimeout ? setTimeout(() => controller.abort(), requestTimeout) : undefined;
  fetch(uri, {
    method: body === undefined ? "GET" : "POST",
    headers,
    credentials: withCredentials ? "include" : "same-origin",
    signal: controller.signal,
    ...(body !== undefined && { body }),
  })
    .then(async (response) => {
      cookieJar?.store(response.headers.getSetCookie());
      const text = await response.text();
      const retryAfter = Number(response.headers.get("retry-after")) * 1000 || undefined;
      return { status: response.status, text, retryAfter };
    })
    .catch((cause: unknown) => ({ status: 0, text: "", cause }))
    .then((response) => {
      clearTimeout(timer);
      done(response);
    });
  return () => controller.abort();
};

/** HTTP long-polling with `fetch`: for workers, where there is no XMLHttpRequest, and wherever `fetch` is at hand. */
export class Fetch extends Polling {
  protected readonly request: HttpRequest = request;
  protected readonly failures = ["fetch read error", "fetch write error"] as const;
}
