import { isBinary } from "../binary.js";
import type {
  BinaryChunk,
  Decoder as DecoderContract,
  DecoderLimits,
  EncodedPacket,
  Encoder as EncoderContract,
  Parser,
} from "../contract.js";
import { ParserError } from "../errors.js";
import { ACK, CONNECT_ERROR, DISCONNECT, EVENT, type Packet } from "../packet.js";
import { RESERVED_EVENTS } from "../reserved-events.js";

export type { ParserError };

/**
 * The JSON codec written for size, for clients in browsers: same wire, same contract, same shapes, the same refused. What it
 * leaves to the main entry: speed, replacer and reviver, limits on depth and bytes, paths in messages, the peer's blame in the
 * class, and what exactly was wrong with a packet: all that a peer may not send is `ERR_SOCKEYE_PARSER_INVALID_PACKET`.
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
      throw new ParserError("UNSERIALIZABLE", "cannot encode packet");
    }
    const { length } = attachments;
    const kind = type > CONNECT_ERROR ? type - ACK : type;
    const header = length ? `${kind + ACK}${length}-` : kind;
    return [header + (nsp && nsp !== "/" ? `${nsp},` : "") + id + json, ...attachments];
  }
}

type Slot = [holder: Record<string, unknown>, key: string];

/** Type and attachment count, namespace, id, payload. No part can begin like the one before it, so the match is linear. */
const PACKET = /^(?:([0-4])|([56])(\d+)-)(?:(\/[^,]*),?)?(\d*)(\S.*)?$/s;

export class Decoder implements DecoderContract {
  readonly #maxAttachments: number;
  readonly #listeners = new Set<(packet: Packet) => void>();
  /** Takes the next attachment of an unfinished packet. */
  #fill: ((chunk: BinaryChunk) => Packet | undefined) | undefined;

  constructor(limits?: Partial<DecoderLimits>) {
    this.#maxAttachments = limits?.maxAttachments ?? 10;
  }

  on(_event: "decoded", listener: (packet: Packet) => void): void {
    this.#listeners.add(listener);
  }

  /** What the official client calls when a connection ends. */
  off(_event: "decoded", listener: (packet: Packet) => void): void {
    this.#listeners.delete(listener);
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
    if (isBinary(chunk)) {
      return (fill ?? refuse)(chunk);
    }
    return fill || typeof chunk !== "string" ? refuse() : this.#text(chunk);
  }

  destroy(): void {
    this.#fill = undefined;
  }

  #text(text: string): Packet | undefined {
    const [, plain, binary, attachments = 0, nsp = "/", digits, json] = PACKET.exec(text) ?? refuse();
    const type = Number(plain ?? Number(binary) - ACK);
    const count = Number(attachments);
    const id = digits ? Number(digits) : undefined;
    const slots = new Map<unknown, Slot>();
    let found = 0;
    function note(this: Slot[0], key: string, value: { _placeholder?: unknown; num: unknown } | null) {
      if (value?._placeholder === true) {
        found++;
        slots.set(value.num, [this, key]);
      }
      return value;
    }
    let data: unknown;
    try {
      data = json && JSON.parse(json, count ? note : undefined);
    } catch {
      refuse();
    }
    if (found !== count || (binary && !count) || count > this.#maxAttachments || !isValid(type, data, id)) {
      refuse();
    }
    const packet = { type, nsp, data, id } as Packet;
    let next = 0;
    const wait = () => {
      if (next === count) {
        return packet;
      }
      this.#fill = (chunk) => {
        // As many places as attachments: where a number is missing, another is one too many.
        const [holder, key] = slots.get(next++) ?? refuse();
        holder[key] = chunk;
        return wait();
      };
      return undefined;
    };
    return wait();
  }
}

/** Whether a packet has the shape that its type promises: `shapes.ts`, for what comes out of JSON. */
function isValid(type: number, data: unknown, id: number | undefined): boolean {
  const isList = Array.isArray(data);
  if (type === EVENT || type === ACK) {
    return isList && (type === ACK ? id !== undefined : isEventName(data[0])) && Number.isSafeInteger(id ?? 0);
  }
  return (
    id === undefined &&
    (data === undefined
      ? type < EVENT
      : type !== DISCONNECT &&
        !isList &&
        (data === Object(data) || (type === CONNECT_ERROR && typeof data === "string")))
  );
}

function isEventName(name: unknown): boolean {
  return typeof name === "string" ? !RESERVED_EVENTS.has(name) : Number.isInteger(name);
}

function refuse(_chunk?: unknown): never {
  throw new ParserError("INVALID_PACKET", "invalid packet");
}

/** The same codec as the main entry as far as the wire goes, hence the same id. */
export const parser: Parser = { Encoder, Decoder, id: "json" };
