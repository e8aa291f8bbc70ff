import type { BinaryData } from "@sockeye/engine-parser";
import { decodePacket, encodePacket, openWebSocket, sendFrame } from "#platform";
import { TransportError } from "../../errors.js";
import type { CloseDetails, OutgoingPacket, WebSocketLike } from "../contract.js";
import { Transport } from "../transport.js";

/** One packet per frame: text for text, a binary frame for bytes. */
export class WebSocket extends Transport {
  #socket: WebSocketLike | undefined;
  #closed = false;

  get name(): string {
    return "websocket";
  }

  open(): void {
    const socket = openWebSocket(this.uri("ws", false), this.options, (error) => this.#end(error));
    this.#socket = socket;
    socket.onopen = () => this.#drained();
    socket.onmessage = ({ data }: { data: string | BinaryData }) => {
      if (!this.#closed) this.host.received(this, decodePacket(data, this.binaryType));
    };
    socket.onclose = (context: unknown) => this.#end({ description: "websocket connection closed", context });
    socket.onerror = (description: unknown) =>
      this.#end(new TransportError("TRANSPORT", "websocket error", { description, context: socket }));
  }

  send(packets: readonly OutgoingPacket[]): void {
    this.writable = false;
    for (const packet of packets) {
      sendFrame(this.#socket!, encodePacket(packet, !this.options.forceBase64), packet, this.options);
    }
    Promise.resolve().then(() => this.#drained());
  }

  close(): void {
    this.#closed = true;
    this.writable = false;
    this.#socket?.close();
  }

  #drained(): void {
    if (this.#closed) return;
    this.writable = true;
    this.host.drained(this);
  }

  #end(details: CloseDetails | TransportError): void {
    if (this.#closed) return;
    this.#closed = true;
    this.writable = false;
    this.host.ended(this, details);
  }
}
