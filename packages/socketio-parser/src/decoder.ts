import { findSlots, type Slot } from "./attachments.js";
import { isBinary } from "./binary.js";
import type { BinaryChunk, Decoder as DecoderContract, DecoderLimits } from "./contract.js";
import { Header } from "./decode-header.js";
import { ParserViolation } from "./errors.js";
import { DEFAULT_LIMITS } from "./limits.js";
import { type Packet, PacketType } from "./packet.js";
import { isDataValid } from "./shapes.js";

/** Second argument of `JSON.parse`. */
export type Reviver = (this: unknown, key: string, value: unknown) => unknown;
export type DecoderOptions = Partial<DecoderLimits> & { readonly reviver?: Reviver };
export type DecodedListener = (packet: Packet) => void;

const header = new Header();

/** A binary packet whose attachments are still on their way. */
interface Unfinished {
  readonly packet: Packet;
  readonly slots: readonly Slot[];
  received: number;
  bytes: number;
}

/** Engine.IO messages of one connection to packets. */
export class Decoder implements DecoderContract {
  readonly #limits: DecoderLimits;
  readonly #reviver: Reviver | undefined;
  #listeners: DecodedListener[] = [];
  #unfinished: Unfinished | undefined = undefined;

  constructor(options?: DecoderOptions | Reviver) {
    const given: DecoderOptions = typeof options === "function" ? { reviver: options } : (options ?? {});
    this.#limits = { ...DEFAULT_LIMITS, ...given };
    this.#reviver = given.reviver;
  }

  get pending(): boolean {
    return this.#unfinished !== undefined;
  }

  on(event: "decoded", listener: DecodedListener): this {
    this.#listeners = [...this.#listeners, listener];
    return this;
  }

  off(event?: "decoded", listener?: DecodedListener): this {
    this.#listeners = listener === undefined ? [] : this.#listeners.filter((other) => other !== listener);
    return this;
  }

  add(chunk: unknown): void {
    const packet = this.decode(chunk);
    if (packet !== undefined) {
      for (const listener of this.#listeners) {
        listener(packet);
      }
    }
  }

  decode(chunk: unknown): Packet | undefined {
    if (typeof chunk === "string") {
      return this.#text(chunk);
    }
    if (isBinary(chunk)) {
      return this.#binary(chunk);
    }
    throw new ParserViolation(
      "UNKNOWN_TYPE",
      `Unknown type: ${typeof chunk === "object" ? "[object]" : String(chunk)}`,
    );
  }

  destroy(): void {
    this.#unfinished = undefined;
  }

  #text(text: string): Packet | undefined {
    if (this.#unfinished !== undefined) {
      this.#unfinished = undefined;
      throw new ParserViolation("UNEXPECTED_TEXT", "got plaintext data when reconstructing a packet");
    }
    header.scan(text, this.#limits);
    const { type, attachments, nsp, id, end } = header;
    const data = end === text.length ? undefined : this.#payload(text.slice(end));
    if (!isDataValid(type, data)) {
      throw new ParserViolation("INVALID_PAYLOAD", "invalid payload");
    }
    if (attachments === 0) {
      return { type, nsp, data, id } as Packet;
    }
    const packet = {
      type: type === PacketType.BINARY_EVENT ? PacketType.EVENT : PacketType.ACK,
      nsp,
      data,
      id,
    } as Packet;
    this.#unfinished = { packet, slots: findSlots(data as object, attachments), received: 0, bytes: 0 };
    return undefined;
  }

  #binary(chunk: BinaryChunk): Packet | undefined {
    const unfinished = this.#unfinished;
    if (unfinished === undefined) {
      throw new ParserViolation("UNEXPECTED_BINARY", "got binary data when not reconstructing a packet");
    }
    unfinished.bytes += chunk.byteLength;
    if (unfinished.bytes > this.#limits.maxAttachmentBytes) {
      this.#unfinished = undefined;
      throw new ParserViolation("ATTACHMENTS_TOO_LARGE", "attachments too large");
    }
    const slot = unfinished.slots[unfinished.received++]!;
    slot.parent[slot.key] = chunk;
    if (unfinished.received < unfinished.slots.length) {
      return undefined;
    }
    this.#unfinished = undefined;
    return unfinished.packet;
  }

  #payload(json: string): unknown {
    try {
      return JSON.parse(json, this.#reviver as never);
    } catch {
      throw new ParserViolation("INVALID_PAYLOAD", "invalid payload");
    }
  }
}
