import { Decoder, type EncodedPacket, type Packet, type Parser } from "@sockeye/socketio-parser";
import type {
  AdapterHost,
  BroadcastAckSink,
  BroadcastFlags,
  HostSocket,
  OutgoingBroadcast,
  OutgoingEvent,
  RecoverySettings,
  Selection,
} from "../contract.js";
import type { SocketId } from "../names.js";

/**
 * The incumbent's namespace, as far as adapters have always reached into it. None of it is documented by its owner; all of
 * it has been stable over the 4.x releases. Nothing outside this file knows these names.
 */
export interface OfficialNamespace {
  readonly name: string;
  readonly sockets: Map<SocketId, OfficialSocket>;
  readonly server: {
    readonly encoder: { encode(packet: Packet): EncodedPacket };
    readonly opts?: { readonly connectionStateRecovery?: RecoverySettings };
    readonly _parser?: Parser;
  };
  /** The next acknowledgement id; sockets and broadcasts share it. */
  _ids: number;
  _onServerSideEmit(args: unknown[]): void;
}

interface OfficialSocket extends HostSocket {
  readonly client: { writeToEngine(encoded: EncodedPacket, options: BroadcastFlags): void };
  readonly acks: Map<number, (...args: unknown[]) => void>;
  notifyOutgoingListeners?(packet: OutgoingEvent): void;
}

export function isOfficialNamespace(target: object): target is OfficialNamespace {
  const { server, sockets, _ids } = target as Partial<OfficialNamespace>;
  return typeof server?.encoder?.encode === "function" && sockets instanceof Map && typeof _ids === "number";
}

/** Lets our adapters run on the incumbent's server. */
export class OfficialHost implements AdapterHost {
  readonly #namespace: OfficialNamespace;

  constructor(namespace: OfficialNamespace) {
    this.#namespace = namespace;
  }

  get name(): string {
    return this.#namespace.name;
  }

  get parserId(): string | undefined {
    const parser = this.#namespace.server._parser;
    return parser?.id ?? (speaksJson(parser) ? "json" : undefined);
  }

  get recovery(): RecoverySettings | undefined {
    return this.#namespace.server.opts?.connectionStateRecovery;
  }

  encode(event: OutgoingEvent): EncodedPacket {
    return this.#namespace.server.encoder.encode({ ...event, nsp: this.name });
  }

  decode(encoded: EncodedPacket): OutgoingEvent | undefined {
    const decoder = new (this.#namespace.server._parser?.Decoder ?? Decoder)();
    let decoded: Packet | undefined;
    decoder.on("decoded", (packet) => {
      decoded = packet;
    });
    try {
      for (const chunk of encoded) decoder.add(chunk);
    } catch {
      return undefined;
    }
    return decoded !== undefined && "data" in decoded && Array.isArray(decoded.data)
      ? (decoded as OutgoingEvent)
      : undefined;
  }

  deliver(broadcast: OutgoingBroadcast, selection: Selection): void {
    const event = broadcast.packet ?? this.decode(broadcast.encoded);
    const encoded = this.#withOffset(broadcast, event);
    selection.forEach((id) => {
      const socket = this.#namespace.sockets.get(id);
      if (socket !== undefined) this.#write(socket, encoded, broadcast.flags, event);
    });
  }

  deliverWithAck(event: OutgoingEvent, flags: BroadcastFlags, selection: Selection, sink: BroadcastAckSink): void {
    const packet = { ...event, nsp: this.name, id: this.#namespace._ids++ };
    const encoded = this.#namespace.server.encoder.encode(packet);
    let clients = 0;
    selection.forEach((id) => {
      const socket = this.#namespace.sockets.get(id);
      if (socket === undefined) return;
      clients++;
      socket.acks.set(packet.id, (...args) => sink.onAck(args));
      this.#write(socket, encoded, flags, packet);
    });
    sink.onClientCount(clients);
  }

  socket(id: SocketId): HostSocket | undefined {
    return this.#namespace.sockets.get(id);
  }

  socketIds(): IterableIterator<SocketId> {
    return this.#namespace.sockets.keys();
  }

  onServerSideEmit(args: unknown[]): void {
    this.#namespace._onServerSideEmit(args);
  }

  /** The incumbent has no hook for it; a warning is what Node does with an error that nobody handles but must see. */
  reportError(error: Error): void {
    console.warn(`adapter of namespace ${this.name}:`, error);
  }

  #write(
    socket: OfficialSocket,
    encoded: EncodedPacket,
    flags: BroadcastFlags,
    event: OutgoingEvent | undefined,
  ): void {
    try {
      if (event !== undefined) socket.notifyOutgoingListeners?.(event);
      socket.client.writeToEngine(encoded, { volatile: flags.volatile, compress: flags.compress });
    } catch (thrown) {
      this.reportError(thrown as Error);
    }
  }

  /** The incumbent's encoder cannot splice, so the event is encoded once more, once for all recipients. */
  #withOffset({ encoded, offset }: OutgoingBroadcast, event: OutgoingEvent | undefined): EncodedPacket {
    if (offset === undefined || event === undefined) return encoded;
    return this.encode({ ...event, data: [...event.data, offset] });
  }
}

/** The incumbent's default parser carries no id; it is told by what it writes. */
function speaksJson(parser: Parser | undefined): boolean {
  if (parser === undefined) return true;
  try {
    const encoded = new parser.Encoder().encode({ type: 2, nsp: "/", data: ["x"] });
    return encoded.length === 1 && encoded[0] === '2["x"]';
  } catch {
    return false;
  }
}
