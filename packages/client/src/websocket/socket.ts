import type { DisconnectReason as Reason } from "../contract.js";
import { bufferFull, CoreSocket, type Outgoing } from "../core/socket.js";
import type { DefaultEventsMap, WithAckErrors } from "../events.js";

/** What modifiers return is this class again: a matter of types alone. */
export interface Socket<Listen extends object = DefaultEventsMap, Emit extends object = Listen> {
  timeout(ms: number): Socket<Listen, WithAckErrors<Emit>>;
  signal(signal: AbortSignal): Socket<Listen, WithAckErrors<Emit>>;
}

/** `Socket.DisconnectReason`, as applications and libraries write it. */
export declare namespace Socket {
  export type { Reason as DisconnectReason };
}

/** One namespace of one server. What waits for the connection is bounded in number, and the oldest makes room. */
// biome-ignore lint/suspicious/noUnsafeDeclarationMerging: the methods are there, the interface says what they return
export class Socket<Listen extends object = DefaultEventsMap, Emit extends object = Listen> extends CoreSocket<
  Listen,
  Emit
> {
  protected override keepEvent(event: Outgoing): void {
    const { bufferLimit = 100_000 } = this.opts;
    if (this.sendBuffer.push(event) > bufferLimit) this.dropEvent(this.sendBuffer.shift()!, bufferFull(bufferLimit));
  }
}
