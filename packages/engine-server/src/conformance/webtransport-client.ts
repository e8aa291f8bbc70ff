import { type EnginePacket, encodeFrame, FrameDecoder } from "@sockeye/engine-parser";
import { type CloseInfo, WebTransportLink } from "./webtransport-link.js";

/** A WebTransport client that says what it is told, byte by byte if need be. */
export class WebTransportClient {
  readonly link = new WebTransportLink();
  /** Packets that nobody has taken yet. */
  readonly packets: EnginePacket[] = [];
  /** How the session was closed. */
  readonly closed: Promise<CloseInfo> = this.link.client.closed;
  readonly #decoder = new FrameDecoder({ maxPayload: 1e9, binaryType: "nodebuffer" });
  #write: (bytes: Uint8Array) => Promise<unknown> = () => Promise.reject(new TypeError("no stream yet"));
  #waiting: Array<() => void> = [];

  /** Makes the stream. */
  async stream(): Promise<this> {
    const { readable, writable } = await this.link.client.createBidirectionalStream();
    const writer = writable.getWriter();
    writer.closed.catch(() => undefined);
    this.#write = (bytes) => writer.write(bytes);
    this.#read(readable.getReader()).catch(() => this.#wake());
    return this;
  }

  /** Makes the stream and sends the open packet: of a new session, or of the one with this id. */
  async open(sid?: string): Promise<this> {
    await this.stream();
    this.send({ type: "open", data: sid === undefined ? undefined : JSON.stringify({ sid }) });
    return this;
  }

  send(...packets: EnginePacket[]): void {
    this.bytes(Buffer.concat(packets.map((packet) => encodeFrame(packet))));
  }

  bytes(bytes: Uint8Array): void {
    this.#write(bytes).catch(() => undefined);
  }

  async next(): Promise<EnginePacket> {
    while (this.packets.length === 0) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    return this.packets.shift()!;
  }

  async #read(reader: { read(): Promise<{ done: boolean; value?: Uint8Array }> }): Promise<void> {
    for (;;) {
      const { done, value } = await reader.read();
      if (done || value === undefined) return this.link.client.close();
      this.packets.push(...this.#decoder.push(value).packets);
      this.#wake();
    }
  }

  #wake(): void {
    for (const waiter of this.#waiting.splice(0)) waiter();
  }
}
