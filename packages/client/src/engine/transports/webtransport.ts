import { encodeFrame, FrameDecoder } from "@sockeye/engine-parser";
import { MisuseError, TransportError } from "../../errors.js";
import type { OutgoingPacket, TransportOptions } from "../contract.js";
import { Transport } from "../transport.js";

/** The part of the platform's WebTransport that is used. */
interface Session {
  readonly ready: Promise<unknown>;
  readonly closed: Promise<unknown>;
  createBidirectionalStream(): Promise<{
    readonly readable: ReadableStream<Uint8Array>;
    readonly writable: WritableStream<Uint8Array>;
  }>;
  close(): void;
}

type SessionClass = new (uri: string, options?: object) => Session;

/** Packets in length-prefixed frames on one bidirectional stream of an HTTP/3 session. */
export class WebTransport extends Transport {
  #session: Session | undefined;
  #writer: WritableStreamDefaultWriter<Uint8Array> | undefined;
  #closed = false;

  constructor(options: TransportOptions) {
    // There is none over plain HTTP.
    super({ ...options, secure: true });
  }

  get name(): string {
    return "webtransport";
  }

  open(): void {
    this.#run().catch((error) => this.#failed(error));
  }

  send(packets: readonly OutgoingPacket[]): void {
    for (const packet of packets) this.#write(packet);
    this.#writer!.ready.then(
      () => {
        if (this.#closed) return;
        this.host.drained(this);
      },
      (error) => this.#failed(error),
    );
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#shut();
  }

  async #run(): Promise<void> {
    const Class = (globalThis as { WebTransport?: SessionClass }).WebTransport;
    if (!Class) throw new MisuseError("NO_TRANSPORT", "no WebTransport here");
    const session = new Class(this.uri("http", false), this.opts.transportOptions?.webtransport);
    this.#session = session;
    session.closed.then(
      () => this.#ended(),
      (error) => this.#failed(error),
    );
    await session.ready;
    const stream = await session.createBidirectionalStream();
    if (this.#closed) return this.#shut();
    this.#writer = stream.writable.getWriter();
    this.#writer.closed.catch(() => {});
    // The handshake: `0` for a new session, with the id of the one that moves here otherwise.
    const { sid } = this.query;
    this.#write(sid ? { type: "open", data: JSON.stringify({ sid }) } : { type: "open" });
    this.host.drained(this);
    await this.#read(stream.readable.getReader());
  }

  async #read(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<void> {
    const decoder = new FrameDecoder({ maxPayload: Number.MAX_SAFE_INTEGER, binaryType: this.opts.binaryType });
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return this.#ended();
      const { packets, error } = decoder.push(value);
      for (const packet of error ? [...packets, error] : packets) {
        if (this.#closed) return;
        this.host.received(this, packet);
      }
    }
  }

  #write(packet: OutgoingPacket): void {
    // The promise that counts is `ready`; this one fails with it.
    this.#writer!.write(encodeFrame(packet)).catch((error) => this.#failed(error));
  }

  #ended(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.host.ended(this, { description: "webtransport connection closed" });
  }

  #failed(error: unknown): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#shut();
    this.host.ended(this, new TransportError("TRANSPORT", "webtransport error", { description: error }));
  }

  #shut(): void {
    // Closing a session that never opened throws on some platforms and rejects on others.
    try {
      this.#session?.close();
    } catch {}
  }
}
