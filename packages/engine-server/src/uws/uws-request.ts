import { Query, type RequestView } from "../handshake/request-view.js";
import type { NativeRequest, NativeResponse } from "./native.js";

/** Inherits nothing: peers choose the names. */
class HeaderObject {
  [name: string]: string;
}
Object.setPrototypeOf(HeaderObject.prototype, null);
Reflect.deleteProperty(HeaderObject.prototype, "constructor");

/** Where a request came from, in the words of node:http. */
interface Peer {
  readonly encrypted: boolean;
  readonly remoteAddress: string | undefined;
}

/** Asks for the address when somebody wants to know it: it is a system call, and of those who have a session nobody does. */
class UwsPeer implements Peer {
  readonly encrypted: boolean;
  /** Until it was asked. */
  #response: NativeResponse | undefined;
  #remoteAddress: string | undefined;

  constructor(response: NativeResponse, encrypted: boolean) {
    this.#response = response;
    this.encrypted = encrypted;
  }

  /** `undefined` if the first to ask comes after the answer. */
  get remoteAddress(): string | undefined {
    const response = this.#response;
    this.#response = undefined;
    if (response !== undefined) this.#remoteAddress = addressOf(response);
    return this.#remoteAddress;
  }
}

function addressOf(response: NativeResponse): string | undefined {
  try {
    return Buffer.from(response.getRemoteAddressAsText()).toString() || undefined;
  } catch {
    // The library throws at whoever touches a response that is over.
    return undefined;
  }
}

/**
 * What middlewares, `allowRequest` and events get as the request: the part of node's `IncomingMessage` that does not
 * concern the body. A copy, because the native request does not outlive its handler.
 */
export class UwsRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Record<string, string> = new HeaderObject();
  readonly socket: Peer;
  readonly httpVersion = "1.1";
  #query: Record<string, string | string[]> | undefined;

  constructor(request: NativeRequest, response: NativeResponse, secure: boolean) {
    const query = request.getQuery();
    this.method = request.getMethod().toUpperCase();
    this.url = query ? `${request.getUrl()}?${query}` : request.getUrl();
    const { headers } = this;
    request.forEach((name, value) => {
      const present = headers[name];
      headers[name] = present === undefined ? value : present + (name === "cookie" ? "; " : ", ") + value;
    });
    this.socket = new UwsPeer(response, secure);
  }

  /** Has the address at hand, also when the request is over. */
  rememberAddress(): void {
    void this.socket.remoteAddress;
  }

  /** The older name of {@link socket}. */
  get connection(): Peer {
    return this.socket;
  }

  /** The parsed query, as applications of this protocol family know it. */
  get _query(): Record<string, string | string[]> {
    this.#query ??= new Query(this.url).all;
    return this.#query;
  }
}

/** {@link RequestView} of uWebSockets.js. */
export class UwsRequestView implements RequestView {
  readonly raw: UwsRequest;
  /** Here and not with the request, which applications keep: it would be a tenth of what a connection holds. */
  readonly query: ReadonlyMap<string, string>;

  constructor(raw: UwsRequest) {
    this.raw = raw;
    this.query = new Query(raw.url).last;
  }

  get method(): string {
    return this.raw.method;
  }

  get url(): string {
    return this.raw.url;
  }

  get address(): string | undefined {
    return this.raw.socket.remoteAddress;
  }

  get secure(): boolean {
    return this.raw.socket.encrypted;
  }

  header(name: string): string | undefined {
    return this.raw.headers[name];
  }
}
