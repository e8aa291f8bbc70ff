import { type ErrorWord, TransportError } from "../errors.js";
import type { HttpResponse } from "./contract.js";
import { readNotice } from "./notice.js";

/**
 * The error for an HTTP answer that is not the expected one. The text is the API's, the status its `description`; what
 * the matter is, is in the code: an Engine.IO server says it in words of its protocol (`Session ID unknown` with the
 * number 1, ...), of a proxy there is the status.
 */
export function refusal(text: string, response: HttpResponse): TransportError {
  const { status, cause, retryAfter } = response;
  const notice = readNotice(response.text);
  // The six errors of the protocol have these numbers; the words of another body are not for a code.
  const own = notice.code! >= 0 && notice.code! < 6 && typeof notice.message === "string" && notice.message;
  const word = own ? own.toUpperCase().replace(/ /g, "_") : status ? `HTTP_${status}` : "UNREACHABLE";
  const wait = notice.retryAfter ?? retryAfter!;
  return new TransportError(word as ErrorWord, text, {
    description: status,
    context: cause ?? response,
    retryAfter: wait > 0 ? wait : undefined,
  });
}
