/** Where one entry stands in the table, until it is deleted. See {@link SocketTable}. */
interface Seat<Value> {
  value: Value | undefined;
}

/**
 * A Map that nothing stays behind of. Each time a Map outgrows its table or shrinks, V8 leaves the old table behind as it was,
 * and that of a Map as old as a namespace is among V8's old objects: until the next full collection of those, whatever stood
 * in it is alive. Sockets that come and go would each be copied by the collector after their end, with all that they reach:
 * connection, request, listeners. So what the table itself holds are seats, and nobody stays in one that was given up.
 *
 * Methods of Map that are called on it as its own know nothing of seats.
 */
export class SocketTable<Value> extends Map<string, Value> {
  override get(key: string): Value | undefined {
    return (super.get(key) as Seat<Value> | undefined)?.value;
  }

  override set(key: string, value: Value): this {
    const seat = super.get(key) as Seat<Value> | undefined;
    if (seat !== undefined) {
      seat.value = value;
      return this;
    }
    const taken: Seat<Value> = { value };
    return super.set(key, taken as Value);
  }

  override delete(key: string): boolean {
    const seat = super.get(key) as Seat<Value> | undefined;
    if (seat !== undefined) seat.value = undefined;
    return super.delete(key);
  }

  override clear(): void {
    for (const key of super.keys()) this.delete(key);
  }

  override forEach(
    visit: (value: Value, key: string, table: Map<string, Value>) => void,
    thisArgument?: unknown,
  ): void {
    for (const [key, value] of this) visit.call(thisArgument, value, key, this);
  }

  override *values(): MapIterator<Value> {
    for (const seat of super.values()) yield (seat as Seat<Value>).value as Value;
  }

  override *entries(): MapIterator<[string, Value]> {
    for (const [key, seat] of super.entries()) yield [key, (seat as Seat<Value>).value as Value];
  }

  override [Symbol.iterator](): MapIterator<[string, Value]> {
    return this.entries();
  }

  /** What `console.log` shows: it looks into the table itself otherwise. */
  [Symbol.for("nodejs.util.inspect.custom")](): Map<string, Value> {
    return new Map(this);
  }
}
