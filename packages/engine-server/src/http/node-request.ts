import type { IncomingMessage } from "node:http";
import type { Http2ServerRequest } from "node:http2";
import { Query, type RequestView } from "../handshake/request-view.js";

/** A request of node:http, node:https or node:http2. */
export type NodeRequest = (IncomingMessage | Http2ServerRequest) & {
  /** The parsed query, as applications of this protocol family know it. */
  _query?: Record<string, string | string[]>;
};

/** {@link RequestView} of a Node request. */
export class NodeRequestView implements RequestView {
  /** The request without what applications expect on it. */
  readonly incoming: NodeRequest;
  readonly method: string;
  readonly url: string;
  readonly secure: boolean;
  readonly #query: Query;
  #address: string | undefined;

  constructor(request: NodeRequest) {
    this.incoming = request;
    this.method = request.method ?? "GET";
    this.url = request.url ?? "";
    this.#query = new Query(this.url);
    const { socket } = request;
    // Who opens a session may be gone before it is admitted. Of who has one nobody asks, and it is a system call.
    if (!this.#query.last.has("sid")) this.#address = socket?.remoteAddress;
    this.secure = (socket as { encrypted?: boolean } | undefined)?.encrypted === true;
  }

  get address(): string | undefined {
    this.#address ??= this.incoming.socket?.remoteAddress;
    return this.#address;
  }

  get query(): ReadonlyMap<string, string> {
    return this.#query.last;
  }

  /** The request for applications: most polls and uploads are never shown to any. */
  get raw(): NodeRequest {
    this.incoming._query ??= this.#query.all;
    return this.incoming;
  }

  header(name: string): string | undefined {
    const value = this.incoming.headers[name];
    return Array.isArray(value) ? value.join(", ") : value;
  }
}
