import type { Channel } from "../contract.js";

/** What a node and the hub say to each other over an IPC channel that the application may use as well. */
export type ToHub = { readonly sockeye: "hub" } & (
  | { readonly op: "subscribe" | "unsubscribe"; readonly channel: Channel; readonly id: number }
  | { readonly op: "publish"; readonly envelopes: readonly Addressed[] }
  | { readonly op: "close" }
);

export type ToNode = { readonly sockeye: "node" } & (
  | { readonly op: "done"; readonly id: number }
  | { readonly op: "deliver"; readonly envelopes: readonly Addressed[] }
);

/** An envelope and where it goes. */
export interface Addressed {
  readonly channel: Channel;
  readonly bytes: Uint8Array;
}

/** One end of an IPC channel. It keeps the order, and carries bytes as bytes. */
export interface IpcPort<Out, In> {
  /** Throws when the channel is closed. */
  send(message: Out): void;
  onMessage(listener: (message: In) => void): void;
  onClose(listener: () => void): void;
  /** Stops listening; the channel itself belongs to somebody else. */
  detach(): void;
}

export function isFor<M extends ToHub | ToNode>(message: unknown, side: M["sockeye"]): message is M {
  return typeof message === "object" && message !== null && (message as { sockeye?: unknown }).sockeye === side;
}
