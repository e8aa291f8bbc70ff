import { decodePacket, encodePacket, openWebSocket } from "#platform";
import { TransportError } from "../../errors.js";
import type { OutgoingPacket, WebSocketLike } from "../contract.js";
import { Transport } from "../transport.js";

/** One packet per frame: text for text, a binary frame for bytes. */
export class WebSocket extends Transport {
  #socket: WebSocketLike | undefined;

  get name(): string {
    return "websocket";
  }

  open(): void {
    const socket = openWebSocket(this.uri("ws", false), this.opts, (error) => this.host.ended(this, error));
    // In one literal: a function that is assigned to a property by itself is made among V8's old objects, and what it can reach
    // outlives the connection until the next full collection.
    this.#socket = Object.assign(socket, {
      onopen: () => this.host.drained(this),
      // Bytes come as the platform was asked for them: see `openWebSocket`.
      onmessage: ({ data }: { data: string | ArrayBuffer }) => this.host.received(this, decodePacket(data, this.opts)),
      onclose: (context: unknown) => this.host.ended(this, { description: "websocket connection closed", context }),
      onerror: (description: unknown) =>
        this.host.ended(this, new TransportError("TRANSPORT", "websocket error", { description, context: socket })),
    });
  }

  send(packets: readonly OutgoingPacket[]): void {
    for (const packet of packets) {
      this.#socket!.send(encodePacket(packet, !this.opts.forceBase64), packet.options);
    }
    Promise.resolve().then(() => this.host.drained(this));
  }

  close(): void {
    this.#socket?.close();
  }
}
