import { EventEmitter } from "node:events";
import { asError } from "./errors.js";
import type { EventsMap, ReservedOrUserEventNames, ReservedOrUserListener } from "./typed-events.js";

type EventName = string | symbol;

/**
 * An EventEmitter whose listeners are owned: one that throws, or returns a promise that rejects, ends neither the process
 * nor the caller; what it threw goes to {@link listenerFailed}. Listeners are typed by two maps: what the library emits, and
 * what the application does.
 */
export abstract class OwnedEmitter<Reserved extends EventsMap, User extends EventsMap> extends EventEmitter {
  constructor() {
    super({ captureRejections: true });
  }

  /** Hears of what a listener of `event` threw, or of what its promise was rejected with. MUST NOT throw. */
  protected abstract listenerFailed(error: Error, event: EventName): void;

  /** Calls the listeners of an event with `args` (its name first), and says whether there were any. */
  protected notify(args: readonly [event: string | number | symbol, ...args: unknown[]]): boolean {
    const event = args[0] as EventName;
    // An emitter throws an `error` nobody listens to; from a peer it is a name like any other.
    if (event === "error" && this.listenerCount(event) === 0) return false;
    try {
      return EventEmitter.prototype.emit.apply(this, args as unknown as [string, ...unknown[]]);
    } catch (thrown) {
      this.listenerFailed(asError(thrown), event);
      return true;
    }
  }

  /** As {@link notify}, and resolves when every listener is through: those that return promises, when these are settled. */
  protected async notifyAndWait(args: readonly [event: string | number | symbol, ...args: unknown[]]): Promise<void> {
    const [event, ...rest] = args;
    const failed = (error: Error): void => this.listenerFailed(error, event as EventName);
    const outcomes = this.rawListeners(event as EventName).map(async (listener) => {
      try {
        await listener.apply(this, rest);
      } catch (thrown) {
        failed(asError(thrown));
      }
    });
    await Promise.all(outcomes);
  }

  override [EventEmitter.captureRejectionSymbol](error: unknown, event: EventName): void {
    this.listenerFailed(asError(error), event);
  }

  override on<Ev extends ReservedOrUserEventNames<Reserved, User>>(
    event: Ev,
    listener: ReservedOrUserListener<Reserved, User, Ev>,
  ): this {
    return super.on(event, listener);
  }

  override once<Ev extends ReservedOrUserEventNames<Reserved, User>>(
    event: Ev,
    listener: ReservedOrUserListener<Reserved, User, Ev>,
  ): this {
    return super.once(event, listener);
  }

  override addListener<Ev extends ReservedOrUserEventNames<Reserved, User>>(
    event: Ev,
    listener: ReservedOrUserListener<Reserved, User, Ev>,
  ): this {
    return super.addListener(event, listener);
  }

  override prependListener<Ev extends ReservedOrUserEventNames<Reserved, User>>(
    event: Ev,
    listener: ReservedOrUserListener<Reserved, User, Ev>,
  ): this {
    return super.prependListener(event, listener);
  }

  override prependOnceListener<Ev extends ReservedOrUserEventNames<Reserved, User>>(
    event: Ev,
    listener: ReservedOrUserListener<Reserved, User, Ev>,
  ): this {
    return super.prependOnceListener(event, listener);
  }

  override off<Ev extends ReservedOrUserEventNames<Reserved, User>>(
    event: Ev,
    listener: ReservedOrUserListener<Reserved, User, Ev>,
  ): this {
    return super.off(event, listener);
  }

  override removeListener<Ev extends ReservedOrUserEventNames<Reserved, User>>(
    event: Ev,
    listener: ReservedOrUserListener<Reserved, User, Ev>,
  ): this {
    return super.removeListener(event, listener);
  }

  override listeners<Ev extends ReservedOrUserEventNames<Reserved, User>>(
    event: Ev,
  ): ReservedOrUserListener<Reserved, User, Ev>[] {
    return super.listeners(event) as ReservedOrUserListener<Reserved, User, Ev>[];
  }
}
