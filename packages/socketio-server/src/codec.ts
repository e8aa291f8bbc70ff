import type { OutgoingEvent } from "@sockeye/adapter-base";
import {
  type BinaryChunk,
  type DecoderLimits,
  type EncodedPacket,
  type EventPacket,
  type Packet,
  type PacketDecoder,
  type PacketEncoder,
  PacketType,
  type Parser,
} from "@sockeye/socketio-parser";
import type { DeliveryCodec } from "./delivery.js";

/** The server's parser, and the jobs on encoded packets that are not the parser's own. */
export class Codec implements DeliveryCodec {
  readonly encoder: PacketEncoder;

  constructor(
    private readonly parser: Parser,
    private readonly limits: Partial<DecoderLimits>,
  ) {
    this.encoder = new parser.Encoder();
  }

  /** Name of the codec; `undefined` when the parser has none. */
  get id(): string | undefined {
    return this.parser.id;
  }

  /** A decoder for one connection. */
  createDecoder(): PacketDecoder {
    return new this.parser.Decoder(this.limits);
  }

  encodeEvent(namespace: string, data: readonly unknown[], id?: number): EncodedPacket {
    const event = data as EventPacket["data"];
    const packet: EventPacket =
      id === undefined
        ? { type: PacketType.EVENT, nsp: namespace, data: event }
        : { type: PacketType.EVENT, nsp: namespace, data: event, id };
    return this.encoder.encode(packet);
  }

  /** The packet with one more trailing argument: spliced in by the parser if it can, encoded once more if not. */
  withOffset(encoded: EncodedPacket, offset: string): EncodedPacket {
    if (typeof this.encoder.withOffset === "function") return this.encoder.withOffset(encoded, offset);
    const packet = this.#decode(encoded);
    if (packet === undefined) return encoded;
    return this.encoder.encode({ ...packet, type: PacketType.EVENT, data: [...packet.data, offset] as never });
  }

  decode(encoded: EncodedPacket): OutgoingEvent | undefined {
    return this.#decode(encoded);
  }

  #decode(encoded: EncodedPacket): EventPacket | undefined {
    const decoder = this.createDecoder();
    let decoded: Packet | undefined;
    decoder.on("decoded", (packet) => {
      decoded = packet;
    });
    try {
      for (const chunk of encoded) decoder.add(asReceived(chunk));
    } catch {
      return undefined;
    } finally {
      decoder.destroy();
    }
    return decoded !== undefined && isEvent(decoded) ? decoded : undefined;
  }
}

/** Bytes that another node encoded, as they would have come from a socket: applications expect a Buffer. */
function asReceived(chunk: string | BinaryChunk): string | BinaryChunk {
  if (typeof chunk === "string" || Buffer.isBuffer(chunk)) return chunk;
  return ArrayBuffer.isView(chunk) ? Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength) : Buffer.from(chunk);
}

function isEvent(packet: Packet): packet is EventPacket {
  return packet.type === PacketType.EVENT || packet.type === PacketType.BINARY_EVENT;
}
