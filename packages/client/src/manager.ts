import { watchPage } from "#platform";
import type { Accessor, EngineData, ManagerView } from "./contract.js";
import { CoreManager } from "./core/manager.js";
import type { PageEvent } from "./engine/contract.js";
import { encodedSize } from "./engine/size.js";
import { type ClientError, MisuseError } from "./errors.js";
import type { DefaultEventsMap } from "./events.js";
import type { ManagerOptions, SocketOptions } from "./options.js";
import { CONNECT } from "./packet-type.js";
import type { Socket } from "./socket.js";
import { type Cancel, later } from "./timers.js";

/** A namespace that no application has: any server answers a request for it, whatever it answers. */
const PROBE = "/~probe";

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
  #probe: Promise<boolean> | undefined;
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

  /** Kept for code that knows it: a lost connection is being brought back. @deprecated */
  get _reconnecting(): boolean {
    return this.reconnecting;
  }

  protected override want(wanted: boolean): void {
    super.want(wanted);
    this.unwatch?.();
    this.unwatch = wanted ? watchPage((event) => this.#heed(event)) : undefined;
  }

  /**
   * Ties the connection to its page: it ends when the network is gone or the page is put away, and is checked, or brought back
   * at once, when the page wakes up.
   */
  #heed({ type, persisted }: PageEvent): void {
    const { engine, opts } = this;
    if (type === "beforeunload") {
      if (opts.closeOnBeforeunload) engine.end("forced close");
      // A page that is left for good takes its connection with it, one that is new has just made it.
    } else if (opts.watchNetwork !== false && persisted !== false) {
      if (type === "pagehide") engine.end("transport close", { description: type });
      else if (type === "offline") {
        // A machine can talk to itself without a network.
        if (engine.opts.hostname !== "localhost") {
          engine.end("transport close", { description: "network connection lost" });
        }
        // A hidden page has time until it is shown.
      } else if (!globalThis.document?.hidden) {
        // An attempt that is due later is made now.
        if (this.reconnecting && engine.readyState === "closed") this.attempt();
        this.probe();
      }
    }
  }

  protected override measure(data: EngineData): void {
    const { maxPayload, transport } = this.engine;
    // No unit of text takes more than three bytes: most need no counting.
    const isSmall = typeof data === "string" && data.length * 3 < maxPayload;
    if (!isSmall && encodedSize(data, transport.name === "polling") > maxPayload) {
      throw new MisuseError("TOO_LARGE", `maxPayload is ${maxPayload}`);
    }
  }

  /** Takes anything that the server sends for an answer. Those who ask while a question is under way get the answer to it. */
  probe(timeout = 2000): Promise<boolean> {
    const { engine, opts } = this;
    if (!this.isReady()) return Promise.resolve(false);
    this.#probe ??= new Promise((resolve) => {
      const settle = () => {
        stop();
        engine.off("packet", settle).off("close", settle);
        this.#probe = undefined;
        resolve(engine.readyState !== "closed");
      };
      const stop = later(opts, () => engine.end("ping timeout", { description: "probe timeout" }), timeout);
      engine.on("packet", settle).on("close", settle);
      this.sendPacket({ type: CONNECT, nsp: PROBE });
    });
    return this.#probe;
  }
}

// As in `emitter.ts`: no static block.
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
