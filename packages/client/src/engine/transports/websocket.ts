import { type BinaryData, decodePacket, encodePacket } from "@sockeye/engine-parser";
import { openWebSocket, sendFrame } from "#platform";
import { TransportError } from "../../errors.js";
import type { HttpResponse, OutgoingPacket, WebSocketLike } from "../contract.js";
import { refusal } from "../refusal.js";
import { Transport } from "../transport.js";

/** One packet per frame: text for text, a binary frame for bytes. */
export class WebSocket extends Transport {
  #socket: WebSocketLike | undefined;
  #closed = false;

  get name(): string {
    return "websocket";
  }

  open(): void {
    let socket: WebSocketLike;
    try {
      socket = openWebSocket(this.uri("ws", false), this.options, (response) => this.#failed(response));
    } catch (cause) {
      // An address or sub-protocol that the platform refuses.
      Promise.resolve().then(() => this.#failed({ status: 0, text: "", cause }));
      return;
    }
    this.#socket = socket;
    if (this.binaryType === "arraybuffer") socket.binaryType = "arraybuffer";
    socket.onopen = () => {
      if (this.#closed) return socket.close();
      this.writable = true;
      this.host.opened(this);
    };
    socket.onmessage = ({ data }: { data: string | BinaryData }) => {
      if (!this.#closed) this.host.received(this, decodePacket(data, this.binaryType));
    };
    socket.onclose = (context: unknown) => {
      if (this.#end()) this.host.ended(this, { description: "websocket connection closed", context });
    };
    socket.onerror = (cause: unknown) => this.#failed({ status: 0, text: "", cause });
  }

  send(packets: readonly OutgoingPacket[]): void {
    this.writable = false;
    for (const packet of packets) {
      const frame = encodePacket(packet, !this.options.forceBase64);
      // Between the last frame and its `close` event a socket may throw; the event says the rest.
      try {
        sendFrame(this.#socket!, frame, packet, this.options);
      } catch {}
    }
    Promise.resolve().then(() => {
      if (this.#closed) return;
      this.writable = true;
      this.host.drained(this);
    });
  }

  close(): void {
    this.#end();
    try {
      this.#socket?.close();
    } catch {}
  }

  /** Returns whether this was the end, not something after it. */
  #end(): boolean {
    const first = !this.#closed;
    this.#closed = true;
    this.writable = false;
    return first;
  }

  #failed(response: HttpResponse): void {
    if (!this.#end()) return;
    const { cause } = response;
    this.host.failed(
      this,
      response.status
        ? refusal("websocket error", response)
        : new TransportError("TRANSPORT", "websocket error", { description: cause, context: this.#socket }),
    );
  }
}
