import { type EnginePacket, encodeFrame, FrameDecoder } from "@sockeye/engine-parser";
import { afterEach, describe, expect, it, vi } from "vitest";
import { io, type Socket, WebTransport } from "../src/index.js";

/** The platform's WebTransport, with a small server at its other end. */
class FakeSession {
  static instances: FakeSession[] = [];
  static ready: () => Promise<void> = () => Promise.resolve();
  readonly ready = FakeSession.ready();
  readonly closed: Promise<unknown>;
  readonly received: EnginePacket[] = [];
  #end!: (error?: unknown) => void;
  #down!: ReadableStreamDefaultController<Uint8Array>;
  shut = false;

  constructor(readonly uri: string) {
    FakeSession.instances.push(this);
    this.closed = new Promise((resolve, reject) => {
      this.#end = (error) => (error ? reject(error) : resolve(undefined));
    });
    this.closed.catch(() => {});
    this.ready.catch(() => {});
  }

  async createBidirectionalStream() {
    const decoder = new FrameDecoder({ maxPayload: 1e6 });
    return {
      readable: new ReadableStream<Uint8Array>({
        start: (controller) => {
          this.#down = controller;
        },
      }),
      writable: new WritableStream<Uint8Array>({
        write: (chunk) => {
          for (const packet of decoder.push(chunk).packets) {
            this.received.push(packet);
            this.#answer(packet);
          }
        },
      }),
    };
  }

  send(packet: EnginePacket): void {
    // Byte by byte: the framing must not care.
    for (const byte of encodeFrame(packet)) this.#down.enqueue(Uint8Array.of(byte));
  }

  close(): void {
    this.shut = true;
    this.#end();
  }

  end(error?: unknown): void {
    this.#end(error);
  }

  #answer({ type, data }: EnginePacket): void {
    const handshake = { sid: "wt", upgrades: [], pingInterval: 25_000, pingTimeout: 20_000, maxPayload: 1e6 };
    if (type === "open") this.send({ type: "open", data: JSON.stringify(handshake) });
    else if (data === "0") this.send({ type: "message", data: '0{"sid":"io"}' });
    else if (String(data).startsWith("20")) this.send({ type: "message", data: '30["pong"]' });
  }
}

describe("WebTransport", () => {
  let socket: Socket;
  const open = () => {
    vi.stubGlobal("WebTransport", FakeSession);
    socket = io("https://example.com:4433/", { transports: [WebTransport], forceNew: true, reconnection: false });
    return socket;
  };
  afterEach(() => {
    socket.disconnect();
    vi.unstubAllGlobals();
    FakeSession.ready = () => Promise.resolve();
    FakeSession.instances.length = 0;
  });

  it("opens a session on one stream, and exchanges packets", async () => {
    open();
    expect(await socket.emitWithAck("ping")).toBe("pong");
    const [session] = FakeSession.instances;
    expect(session!.uri).toBe("https://example.com:4433/socket.io/?EIO=4&transport=webtransport");
    expect(session!.received[0]).toEqual({ type: "open" });
    expect(socket.io.engine.transport.name).toBe("webtransport");
    socket.disconnect();
    await vi.waitFor(() => expect(session!.shut).toBe(true));
  });

  it("is secure even where the other transports are not", async () => {
    vi.stubGlobal("WebTransport", FakeSession);
    socket = io("http://example.com", { transports: [WebTransport], forceNew: true });
    await new Promise<void>((resolve) => socket.on("connect", () => resolve()));
    expect(FakeSession.instances[0]!.uri).toMatch("https://example.com:80/socket.io/?EIO=4");
  });

  it.each([
    ["an orderly end", undefined, "transport close"],
    ["a failure", "lost", "transport error"],
  ])("tells of %s", async (_title, error, reason) => {
    open();
    await new Promise<void>((resolve) => socket.on("connect", () => resolve()));
    const told = new Promise((resolve) => socket.on("disconnect", (why) => resolve(why)));
    FakeSession.instances[0]!.end(error);
    expect(await told).toBe(reason);
  });

  it("that cannot be opened is a connect_error, not an unhandled rejection", async () => {
    FakeSession.ready = () => Promise.reject("refused");
    open();
    const error = await new Promise<unknown>((resolve) => socket.on("connect_error", resolve));
    expect(error).toMatchObject({ message: "webtransport error", description: "refused" });
  });

  it("that the platform does not have is a connect_error", async () => {
    open();
    vi.unstubAllGlobals();
    const error = await new Promise<unknown>((resolve) => socket.on("connect_error", resolve));
    expect(error).toMatchObject({
      code: "ERR_SOCKEYE_CLIENT_TRANSPORT",
      description: { code: "ERR_SOCKEYE_CLIENT_NO_TRANSPORT" },
    });
  });
});
