/** Something that has collected output. */
export interface Flushable {
  flush(): void;
}

/** Places that are kept free from one turn to the next. */
const MOST_KEPT = 16_384;

/**
 * The dirty list of one engine: sessions with something to write, flushed once per turn of the event loop. Everything
 * that was said in one turn leaves in one write per connection.
 */
export class FlushQueue {
  /** Filled up to {@link FlushQueue.#end}; behind that are free places, which are kept for the next turn. */
  #dirty: (Flushable | undefined)[] = [];
  #end = 0;
  /** The next one to flush. */
  #next = 0;
  #scheduled = false;
  readonly #run = () => {
    this.#scheduled = false;
    this.flush();
  };

  get size(): number {
    return this.#end - this.#next;
  }

  /** The caller keeps track of being in the list; it is out of it when `flush` is called. */
  add(item: Flushable): void {
    this.#dirty[this.#end++] = item;
    this.expect();
  }

  /** There may be something to flush at the end of the turn. */
  expect(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(this.#run);
  }

  /**
   * Flushes whoever is in the list now; who comes in meanwhile has the next turn. A call from within a flush goes on where
   * the outer one stands, which then finds nothing left to do.
   */
  flush(): void {
    const end = this.#end;
    while (this.#next < Math.min(end, this.#end)) {
      const item = this.#dirty[this.#next]!;
      this.#dirty[this.#next++] = undefined;
      item.flush();
    }
    this.#moveUp();
  }

  /** Those who came in meanwhile stand at the beginning again. */
  #moveUp(): void {
    const late = this.#end - this.#next;
    for (let i = 0; i < late; i++) {
      this.#dirty[i] = this.#dirty[this.#next + i];
      this.#dirty[this.#next + i] = undefined;
    }
    this.#end = late;
    this.#next = 0;
    if (late === 0 && this.#dirty.length > MOST_KEPT) this.#dirty = [];
  }
}
