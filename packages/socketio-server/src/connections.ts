/** Something that stands in a {@link Connections} list. */
export interface Listed {
  /** For {@link Connections} only: its neighbours. @internal */
  before: Listed | undefined;
  /** @internal */
  behind: Listed | undefined;
}

/**
 * The connections of a server, as a list through themselves: who leaves is held by nobody. Of a Set as old as the server,
 * outgrown tables would keep them until the next full collection (see `socket-table.ts`).
 */
export class Connections<Item extends Listed> {
  #first: Item | undefined = undefined;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** MUST NOT be in the list yet. */
  add(item: Item): void {
    const first = this.#first;
    item.behind = first;
    if (first !== undefined) first.before = item;
    this.#first = item;
    this.#size++;
  }

  /** Who is not in the list stays out of it. */
  delete(item: Item): void {
    const { before, behind } = item;
    if (before === undefined && this.#first !== item) return;
    if (before === undefined) this.#first = behind as Item | undefined;
    else before.behind = behind;
    if (behind !== undefined) behind.before = before;
    item.before = undefined;
    item.behind = undefined;
    this.#size--;
  }

  /** A list of its own, in the order in which they came. */
  list(): Item[] {
    const items: Item[] = [];
    for (let item = this.#first; item !== undefined; item = item.behind as Item | undefined) items.push(item);
    return items.reverse();
  }
}
