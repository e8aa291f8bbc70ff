import { decodePacket, type EnginePacket, encodePacket } from "@sockeye/engine-parser";
import { Decoder, Encoder, type Packet, PacketType } from "@sockeye/socketio-parser";
import type { OutgoingPacket, TransportClass, WebSocketLike } from "../src/engine/contract.js";
import { type IoOptions, io, type Socket, Transport, TransportError } from "../src/index.js";
import { io as webSocketIo } from "../src/websocket/index.js";
import { linkWebSockets } from "./web-socket-link.js";

/** Entry points of the client: the default one with a transport of this file, and the WebSocket-only one. */
export type Entry = "whole" | "websocket";
export const ENTRIES: readonly Entry[] = ["whole", "websocket"];

/**
 * A network and a server in memory, on whatever clock the timers run on. The link has latency and can be cut: after a
 * number of bytes, in the middle of a frame (which is lost), with both ends told of it later.
 */
export class Network {
  /** Milliseconds one way. */
  latency = 5;
  /** Refuses new connections. */
  down = false;
  /** Bytes, both ways together, after which each connection made from now on breaks. */
  budgets: number[] = [];
  readonly connections: Connection[] = [];
  /** When connections were attempted, milliseconds. */
  readonly attempts: number[] = [];
  bytes = 0;

  constructor(readonly server: ModelServer) {}

  /** The transport class that leads to the server. */
  readonly transport: TransportClass = ((network: Network) =>
    class Link extends Transport {
      #connection: Connection | undefined;
      #closed = false;

      get name(): string {
        return "websocket";
      }

      open(): void {
        network.attempts.push(Date.now());
        setTimeout(() => {
          if (this.#closed) return;
          if (network.down) {
            this.host.ended(this, new TransportError("UNREACHABLE", "websocket error"));
            return;
          }
          this.#connection = new Connection(network, network.budgets.shift() ?? Infinity, {
            frame: (frame) => this.host.received(this, decodePacket(frame) as EnginePacket),
            end: () => this.host.ended(this, { description: "cut" }),
          });
          this.host.drained(this);
        }, network.latency);
      }

      send(packets: readonly OutgoingPacket[]): void {
        for (const packet of packets) this.#connection!.up(encodePacket(packet, true) as string);
        Promise.resolve().then(() => this.host.drained(this));
      }

      close(): void {
        this.#closed = true;
        this.#connection?.close();
      }
    })(this);

  /** Breaks every connection now. */
  cut(): void {
    for (const connection of this.connections) connection.cut();
  }

  /** A WebSocket to the server, as the platform would open one. */
  webSocket(): WebSocketLike {
    this.attempts.push(Date.now());
    let connection: Connection | undefined;
    let closed = false;
    const handlers = {} as Record<"onmessage" | "onclose" | "onerror", (event: unknown) => void>;
    setTimeout(() => {
      if (closed) return;
      if (this.down) {
        handlers.onerror({ type: "error" });
        return;
      }
      connection = new Connection(this, this.budgets.shift() ?? Infinity, {
        frame: (data) => handlers.onmessage({ data }),
        end: () => handlers.onclose({ code: 1006 }),
      });
    }, this.latency);
    return Object.assign(handlers, {
      binaryType: "nodebuffer",
      bufferedAmount: 0,
      onopen: undefined,
      send(this: { bufferedAmount: number }, frame: string) {
        this.bufferedAmount += frame.length;
        queueMicrotask(() => {
          this.bufferedAmount = 0;
        });
        connection!.up(frame);
      },
      close() {
        closed = true;
        connection?.close();
      },
    });
  }

  /** What both entry points have; the rest of the type is the default one's alone. */
  io(path = "/", options: IoOptions = {}, entry: Entry = "whole"): Socket {
    const url = `http://model${path}`;
    if (entry === "whole") return io(url, { forceNew: true, transports: [this.transport], ...options });
    linkWebSockets(() => this.webSocket());
    return webSocketIo(url, { forceNew: true, ...options }) as unknown as Socket;
  }
}

interface ClientEnd {
  frame(frame: string | Buffer): void;
  end(): void;
}

/** One connection: frames both ways, in order, each `latency` late. */
export class Connection {
  open = true;
  #clientOpen = true;
  readonly #session: ModelSession;

  constructor(
    private readonly network: Network,
    private budget: number,
    private readonly client: ClientEnd,
  ) {
    network.connections.push(this);
    this.#session = network.server.accept({
      send: (frame) => this.#carry(frame, () => this.#clientOpen && client.frame(frame)),
      close: () => this.cut(),
    });
  }

  up(frame: string): void {
    this.#carry(frame, () => this.#session.receive(frame));
  }

  /** The client left. */
  close(): void {
    this.#clientOpen = false;
    this.#end();
  }

  cut(): void {
    if (!this.open) return;
    this.#end();
    setTimeout(() => {
      if (!this.#clientOpen) return;
      this.#clientOpen = false;
      this.client.end();
    }, this.network.latency);
  }

  #carry(frame: string | Buffer, deliver: () => void): void {
    if (!this.open) return;
    this.network.bytes += frame.length;
    this.budget -= frame.length;
    if (this.budget < 0) this.cut();
    else setTimeout(() => deliver(), this.network.latency);
  }

  #end(): void {
    if (!this.open) return;
    this.open = false;
    setTimeout(() => this.#session.end(), this.network.latency);
  }
}

interface Wire {
  send(frame: string): void;
  close(): void;
}

/** A server of one namespace and one application, enough of Socket.IO to judge a client by. */
export class ModelServer {
  handshake = { upgrades: [] as string[], pingInterval: 25_000, pingTimeout: 20_000, maxPayload: 1_000_000 };
  readonly sessions: ModelSession[] = [];
  /** Answers a CONNECT: its payload, or an error to refuse. */
  onconnect: (session: ModelSession, auth: Record<string, unknown>) => Record<string, unknown> | { error: object } =
    () => ({});
  onevent: (session: ModelSession, data: readonly unknown[], answer: (...args: unknown[]) => void) => void = () => {};
  /** Namespaces that there are. */
  admits: readonly string[] = ["/"];
  /** Every packet that came, in order. */
  readonly received: Packet[] = [];

  accept(wire: Wire): ModelSession {
    const session = new ModelSession(this, wire, `s${this.sessions.length}`);
    this.sessions.push(session);
    return session;
  }

  get last(): ModelSession {
    return this.sessions.at(-1)!;
  }
}

export class ModelSession {
  open = true;
  silent = false;
  readonly #decoder = new Decoder();
  readonly #encoder = new Encoder();
  #ping: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly server: ModelServer,
    readonly wire: Wire,
    readonly sid: string,
  ) {
    this.#decoder.on("decoded", (packet) => this.#decoded(packet));
    wire.send(`0${JSON.stringify({ sid, ...server.handshake })}`);
    this.#beat();
  }

  receive(frame: string): void {
    if (!this.open) return;
    const packet = decodePacket(frame) as EnginePacket;
    if (packet.type === "pong") this.#beat();
    else if (packet.type === "message") this.#decoder.add(packet.data);
  }

  send(packet: Packet): void {
    if (this.open && !this.silent)
      for (const chunk of this.#encoder.encode(packet)) this.wire.send(`4${chunk as string}`);
  }

  emit(...data: unknown[]): void {
    this.send({ type: PacketType.EVENT, nsp: "/", data: data as [string] });
  }

  end(): void {
    this.open = false;
    clearTimeout(this.#ping);
  }

  #beat(): void {
    clearTimeout(this.#ping);
    this.#ping = setTimeout(() => this.silent || this.wire.send("2"), this.server.handshake.pingInterval);
  }

  #decoded(packet: Packet): void {
    const { server } = this;
    const { nsp } = packet;
    server.received.push(packet);
    if (packet.type === PacketType.CONNECT) {
      if (!server.admits.includes(nsp)) {
        this.send({ type: PacketType.CONNECT_ERROR, nsp, data: { message: "Invalid namespace" } });
        return;
      }
      const reply = server.onconnect(this, { ...packet.data });
      if ("error" in reply) this.send({ type: PacketType.CONNECT_ERROR, nsp, data: reply.error });
      else this.send({ type: PacketType.CONNECT, nsp, data: { sid: `io-${this.sid}`, ...reply } });
    } else if (packet.type === PacketType.EVENT) {
      server.onevent(this, packet.data, (...args) => {
        if (packet.id !== undefined) this.send({ type: PacketType.ACK, nsp, id: packet.id, data: args });
      });
    }
  }
}
