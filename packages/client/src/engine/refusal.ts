import { type ErrorWord, TransportError } from "../errors.js";
import type { HttpResponse } from "./contract.js";

/** Engine.IO's error codes, in order. */
const BY_CODE: readonly ErrorWord[] = [
  "TRANSPORT_UNKNOWN",
  "SESSION_UNKNOWN",
  "BAD_METHOD",
  "BAD_REQUEST",
  "FORBIDDEN",
  "PROTOCOL_UNSUPPORTED",
];

const BY_STATUS: Readonly<Record<number, ErrorWord>> = {
  0: "UNREACHABLE",
  401: "FORBIDDEN",
  403: "FORBIDDEN",
  404: "NOT_FOUND",
  413: "TOO_LARGE",
  429: "OVERLOADED",
  503: "OVERLOADED",
};

/**
 * The error for an HTTP answer that is not the expected one. The text is the API's, the status its `description`; what
 * the matter is, is in the code: Engine.IO servers put a number into the body, proxies only have the status.
 */
export function refusal(message: string, response: HttpResponse): TransportError {
  const { status, text, retryAfter, cause } = response;
  let body: { code?: unknown; retryAfter?: unknown } = {};
  try {
    body = Object(JSON.parse(text));
  } catch {
    // A proxy's page, or nothing.
  }
  const word = (status && BY_CODE[body.code as number]) || BY_STATUS[status] || "HTTP";
  const wait = body.retryAfter === undefined ? Number(retryAfter) * 1000 : Number(body.retryAfter);
  return new TransportError(word, message, status, cause ?? response, wait > 0 ? wait : undefined);
}
