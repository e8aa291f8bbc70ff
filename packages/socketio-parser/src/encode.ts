import { isPlain, lift, type Replacer } from "./attachments.js";
import type { BinaryChunk, EncodedPacket, Encoder as EncoderContract } from "./contract.js";
import { UnserializableError } from "./errors.js";
import { type Packet, PacketType } from "./packet.js";
import { quickJson, quoteName } from "./quick-json.js";
import { explain } from "./unserializable.js";

/** Packet to text, and attachments behind it. */
export class Encoder implements EncoderContract {
  readonly #replacer: Replacer | undefined;

  /** @param replacer applied to every payload, as the second argument of `JSON.stringify` */
  constructor(replacer?: Replacer) {
    this.#replacer = replacer;
  }

  encode(packet: Packet): EncodedPacket {
    try {
      switch (packet.type) {
        case PacketType.EVENT:
        case PacketType.BINARY_EVENT:
          return this.#withArguments(PacketType.EVENT, address(packet), packet.data);
        case PacketType.ACK:
        case PacketType.BINARY_ACK:
          return this.#withArguments(PacketType.ACK, address(packet), packet.data);
        default: {
          const data = (packet as { data?: unknown }).data;
          const text = packet.type + address(packet);
          return [data == null ? text : text + JSON.stringify(data, this.#replacer)];
        }
      }
    } catch (cause) {
      throw explain(packet, cause);
    }
  }

  withOffset(encoded: EncodedPacket, offset: string): EncodedPacket {
    const [text, ...attachments] = encoded;
    if (typeof text !== "string" || !/^[25]/.test(text) || !text.endsWith("]")) {
      throw new UnserializableError("an offset is put behind the arguments of an encoded event only");
    }
    return [`${text.slice(0, -1)},${JSON.stringify(offset)}]`, ...attachments];
  }

  #withArguments(type: 2 | 3, address: string, data: readonly unknown[]): EncodedPacket {
    const attachments: BinaryChunk[] = [];
    const quick = this.#replacer === undefined ? quickArguments(data, attachments) : undefined;
    if (quick === undefined) {
      const thorough = lift(data, this.#replacer);
      return assemble(type, address, thorough.json, thorough.attachments);
    }
    return assemble(type, address, quick, attachments);
  }
}

function assemble(type: 2 | 3, address: string, json: string, attachments: readonly BinaryChunk[]): EncodedPacket {
  return attachments.length === 0
    ? [type + address + json]
    : [`${type + 3}${attachments.length}-${address}${json}`, ...attachments];
}

/** Namespace and acknowledgement id. */
function address(packet: Packet): string {
  const nsp = packet.nsp && packet.nsp !== "/" ? `${packet.nsp},` : "";
  const id = (packet as { id?: number }).id;
  return id == null ? nsp : nsp + id;
}

/** The arguments as JSON, each on its shortest way; `undefined` when one of them needs the thorough walk. */
function quickArguments(data: readonly unknown[], attachments: BinaryChunk[]): string | undefined {
  let json = "";
  let isEachSmall = true;
  for (let i = 0; i < data.length; i++) {
    const value = data[i];
    // What stands first is nearly always the name of an event.
    let text = i === 0 && typeof value === "string" ? quoteName(value) : quickJson(value, attachments);
    if (text === undefined) {
      isEachSmall = false;
      text = isPlain(value) ? (JSON.stringify(value) ?? "null") : undefined;
    }
    // Beside bytes, every object has to be looked at for what looks like a placeholder.
    if (text === undefined || (attachments.length > 0 && !isEachSmall)) {
      return undefined;
    }
    json += i === 0 ? text : `,${text}`;
  }
  return `[${json}]`;
}
