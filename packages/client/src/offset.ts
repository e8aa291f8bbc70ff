/**
 * Connection state recovery, the client's half: where in the stream of events this client stands. A server appends an
 * offset to recoverable events as one more string argument, and wants the last one back on resuming.
 */

/**
 * Offsets of servers that do not mark theirs: a time in base 64 with an optional sequence number (memory), an entry id
 * (Redis streams), an object id (MongoDB). The first letter of the time holds from 2024 to 2046.
 */
const KNOWN = /^([P-Z][\w-]{6}(\.[\w-]+)?|\d{13}-\d+|[0-9a-f]{24})$/;

/** The stream of events of one socket, as far as this client has seen it. */
export interface Stream {
  /** Offset of the last event: sent back on resuming. By the name that existing code knows. */
  _lastOffset: string | undefined;
  /** What our servers' offsets begin with. @internal */
  offsetTag: string | undefined;
  /** Another server's offsets have a form that we know: nothing else is one. @internal */
  offsetsKnown: boolean;
}

/** A namespace was joined. `resumed`: the stream goes on where it was. */
export function startStream(
  stream: Stream,
  tag: string | undefined,
  offset: string | undefined,
  resumed: boolean,
): void {
  stream.offsetTag = tag;
  if (offset || !resumed) stream._lastOffset = offset;
}

/**
 * Looks for an offset in an event (its name and arguments). One with our server's tag is certain, and removed, so that
 * no handler sees it. Another server's is a guess: a user's own trailing string looks the same, so only the forms
 * known to be offsets are believed once one of them was seen, and the event stays as it is.
 */
export function trackOffset(stream: Stream, data: unknown[]): void {
  const { offsetTag } = stream;
  const last = data.length > 1 && data.at(-1);
  if (typeof last !== "string") return;
  const isKnown = KNOWN.test(last);
  if (offsetTag ? last.startsWith(offsetTag) : isKnown || !stream.offsetsKnown) {
    stream._lastOffset = last;
    stream.offsetsKnown ||= isKnown;
    if (offsetTag) data.pop();
  }
}
