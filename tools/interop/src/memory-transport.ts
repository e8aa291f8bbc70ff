import type { EngineData } from "@sockeye/engine-server";
import type { MemoryEngine, MemoryPeer } from "@sockeye/testkit";
import { Transport } from "engine.io-client";

/**
 * The client's half of a custom transport: the incumbent's client connected to an engine in the same process. No pings
 * pass; the handshake says that none are due for an hour.
 */
export function memoryTransport(engine: MemoryEngine): new (options: never) => Transport {
  return class MemoryTransport extends Transport {
    #peer: MemoryPeer | undefined;

    get name(): string {
      return "memory";
    }

    override doOpen(): void {
      const peer = engine.connect();
      this.#peer = peer;
      peer.onData = (data) => this.onPacket({ type: "message", data: forClient(data) });
      // A turn later, as with a real connection: the client reads what came before the end on its next tick.
      peer.onClose = () => setImmediate(() => this.onClose());
      queueMicrotask(() => {
        this.onOpen();
        this.onPacket({ type: "open", data: HANDSHAKE });
        for (const data of peer.received) this.onPacket({ type: "message", data: forClient(data) });
      });
    }

    override write(packets: { type: string; data?: EngineData }[]): void {
      this.writable = false;
      for (const { type, data } of packets) if (type === "message") this.#peer?.send(data ?? "");
      setImmediate(() => {
        this.writable = true;
        this.emitReserved("drain");
      });
    }

    override doClose(): void {
      this.#peer?.close();
    }
  };
}

const HOUR = 3_600_000;
const HANDSHAKE = JSON.stringify({
  sid: "in-memory",
  upgrades: [],
  pingInterval: HOUR,
  pingTimeout: HOUR,
  maxPayload: 100_000_000,
});

/** What a real transport of Node would hand over: text, or a Buffer. */
function forClient(data: EngineData): string | Buffer {
  if (typeof data === "string") return data;
  if (data instanceof ArrayBuffer) return Buffer.from(data);
  return Buffer.from(data.buffer, data.byteOffset, data.byteLength);
}
