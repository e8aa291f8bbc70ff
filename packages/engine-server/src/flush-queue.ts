/** Something that has collected output. */
export interface Flushable {
  flush(): void;
}

/**
 * The dirty list of one engine: sessions with something to write, flushed once per turn of the event loop. Everything
 * that was said in one turn leaves in one write per connection.
 */
export class FlushQueue {
  readonly #dirty: Flushable[] = [];
  /** The next one to flush. */
  #next = 0;
  #scheduled = false;
  readonly #run = () => {
    this.#scheduled = false;
    this.flush();
  };

  get size(): number {
    return this.#dirty.length - this.#next;
  }

  /** The caller keeps track of being in the list; it is out of it when `flush` is called. */
  add(item: Flushable): void {
    this.#dirty.push(item);
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(this.#run);
  }

  /**
   * Flushes whoever is in the list now; who comes in meanwhile has the next turn. A call from within a flush goes on where
   * the outer one stands, which then finds nothing left to do.
   */
  flush(): void {
    const end = this.#dirty.length;
    while (this.#next < Math.min(end, this.#dirty.length)) this.#dirty[this.#next++]!.flush();
    this.#dirty.splice(0, this.#next);
    this.#next = 0;
  }
}
