import { EventEmitter } from "node:events";
import type { EngineData, EngineServer, EngineSocket } from "@sockeye/engine-server";

/**
 * An engine without a network: the required part of the engine contract and nothing else. `connect()` opens a connection and
 * returns the client's end of it.
 *
 * ```ts
 * const engine = new MemoryEngine();
 * io.bind(engine);
 * const peer = engine.connect();
 * peer.send("0");
 * ```
 */
export class MemoryEngine extends EventEmitter implements EngineServer {
  readonly sockets = new Set<MemorySocket>();
  #count = 0;

  get clientsCount(): number {
    return this.sockets.size;
  }

  connect(options: { readonly request?: unknown; readonly protocol?: number } = {}): MemoryPeer {
    const peer = new MemoryPeer();
    const socket = new MemorySocket(`memory-${++this.#count}`, peer, options);
    peer.join(socket);
    this.sockets.add(socket);
    socket.on("close", () => this.sockets.delete(socket));
    this.emit("connection", socket);
    return peer;
  }

  close(): void {
    for (const socket of [...this.sockets]) socket.close(true);
  }
}

/** The server's end. What is written arrives a microtask later, in order. */
export class MemorySocket extends EventEmitter implements EngineSocket {
  readonly protocol: number;
  readyState = "open";
  request: unknown;
  readonly remoteAddress = "memory";
  readonly transport = { name: "memory", writable: true };

  constructor(
    readonly id: string,
    private readonly peer: MemoryPeer,
    options: { readonly request?: unknown; readonly protocol?: number },
  ) {
    super();
    this.protocol = options.protocol ?? 4;
    this.request = options.request;
  }

  write(data: EngineData, _options?: object, callback?: () => void): this {
    if (this.readyState !== "open") return this;
    queueMicrotask(() => {
      this.peer.arrived(data);
      callback?.();
    });
    return this;
  }

  close(_discard?: boolean): this {
    this.end("forced close");
    return this;
  }

  /** The connection is over, for `reason`, on both ends; what was written before still arrives. */
  end(reason: string, details?: unknown): void {
    if (this.readyState !== "open") return;
    this.readyState = "closed";
    queueMicrotask(() => this.peer.ended());
    this.emit("close", reason, details);
  }
}

/** The client's end. */
export class MemoryPeer {
  /** All that has arrived. */
  readonly received: EngineData[] = [];
  closed = false;
  onData: ((data: EngineData) => void) | undefined;
  onClose: (() => void) | undefined;
  #socket: MemorySocket | undefined;

  join(socket: MemorySocket): void {
    this.#socket = socket;
  }

  send(data: EngineData): void {
    if (this.#socket?.readyState === "open") this.#socket.emit("data", data);
  }

  /** Ends the connection; `reason` is what the server hears. */
  close(reason = "transport close"): void {
    this.#socket?.end(reason);
  }

  arrived(data: EngineData): void {
    this.received.push(data);
    this.onData?.(data);
  }

  ended(): void {
    this.closed = true;
    this.onClose?.();
  }
}
