import { requestUri } from "./address.js";
import type { OutgoingPacket, TransportHost, TransportOptions, TransportShape } from "./contract.js";

/**
 * One way of moving packets. A transport decides nothing about the protocol: it opens, moves frames both ways, and
 * closes. Extend it for a transport of your own and pass the class in `transports`:
 *
 * ```ts
 * class Pair extends Transport {
 *   get name() { return "websocket"; }
 *   open() { ... this.host.drained(this) }
 *   send(packets) { ... this.host.drained(this) }
 *   close() { ... }
 * }
 * ```
 */
export abstract class Transport implements TransportShape {
  /** The name that the server knows it by. A getter: it is read from the prototype too. */
  abstract get name(): string;
  /** Whether a batch would be taken now: since `host.drained` was called, until `send` is. */
  writable = false;
  /** Parameters of its requests; the session id is added once there is one. */
  readonly query: Record<string, unknown>;
  /** Set by the owner before `open`. MUST be told of everything, and of nothing after `close`. */
  host!: TransportHost;

  constructor(readonly opts: TransportOptions) {
    this.query = { EIO: 4, ...opts.query, transport: (this as Transport).name };
  }

  /** Opens. What it throws ends it: an address or an API that the platform does not have. */
  abstract open(): void;
  /** Sends a batch, in order. Not called again until `drained`. MUST call `host.drained` when it is gone. */
  abstract send(packets: readonly OutgoingPacket[]): void;
  /** Ends the connection; the host hears nothing more. */
  abstract close(): void;

  /** Finishes what is under way, starts nothing new, then calls `done`. Overridden where something can be. */
  pause(done: () => void): void {
    done();
  }

  /** Takes back `pause`: the transport that was to take over is gone. */
  resume(): void {}

  /** The address of a request. `stamped`: with the cache-busting parameter unless switched off. */
  protected uri(scheme: "http" | "ws", stamped: boolean): string {
    const { timestampParam = "t", timestampRequests = stamped, forceBase64 } = this.opts;
    const query = { ...this.query };
    if (timestampRequests) query[timestampParam] = Math.random().toString(36).slice(2);
    if (forceBase64) query.b64 = 1;
    return requestUri(this.opts, scheme, query);
  }
}
