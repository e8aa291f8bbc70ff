/**
 * Connection state recovery, the client's half: where in the stream of events this client stands. A server appends an
 * offset to recoverable events as one more string argument, and wants the last one back on resuming.
 */

/**
 * Offsets of servers that do not mark theirs: a time in base 64 with an optional sequence number (memory), an entry id
 * (Redis streams), an object id (MongoDB). The first letter of the time holds from 2024 to 2046.
 */
const KNOWN = /^([P-Z][\w-]{6}(\.[\w-]+)?|\d{13}-\d+|[0-9a-f]{24})$/;

export class OffsetTracker {
  /** Sent back on resuming. */
  place: string | undefined;
  #tag: string | undefined;
  /** The server's offsets have a form that we know: nothing else is one. */
  #recognised = false;

  /** A namespace was joined. `resumed`: the stream goes on where it was. */
  start(tag: unknown, offset: unknown, resumed: boolean): void {
    this.#tag = typeof tag === "string" && tag ? tag : undefined;
    if (typeof offset === "string") this.place = offset;
    else if (!resumed) this.place = undefined;
  }

  /**
   * Looks for an offset in an event (its name and arguments). One with our server's tag is certain, and removed, so that
   * no handler sees it. Another server's is a guess: a user's own trailing string looks the same, so only the forms
   * known to be offsets are believed once one of them was seen, and the event stays as it is.
   */
  track(data: unknown[]): void {
    const last = data.length > 1 ? data[data.length - 1] : undefined;
    if (typeof last !== "string") return;
    if (this.#tag) {
      if (last.startsWith(this.#tag)) this.place = data.pop() as string;
    } else if (KNOWN.test(last)) {
      this.#recognised = true;
      this.place = last;
    } else if (!this.#recognised) this.place = last;
  }
}
