/** Something that has collected output. */
export interface Flushable {
  flush(): void;
}

/**
 * The dirty list of one engine: sessions with something to write, flushed once per turn of the event loop. Everything
 * that was said in one turn leaves in one write per connection.
 */
export class FlushQueue {
  #dirty: Flushable[] = [];
  #spare: Flushable[] = [];
  #scheduled = false;
  readonly #run = () => this.#flush();

  get size(): number {
    return this.#dirty.length;
  }

  /** The caller keeps track of being in the list; it is out of it when `flush` is called. */
  add(item: Flushable): void {
    this.#dirty.push(item);
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(this.#run);
  }

  #flush(): void {
    const batch = this.#dirty;
    this.#dirty = this.#spare;
    this.#scheduled = false;
    for (let i = 0; i < batch.length; i++) batch[i]!.flush();
    batch.length = 0;
    this.#spare = batch;
  }
}
