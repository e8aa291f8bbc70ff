/**
 * The client for pages that count bytes: WebSocket alone, and of the rest what a connection needs that comes back and loses
 * nothing. What it leaves out is in the table of the README; an option for it is refused, not ignored.
 */
import { parser } from "#platform";
import { type AliveListener, CoreManager, type Kit } from "../core/manager.js";
import { MisuseError } from "../errors.js";
import type { DefaultEventsMap } from "../events.js";
import { createIo, type protocol } from "../io.js";
import type { IoOptions, ManagerOptions } from "../options.js";
import { WebSocketEngine } from "./engine.js";
import { Socket } from "./socket.js";

/** The function `io`: a socket for an address. It carries the other exports, for CommonJS. */
export interface Io {
  <Listen extends object = DefaultEventsMap, Emit extends object = Listen>(options?: IoOptions): Socket<Listen, Emit>;
  <Listen extends object = DefaultEventsMap, Emit extends object = Listen>(
    uri: string | undefined,
    options?: IoOptions,
  ): Socket<Listen, Emit>;
  readonly io: Io;
  readonly connect: Io;
  readonly Manager: new <Listen extends object = DefaultEventsMap, Emit extends object = Listen>(
    uri?: string | ManagerOptions,
    options?: ManagerOptions,
    alive?: AliveListener,
  ) => CoreManager<Listen, Emit>;
  readonly Socket: typeof Socket;
  readonly protocol: typeof protocol;
}

/**
 * Options of what is not here: `retries`, `bufferPolicy`, `bufferTtl`, `watchNetwork`, `closeOnBeforeunload`, `forceBase64`,
 * `timestampRequests`, `transportOptions`, `transportImplementations`. (But `bufferLimit`, `forceNew`, `transports` are.)
 */
const LACKING = /^(retries|buffer[PT]|watch|close|forceB|timestampR|transport[OI])/;

const kit: Kit = {
  engine: (uri, options) => new WebSocketEngine(uri, options),
  parser,
  Socket,
  check(options) {
    for (const [name, value] of Object.entries(options))
      if (name === "transports" ? !value?.includes("websocket") : value && LACKING.test(name))
        throw new MisuseError("BAD_OPTION", `not in this entry point: ${name}`);
  },
};

export class Manager<Listen extends object = DefaultEventsMap, Emit extends object = Listen> extends CoreManager<
  Listen,
  Emit
> {
  protected override kit(): Kit {
    return kit;
  }
}

export const io = /* @__PURE__ */ createIo<Io>(Manager, Socket);

export { protocol } from "../io.js";
export * from "../types.js";
export { io as connect, io as default, Socket };
