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
  readonly raw: NodeRequest;
  readonly method: string;
  readonly url: string;
  readonly query: ReadonlyMap<string, string>;
  readonly address: string | undefined;
  readonly secure: boolean;

  constructor(request: NodeRequest) {
    this.raw = request;
    this.method = request.method ?? "GET";
    this.url = request.url ?? "";
    const query = new Query(this.url);
    this.query = query.last;
    const { socket } = request;
    this.address = socket?.remoteAddress;
    this.secure = (socket as { encrypted?: boolean } | undefined)?.encrypted === true;
    request._query ??= query.all;
  }

  header(name: string): string | undefined {
    const value = this.raw.headers[name];
    return Array.isArray(value) ? value.join(", ") : value;
  }
}
