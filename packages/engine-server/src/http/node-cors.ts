import { answerCors, type CorsAnswer, type CorsOptions, type CorsOptionsDelegate } from "../handshake/cors.js";
import type { Middleware } from "../handshake/middleware.js";
import { NodeRequestView } from "./node-request.js";

/** What this middleware uses of a response: node's, http2's and our own upgrade response have it. */
interface HeaderWriter {
  statusCode: number;
  setHeader(name: string, value: string): unknown;
  getHeader(name: string): unknown;
  end(): unknown;
}

/**
 * CORS as a middleware for node:http and frameworks on top of it, with the options of the `cors` package.
 *
 * @example
 * app.use(nodeCors({ origin: "https://example.com", credentials: true }));
 */
export function nodeCors(options: boolean | CorsOptions | CorsOptionsDelegate = {}): Middleware {
  const resolved = typeof options === "boolean" ? { origin: options ? "*" : false } : options;
  return (request, response: HeaderWriter, next) => {
    answerCors(resolved, new NodeRequestView(request), (error, answer) => {
      if (error) return next(error);
      apply(answer, response);
      if (answer.finish === undefined) return next();
      response.statusCode = answer.finish;
      // Some browsers wait for a body that a 204 does not have unless the length is said.
      response.setHeader("Content-Length", "0");
      response.end();
    });
  };
}

function apply(answer: CorsAnswer, response: HeaderWriter): void {
  for (const [name, value] of answer.headers) response.setHeader(name, value);
  if (answer.vary.length === 0) return;
  const present = response.getHeader("Vary");
  const names = present === undefined ? [] : String(present).split(/\s*,\s*/);
  if (names.includes("*")) return;
  for (const name of answer.vary) {
    if (!names.some((one) => one.toLowerCase() === name.toLowerCase())) names.push(name);
  }
  response.setHeader("Vary", names.join(", "));
}
