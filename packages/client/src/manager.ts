import type { EncodedPacket } from "@sockeye/socketio-parser";
import type { Accessor, ManagerView } from "./contract.js";
import { CoreManager } from "./core/manager.js";
import type { WriteOptions } from "./engine/contract.js";
import { measure } from "./engine/size.js";
import type { ClientError } from "./errors.js";
import type { DefaultEventsMap } from "./events.js";
import type { ManagerOptions, SocketOptions } from "./options.js";
import { probe } from "./probe.js";
import type { Socket } from "./socket.js";
import type { Cancel } from "./timers.js";
import { wake } from "./wake.js";

/** What the parts that use them take where nothing is given. */
const DEFAULTS: ManagerOptions = {
  reconnection: true,
  reconnectionAttempts: Infinity,
  reconnectionDelay: 1000,
  reconnectionDelayMax: 5000,
  randomizationFactor: 0.5,
  timeout: 20_000,
};

/** What a Manager of this class makes are Sockets of the default entry: a matter of types alone. */
export interface Manager<Listen extends object = DefaultEventsMap, Emit extends object = Listen> {
  socket<L extends object = Listen, E extends object = Emit>(nsp: string, options?: SocketOptions): Socket<L, E>;
}

/**
 * One connection to one server: shared by the sockets of its namespaces, and brought back when it is lost.
 *
 * ```ts
 * const manager = new Manager("https://example.com", { reconnectionDelayMax: 10_000 });
 * const socket = manager.socket("/");
 * const admin = manager.socket("/admin");
 * ```
 */
// biome-ignore lint/suspicious/noUnsafeDeclarationMerging: the method is there, the interface says what it returns
export abstract class Manager<Listen extends object = DefaultEventsMap, Emit extends object = Listen>
  extends CoreManager<Listen, Emit>
  implements ManagerView
{
  /** Ends what is watched while the connection is wanted. Unset while the first class is being made, which may open it. */
  declare private unwatch?: Cancel | undefined;
  declare readonly nsps: Record<string, Socket>;
  declare readonly reconnection: Accessor<boolean>;
  declare readonly reconnectionAttempts: Accessor<number>;
  declare readonly reconnectionDelay: Accessor<number>;
  declare readonly reconnectionDelayMax: Accessor<number>;
  declare readonly randomizationFactor: Accessor<number>;
  declare readonly timeout: Accessor<number | false>;
  /** The same as `open` and `close`. */
  declare readonly connect: (done?: (error?: ClientError) => void) => this;
  declare readonly disconnect: () => this;
  /** Kept for code that knows it. @deprecated */
  declare readonly _close: () => this;

  static {
    const own = Manager.prototype as unknown as Record<string, unknown>;
    own.connect = own.open;
    own.disconnect = own._close = own.close;
    for (const name of Object.keys(DEFAULTS) as (keyof ManagerOptions)[]) {
      own[name] = function (this: Manager, ...[value]: never[]) {
        if (value === undefined) return this.opts[name] ?? DEFAULTS[name];
        this.opts[name] = value;
        // Stops a reconnection under way, too.
        if (name === "reconnection" && !value && this.reconnecting) this.rest();
        return this;
      };
    }
  }

  /** Kept for code that knows it: a lost connection is being brought back. @deprecated */
  get _reconnecting(): boolean {
    return this.reconnecting;
  }

  protected override want(wanted: boolean): void {
    super.want(wanted);
    this.unwatch?.();
    this.unwatch = wanted
      ? wake(this, () => this.reconnecting && this.engine.readyState === "closed" && this.attempt())
      : undefined;
  }

  /** Refuses a message that the server would not take, before any part of it has left. */
  protected override handOver(chunks: EncodedPacket, options?: WriteOptions): void {
    for (const chunk of chunks) measure(chunk, this.engine);
    super.handOver(chunks, options);
  }

  protected override onListenerError(error: unknown, event: string | number): void {
    if (event !== "handler_error" && this.hasListeners("handler_error")) this.dispatch("handler_error", error, event);
    else super.onListenerError(error, event);
  }

  probe(timeout?: number): Promise<boolean> {
    return probe(this, this.link, timeout);
  }
}
