import { isPlain, lift } from "./attachments.js";
import type { EncodedPacket, Encoder as EncoderContract } from "./contract.js";
import { ParserError, UnserializableError } from "./errors.js";
import { type Packet, PacketType } from "./packet.js";

/** Second argument of `JSON.stringify`. */
export type Replacer = (this: unknown, key: string, value: unknown) => unknown;

/** Packet to text, and attachments behind it. */
export class Encoder implements EncoderContract {
  readonly #replacer: Replacer | undefined;

  /** @param replacer applied to every payload, as the second argument of `JSON.stringify` */
  constructor(replacer?: Replacer) {
    this.#replacer = replacer;
  }

  encode(packet: Packet): EncodedPacket {
    const { type } = packet;
    const data = (packet as { data?: unknown }).data;
    try {
      if (
        type === PacketType.CONNECT ||
        type === PacketType.DISCONNECT ||
        type === PacketType.CONNECT_ERROR ||
        isPlain(data)
      ) {
        const plain = type === PacketType.BINARY_EVENT || type === PacketType.BINARY_ACK ? type - 3 : type;
        return [this.#text(String(plain), packet, data)];
      }
      const lifted = lift(data);
      const base = type === PacketType.EVENT || type === PacketType.BINARY_EVENT ? PacketType.EVENT : PacketType.ACK;
      if (lifted.attachments.length === 0) {
        return [this.#text(String(base), packet, this.#replacer === undefined ? lifted.data : data)];
      }
      return [this.#text(`${base + 3}${lifted.attachments.length}-`, packet, lifted.data), ...lifted.attachments];
    } catch (cause) {
      throw cause instanceof ParserError ? cause : new UnserializableError(String(cause), { cause });
    }
  }

  withOffset(encoded: EncodedPacket, offset: string): EncodedPacket {
    const [text, ...attachments] = encoded;
    return [`${(text as string).slice(0, -1)},${JSON.stringify(offset)}]`, ...attachments];
  }

  #text(head: string, packet: Packet, data: unknown): string {
    let text = head;
    if (packet.nsp && packet.nsp !== "/") {
      text += `${packet.nsp},`;
    }
    const id = (packet as { id?: number }).id;
    if (id != null) {
      text += id;
    }
    return data == null ? text : text + JSON.stringify(data, this.#replacer as never);
  }
}
