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
import type { Packet } from "../packet.js";
import { isDataValid, isIdValid } from "../shapes.js";

export type { ParserError };

/**
 * The JSON codec written for size, for clients in browsers: same wire, same contract, same shapes. What it leaves to the
 * main entry: speed, replacer and reviver, limits on depth and bytes, paths in messages, and the peer's blame in the class.
 */

export class Encoder implements EncoderContract {
  encode(packet: Packet): EncodedPacket {
    const { type, nsp, data, id } = packet as Packet & { data?: unknown; id?: number };
    const attachments: BinaryChunk[] = [];
    let json: string | undefined;
    try {
      json = JSON.stringify(data, function (this: Record<string, unknown>, key, value) {
        // `Buffer` has a `toJSON`, whose result is what `value` is.
        const bytes = isBinary(value) ? value : this[key];
        return type > 1 && isBinary(bytes) ? { _placeholder: true, num: attachments.push(bytes) - 1 } : value;
      });
    } catch {
      fail("UNSERIALIZABLE");
    }
    const base = type > 4 ? type - 3 : type;
    return [
      (attachments.length > 0 ? `${base + 3}${attachments.length}-` : base) +
        (nsp && nsp !== "/" ? `${nsp},` : "") +
        (id ?? "") +
        (json ?? ""),
      ...attachments,
    ];
  }
}

type Slot = [holder: Record<string, unknown>, key: string];

/** Type, attachment count, namespace, id. No part can begin like the one before it, so the match is linear. */
const HEADER = /^([0-6])(?:(\d+)-)?(?:(\/[^,]*),?)?(\d*)/;

export class Decoder implements DecoderContract {
  readonly #maxAttachments: number;
  #listeners: ((packet: Packet) => void)[] = [];
  /** A binary packet, and the places that wait for their bytes. */
  #unfinished: Packet | undefined;
  #slots: Slot[] = [];
  #next = 0;

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
    const unfinished = this.#unfinished;
    this.destroy();
    if (typeof chunk === "string") {
      return unfinished ? fail("UNEXPECTED_TEXT") : this.#text(chunk);
    }
    if (!isBinary(chunk)) {
      return fail("UNKNOWN_TYPE");
    }
    if (!unfinished) {
      return fail("UNEXPECTED_BINARY");
    }
    const [holder, key] = this.#slots[this.#next++]!;
    holder[key] = chunk;
    if (this.#next === this.#slots.length) {
      return unfinished;
    }
    this.#unfinished = unfinished;
    return undefined;
  }

  destroy(): void {
    this.#unfinished = undefined;
  }

  #text(text: string): Packet | undefined {
    const match = HEADER.exec(text) ?? fail("UNKNOWN_PACKET_TYPE");
    const type = Number(match[1]);
    const count = Number(match[2] ?? 0);
    const id = match[4] ? Number(match[4]) : undefined;
    if (type > 4 ? !count : match[2]) {
      fail("ILLEGAL_ATTACHMENTS");
    }
    if (count > this.#maxAttachments) {
      fail("TOO_MANY_ATTACHMENTS");
    }
    if (!isIdValid(type, id)) {
      fail("INVALID_PACKET_ID");
    }
    const json = text.slice(match[0].length);
    // White space is no payload of ours: in front of one it once read as the acknowledgement id 0.
    const data = json > "!" || !json ? this.#payload(json, count) : fail("INVALID_PAYLOAD");
    if (!isDataValid(type, data)) {
      fail("INVALID_PAYLOAD");
    }
    const packet = { type: count ? type - 3 : type, nsp: match[3] ?? "/", data, id } as Packet;
    if (count) {
      this.#unfinished = packet;
      return undefined;
    }
    return packet;
  }

  #payload(json: string, count: number): unknown {
    const slots: unknown[] = new Array(count).fill(0);
    let found = 0;
    let data: unknown;
    try {
      if (json) {
        data = JSON.parse(
          json,
          count
            ? function (this: Record<string, unknown>, key, value) {
                if (value?._placeholder === true) {
                  // A number that is not one of the free ones makes the sum wrong for good.
                  found = typeof value.num === "number" && slots[value.num] === 0 ? found + 1 : Number.NaN;
                  slots[value.num] = [this, key];
                }
                return value;
              }
            : undefined,
        );
      }
    } catch {
      fail("INVALID_PAYLOAD");
    }
    if (found !== count) {
      fail("ILLEGAL_PLACEHOLDER");
    }
    this.#slots = slots as Slot[];
    this.#next = 0;
    return data;
  }
}

function fail(what: ParserErrorWhat): never {
  throw new ParserError(what);
}

/** The same codec as the main entry as far as the wire goes, hence the same id. */
export const parser: Parser = { Encoder, Decoder, id: "json" };
