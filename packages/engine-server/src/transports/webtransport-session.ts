/**
 * What is used of a WebTransport session: the part of the W3C interface that a server sees. Whatever ends HTTP/3
 * (a package in this process, a proxy in front of it) hands over an object of this shape.
 */
export interface WebTransportSession {
  /** Settles when the session is established; absent when it already is. */
  readonly ready?: PromiseLike<unknown>;
  /** Resolves when the session ends in good order, rejects when it breaks. */
  readonly closed: PromiseLike<unknown>;
  readonly incomingBidirectionalStreams: Readable<WebTransportStream>;
  close(info?: { closeCode?: number; reason?: string }): void;
}

/** One bidirectional stream: a pair of WHATWG streams of bytes. */
export interface WebTransportStream {
  readonly readable: Readable<Uint8Array>;
  readonly writable: Writable<Uint8Array>;
}

interface Readable<T> {
  getReader(): StreamReader<T>;
}

export interface StreamReader<T> {
  read(): Promise<{ readonly done: boolean; readonly value?: T | undefined }>;
  cancel(reason?: unknown): Promise<unknown>;
}

interface Writable<T> {
  getWriter(): StreamWriter<T>;
}

export interface StreamWriter<T> {
  write(chunk: T): Promise<unknown>;
  close(): Promise<unknown>;
  abort(reason?: unknown): Promise<unknown>;
}

/** A header table as front ends have it: an object, or something like the platform's `Headers`. */
export type HeaderTable =
  | Readonly<Record<string, string | readonly string[] | undefined>>
  | { get(name: string): string | null | undefined; entries(): Iterable<[string, string]> };

/**
 * The request that opened a WebTransport session, as far as the front end tells: the standard gives sessions none.
 * Nothing of it is needed, but guards can only look at what is there.
 */
export interface WebTransportRequest {
  /** Path and query, or the whole URL. */
  readonly url?: string;
  /**
   * Request headers. Without them the origin is unknown and counts as the opaque origin `null`: a policy that names
   * origins refuses it.
   */
  readonly headers?: HeaderTable;
  /** Address of the peer. */
  readonly remoteAddress?: string;
}

/** Ends a session; platforms differ in what they say to one that has ended already. */
export function closeSession(session: WebTransportSession, closeCode = 0, reason = ""): void {
  try {
    session.close({ closeCode, reason });
  } catch {
    // It had ended.
  }
}
