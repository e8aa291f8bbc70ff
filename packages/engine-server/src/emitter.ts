import { EventEmitter } from "node:events";

type Name = string | symbol;
type AnyListener = (...args: never[]) => void;
type NodeListener = (...args: unknown[]) => void;

/**
 * Node's emitter without its constructor: the table of listeners, 200 bytes of each connection, is made when the first one
 * comes. All methods of EventEmitter know that case, because objects inherit from it or mix it in without calling it.
 */
const EmitterWithoutTable = function EmitterWithoutTable() {} as unknown as new () => EventEmitter;
Object.setPrototypeOf(EmitterWithoutTable.prototype, EventEmitter.prototype);

/** Node's emitter with the arguments of known events typed; other events are open to whoever agrees on them. */
export class Emitter<Events extends { [E in keyof Events]: unknown[] }> extends EmitterWithoutTable {
  override on<E extends keyof Events & Name>(event: E, listener: (...args: Events[E]) => void): this;
  override on(event: Name, listener: AnyListener): this;
  override on(event: unknown, listener: unknown): this {
    return super.on(event as Name, listener as NodeListener);
  }

  override addListener<E extends keyof Events & Name>(event: E, listener: (...args: Events[E]) => void): this;
  override addListener(event: Name, listener: AnyListener): this;
  override addListener(event: unknown, listener: unknown): this {
    return this.on(event as Name, listener as AnyListener);
  }

  override once<E extends keyof Events & Name>(event: E, listener: (...args: Events[E]) => void): this;
  override once(event: Name, listener: AnyListener): this;
  override once(event: unknown, listener: unknown): this {
    return super.once(event as Name, listener as NodeListener);
  }

  override removeListener(event: Name, listener: AnyListener): this {
    return super.removeListener(event, listener as NodeListener);
  }

  override off(event: Name, listener: AnyListener): this {
    return super.off(event, listener as NodeListener);
  }
}
