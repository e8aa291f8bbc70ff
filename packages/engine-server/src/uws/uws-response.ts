import { DetachedResponse } from "../http/detached-response.js";
import type { HeaderEntry, UwsReply } from "./uws-reply.js";

/**
 * What middlewares get as the response: the part of node's `ServerResponse` that they use, over uWebSockets.js. The
 * answer leaves as a whole when it is ended.
 */
export class UwsResponse extends DetachedResponse {
  readonly #reply: UwsReply;

  constructor(reply: UwsReply) {
    super();
    this.#reply = reply;
    // Not before whoever began the answer has returned: listeners may come then only.
    reply.once("close", () => queueMicrotask(() => this.emit("close")));
  }

  /** The request goes on as an upgrade: gives the collected headers. */
  handOver(): HeaderEntry[] {
    // Middlewares that set headers when the head is written (sessions) get their moment.
    this.writeHead();
    return Object.entries(this.getHeaders());
  }

  protected override answer(body: Buffer): void {
    this.#reply.answer(this.statusCode, this.statusMessage, Object.entries(this.getHeaders()), body);
  }
}
