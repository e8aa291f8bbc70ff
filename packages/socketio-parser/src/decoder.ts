import { findSlots, type Slot } from "./attachments.js";
import { isBinary } from "./binary.js";
import type { BinaryChunk, DecoderLimits } from "./contract.js";
import { Header } from "./decode-header.js";
import { EmittingDecoder } from "./emitting-decoder.js";
import { ParserViolation } from "./errors.js";
import { nestsDeeperThan } from "./json-depth.js";
import { DEFAULT_LIMITS, withDefaults } from "./limits.js";
import type { Packet } from "./packet.js";
import { isDataValid, isIdValid } from "./shapes.js";

/** Second argument of `JSON.parse`. */
export type Reviver = (this: unknown, key: string, value: unknown) => unknown;
/** Limits of `DEFAULT_LIMITS` hold where none is given. */
export type DecoderOptions = Partial<DecoderLimits> & { readonly reviver?: Reviver | undefined };

/** A binary packet whose attachments are still on their way. */
interface Unfinished {
  readonly packet: Packet;
  readonly slots: readonly Slot[];
  received: number;
  bytes: number;
}

/** Scanning is synchronous and calls nobody, so one header serves all decoders. */
const header = /* @__PURE__ */ new Header();

/** Engine.IO messages of one connection to packets. After a violation it has forgotten the unfinished packet. */
export class Decoder extends EmittingDecoder {
  readonly #limits: DecoderLimits;
  readonly #reviver: Reviver | undefined;
  #unfinished: Unfinished | undefined;

  /** @param options limits and a reviver, or the reviver alone */
  constructor(options: DecoderOptions | Reviver = DEFAULT_LIMITS) {
    super();
    const given: DecoderOptions = typeof options === "function" ? { reviver: options } : options;
    this.#limits = withDefaults(given);
    this.#reviver = given.reviver;
  }

  get pending(): boolean {
    return this.#unfinished !== undefined;
  }

  decode(chunk: unknown): Packet | undefined {
    // Taken out first, put back while attachments are missing: whatever throws below leaves nothing behind.
    const unfinished = this.#unfinished;
    this.#unfinished = undefined;
    if (typeof chunk === "string") {
      if (unfinished !== undefined) {
        throw new ParserViolation("UNEXPECTED_TEXT", "got plaintext data when reconstructing a packet");
      }
      return this.#text(chunk);
    }
    if (!isBinary(chunk)) {
      throw new ParserViolation(
        "UNKNOWN_TYPE",
        `Unknown type: ${chunk && typeof chunk === "object" ? {} : String(chunk)}`,
      );
    }
    if (unfinished === undefined) {
      throw new ParserViolation("UNEXPECTED_BINARY", "got binary data when not reconstructing a packet");
    }
    return this.#attachment(unfinished, chunk);
  }

  destroy(): void {
    this.#unfinished = undefined;
  }

  #text(text: string): Packet | undefined {
    header.scan(text, this.#limits);
    const { type, attachments, nsp, id, end } = header;
    if (!isIdValid(type, id)) {
      throw new ParserViolation("INVALID_PACKET_ID");
    }
    const data = end < text.length ? this.#payload(text.slice(end)) : undefined;
    if (!isDataValid(type, data)) {
      throw new ParserViolation("INVALID_PAYLOAD");
    }
    if (attachments === 0) {
      return { type, nsp, data, id } as Packet;
    }
    this.#unfinished = {
      // Once whole, a binary packet is an event or an acknowledgement like any other.
      packet: { type: type - 3, nsp, data, id } as Packet,
      slots: findSlots(data as object, attachments, text.length),
      received: 0,
      bytes: 0,
    };
    return undefined;
  }

  #payload(json: string): unknown {
    if (nestsDeeperThan(this.#limits.maxDepth, json)) {
      throw new ParserViolation("TOO_DEEP");
    }
    // White space is no payload of ours: in front of one it once read as the acknowledgement id 0.
    if (json.charCodeAt(0) > 32) {
      try {
        return JSON.parse(json, this.#reviver);
      } catch {
        // Said below.
      }
    }
    throw new ParserViolation("INVALID_PAYLOAD");
  }

  #attachment(unfinished: Unfinished, chunk: BinaryChunk): Packet | undefined {
    const { slots, packet } = unfinished;
    unfinished.bytes += chunk.byteLength ?? (chunk as unknown as Blob).size;
    if (unfinished.bytes > this.#limits.maxAttachmentBytes) {
      throw new ParserViolation("ATTACHMENTS_TOO_LARGE");
    }
    const { parent, key } = slots[unfinished.received++]!;
    parent[key] = chunk;
    if (unfinished.received === slots.length) {
      return packet;
    }
    this.#unfinished = unfinished;
    return undefined;
  }
}
