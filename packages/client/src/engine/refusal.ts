import { type ErrorWord, TransportError } from "../errors.js";
import type { HttpResponse } from "./contract.js";

/**
 * The error for an HTTP answer that is not the expected one. The text is the API's, the status its `description`; what
 * the matter is, is in the code: an Engine.IO server says it in words of its protocol (`Session ID unknown` with the
 * number 1, ...), of a proxy there is the status.
 */
export function refusal(message: string, { status, text, retryAfter, cause }: HttpResponse): TransportError {
  let word = status ? `HTTP_${status}` : "UNREACHABLE";
  let wait = Number(retryAfter) * 1000;
  try {
    const body = JSON.parse(text);
    // The six errors of the protocol have these numbers; the words of another body are not for a code.
    if (body.code >= 0 && body.code < 6) word = body.message.toUpperCase().replace(/ /g, "_");
    wait = body.retryAfter || wait;
  } catch {
    // A proxy's page, or nothing.
  }
  return new TransportError(word as ErrorWord, message, {
    description: status,
    context: cause ?? text,
    retryAfter: wait > 0 ? wait : undefined,
  });
}
