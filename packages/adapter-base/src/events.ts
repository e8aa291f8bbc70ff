type Listener = (...args: never[]) => void;

/**
 * The few methods of Node's EventEmitter that are used on adapters, so that this package runs where there is no Node.
 * An event without listeners costs one look-up; `error` without a listener is not thrown.
 */
export class AdapterEvents {
  readonly #listeners = new Map<string, readonly Listener[]>();

  on(event: string, listener: Listener): this {
    this.#listeners.set(event, [...(this.#listeners.get(event) ?? []), listener]);
    return this;
  }

  once(event: string, listener: Listener): this {
    const once = Object.assign(
      (...args: never[]) => {
        this.off(event, once);
        listener(...args);
      },
      { listener },
    );
    return this.on(event, once);
  }

  off(event: string, listener: Listener): this {
    const remaining = [...(this.#listeners.get(event) ?? [])];
    const position = remaining.map((candidate) => isOrWraps(candidate, listener)).lastIndexOf(true);
    if (position === -1) return this;
    remaining.splice(position, 1);
    if (remaining.length === 0) this.#listeners.delete(event);
    else this.#listeners.set(event, remaining);
    return this;
  }

  addListener(event: string, listener: Listener): this {
    return this.on(event, listener);
  }

  removeListener(event: string, listener: Listener): this {
    return this.off(event, listener);
  }

  removeAllListeners(event?: string): this {
    if (event === undefined) this.#listeners.clear();
    else this.#listeners.delete(event);
    return this;
  }

  listenerCount(event: string): number {
    return this.#listeners.get(event)?.length ?? 0;
  }

  /** Calls the listeners in order; what one throws is the caller's. */
  emit(event: string, ...args: unknown[]): boolean {
    const listeners = this.#listeners.get(event);
    if (listeners === undefined) return false;
    for (const listener of listeners) listener(...(args as never[]));
    return true;
  }
}

/** Whether this is what the application passed, or what `once` put in its place. */
function isOrWraps(candidate: Listener & { listener?: Listener }, listener: Listener): boolean {
  return candidate === listener || candidate.listener === listener;
}
