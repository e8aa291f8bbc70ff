import { isBinary } from "../binary.js";
import type {
  BinaryChunk,
  Decoder as DecoderContract,
  DecoderLimits,
  EncodedPacket,
  Encoder as EncoderContract,
  Parser,
} from "../contract.js";
import { ParserError, type ParserErrorWhat } from "../errors.js";
import { ACK, CONNECT_ERROR, DISCONNECT, type Packet } from "../packet.js";
import { isDataValid, isIdValid } from "../shapes.js";

export type { ParserError };

/**
 * The JSON codec written for size, for clients in browsers: same wire, same contract, same shapes. What it leaves to the
 * main entry: speed, replacer and reviver, limits on depth and bytes, paths in messages, and the peer's blame in the class.
 */

export class Encoder implements EncoderContract {
  encode(packet: Packet): EncodedPacket {
    const { type, nsp, data, id = "" } = packet as Packet & { data?: unknown; id?: number };
    const attachments: BinaryChunk[] = [];
    let json = "";
    try {
      json =
        JSON.stringify(data, function (this: Record<string, unknown>, key, value) {
          // `Buffer` has a `toJSON`, whose result is what `value` is.
          const bytes = isBinary(value) ? value : this[key];
          return type > DISCONNECT && isBinary(bytes)
            ? { _placeholder: true, num: attachments.push(bytes) - 1 }
            : value;
        }) ?? "";
    } catch {
      fail("UNSERIALIZABLE");
    }
    const { length } = attachments;
    const kind = type > CONNECT_ERROR ? type - ACK : type;
    const header = length ? `${kind + ACK}${length}-` : kind;
    return [header + (nsp && nsp !== "/" ? `${nsp},` : "") + id + json, ...attachments];
  }
}

type Slot = [holder: Record<string, unknown>, key: string];

/** Type, attachment count, namespace, id. No part can begin like the one before it, so the match is linear. */
const HEADER = /^([0-6])(?:(\d+)-)?(?:(\/[^,]*),?)?(\d*)/;

export class Decoder implements DecoderContract {
  readonly #maxAttachments: number;
  #listeners: ((packet: Packet) => void)[] = [];
  /** Takes the next attachment of an unfinished packet. */
  #fill: ((chunk: BinaryChunk) => Packet | undefined) | undefined;

  constructor(limits?: Partial<DecoderLimits>) {
    this.#maxAttachments = limits?.maxAttachments ?? 10;
  }

  on(_event: "decoded", listener: (packet: Packet) => void): void {
    this.#listeners.push(listener);
  }

  /** What the official client calls when a connection ends. */
  off(_event: "decoded", listener: (packet: Packet) => void): void {
    this.#listeners = this.#listeners.filter((one) => one !== listener);
  }

  add(chunk: unknown): void {
    const packet = this.decode(chunk);
    if (packet) {
      for (const listener of this.#listeners) {
        listener(packet);
      }
    }
  }

  decode(chunk: unknown): Packet | undefined {
    const fill = this.#fill;
    this.destroy();
    if (typeof chunk === "string") {
      return fill ? fail("UNEXPECTED_TEXT") : this.#text(chunk);
    }
    return isBinary(chunk) ? (fill ?? fail("UNEXPECTED_BINARY"))(chunk) : fail("UNKNOWN_TYPE");
  }

  destroy(): void {
    this.#fill = undefined;
  }

  #text(text: string): Packet | undefined {
    const [header, digit, attachments, nsp = "/", number] = HEADER.exec(text) ?? fail("UNKNOWN_PACKET_TYPE");
    const count = Number(attachments ?? 0);
    const id = number ? Number(number) : undefined;
    const type = Number(digit);
    if (type > CONNECT_ERROR ? !count : attachments) {
      fail("ILLEGAL_ATTACHMENTS");
    }
    if (count > this.#maxAttachments) {
      fail("TOO_MANY_ATTACHMENTS");
    }
    if (!isIdValid(type, id)) {
      fail("INVALID_PACKET_ID");
    }
    const slots: Slot[] = [];
    const data = parsePayload(text.slice(header!.length), count, slots);
    if (!isDataValid(type, data)) {
      fail("INVALID_PAYLOAD");
    }
    const packet = { type: count ? type - ACK : type, nsp, data, id } as Packet;
    let next = 0;
    const fill = (chunk: BinaryChunk) => {
      const [holder, key] = slots[next++]!;
      holder[key] = chunk;
      return wait();
    };
    const wait = () => {
      if (next === count) {
        return packet;
      }
      this.#fill = fill;
      return undefined;
    };
    return wait();
  }
}

/** Reads a payload, and the places of its `count` attachments into `slots`. */
function parsePayload(json: string, count: number, slots: Slot[]): unknown {
  let found = 0;
  let data: unknown;
  function note(this: Record<string, unknown>, key: string, value: { _placeholder?: unknown; num: number } | null) {
    if (value?._placeholder === true) {
      const { num } = value;
      // A number that is not one of the free ones makes the sum wrong for good.
      found += Number.isInteger(num) && num >= 0 && num < count && !slots[num] ? 1 : Number.NaN;
      slots[num] = [this, key];
    }
    return value;
  }
  try {
    if (json) {
      // White space is no payload of ours: in front of one it once read as the acknowledgement id 0.
      data = JSON.parse(json > "!" ? json : "", count ? note : undefined);
    }
  } catch {
    fail("INVALID_PAYLOAD");
  }
  return found === count ? data : fail("ILLEGAL_PLACEHOLDER");
}

function fail(what: ParserErrorWhat): never {
  throw new ParserError(what);
}

/** The same codec as the main entry as far as the wire goes, hence the same id. */
export const parser: Parser = { Encoder, Decoder, id: "json" };
