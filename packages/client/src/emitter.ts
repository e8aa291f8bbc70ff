import { reportError } from "#platform";

/** A function of an event map, whatever its arguments. */
export type Listener = (...args: never[]) => unknown;

export type NameOf<Events> = Extract<keyof Events, string | number>;

/** Arguments of the event `Name` in the map `Events`. */
export type ArgsOf<Events, Name extends keyof Events> = Events[Name] extends (...args: infer Args) => unknown
  ? Args
  : never;

/** The listener of `Name`: the emitter's own events first, the application's map after that. */
export type ListenerOf<Own, User, Name> = Name extends keyof Own
  ? Own[Name]
  : Name extends keyof User
    ? User[Name]
    : never;

const NONE: readonly never[] = [];

type Stored = Listener & { of?: Listener };

/**
 * Event emitter in the few lines a browser bundle can afford. Lists are copied on write, so that dispatching needs no
 * copy and a listener may add or remove listeners, itself included.
 *
 * A listener that throws or rejects stops neither the other listeners nor the connection: the platform is told of the error.
 */
export class Emitter<Own extends object, User extends object = object> {
  readonly #listeners = new Map<string | number, Stored[]>();

  /** Other names of the same methods, as Node's emitter and older code spell them. */
  declare addListener: this["on"];
  declare addEventListener: this["on"];
  declare removeListener: this["off"];
  declare removeEventListener: this["off"];
  declare removeAllListeners: this["off"];

  /** Calls `listener` each time `event` happens. */
  on<Name extends NameOf<Own> | NameOf<User>>(event: Name, listener: ListenerOf<Own, User, Name>): this {
    this.#listeners.set(event, [...this.#of(event), listener as Stored]);
    return this;
  }

  /** Calls `listener` the next time `event` happens, and not again. */
  once<Name extends NameOf<Own> | NameOf<User>>(event: Name, listener: ListenerOf<Own, User, Name>): this {
    const wrapper: Stored = (...args) => {
      this.off(event, wrapper as typeof listener);
      return (listener as Stored).apply(this, args);
    };
    wrapper.of = listener as Stored;
    return this.on(event, wrapper as typeof listener);
  }

  /** Removes one listener, all listeners of one event, or all listeners. */
  off<Name extends NameOf<Own> | NameOf<User>>(event?: Name, listener?: ListenerOf<Own, User, Name>): this {
    if (event === undefined) this.#listeners.clear();
    else {
      const kept = listener ? [...this.#of(event)] : [];
      const at = kept.findIndex((each) => each === listener || each.of === listener);
      if (at >= 0) kept.splice(at, 1);
      if (kept.length) this.#listeners.set(event, kept);
      else this.#listeners.delete(event);
    }
    return this;
  }

  /** The listeners of `event`, as they were given. */
  listeners<Name extends NameOf<Own> | NameOf<User>>(event: Name): ListenerOf<Own, User, Name>[] {
    return this.#of(event).map((each) => (each.of ?? each) as ListenerOf<Own, User, Name>);
  }

  hasListeners(event: NameOf<Own> | NameOf<User>): boolean {
    return this.#listeners.has(event);
  }

  #of(event: string | number): readonly Stored[] {
    return this.#listeners.get(event) ?? NONE;
  }

  /** @internal */
  dispatch<Name extends NameOf<Own>>(event: Name, ...args: ArgsOf<Own, Name>): void {
    for (const listener of this.#of(event)) this.callListener(listener, args);
  }

  /** Runs foreign code: what it throws, or rejects with, is reported and goes no further. */
  protected callListener(listener: Listener, args: readonly unknown[]): void {
    try {
      const result = listener.apply(this, args as never[]);
      if (result instanceof Promise) result.catch(reportError);
    } catch (error) {
      reportError(error);
    }
  }
}

// Not in a static block: React Native's Babel preset knows none.
const own = Emitter.prototype as Emitter<object>;
own.addListener = own.addEventListener = own.on;
own.removeListener = own.removeEventListener = own.removeAllListeners = own.off;
