import { isBinary } from "../binary.js";
import type { BinaryChunk, DecoderLimits } from "../contract.js";
import { EmittingDecoder } from "../emitting-decoder.js";
import { ParserError, ParserViolation } from "../errors.js";
import { DEFAULT_LIMITS, withDefaults } from "../limits.js";
import { type Packet, PacketType } from "../packet.js";
import { isDataValid, isIdValid } from "../shapes.js";
import { unpackValue } from "./value.js";

/**
 * One binary message to one packet. Nothing is ever pending. What arrives is held to the shapes of the JSON codec.
 * Of the limits, `maxDepth` and `maxNamespaceLength` mean the same; `maxAttachmentBytes` is for the whole message; bytes
 * stand in the payload, so `maxAttachments` has nothing to count.
 */
export class Decoder extends EmittingDecoder {
  readonly #limits: DecoderLimits;

  constructor(limits: Partial<DecoderLimits> = DEFAULT_LIMITS) {
    super();
    this.#limits = withDefaults(limits);
  }

  get pending(): boolean {
    return false;
  }

  decode(chunk: unknown): Packet {
    if (typeof chunk === "string") {
      throw new ParserViolation("UNEXPECTED_TEXT", "got plaintext data where MessagePack is spoken");
    }
    if (!isBinary(chunk) || chunk.byteLength === undefined) {
      throw new ParserViolation("UNKNOWN_TYPE", `Unknown type: ${typeof chunk}`);
    }
    if (chunk.byteLength > this.#limits.maxAttachmentBytes) {
      throw new ParserViolation("ATTACHMENTS_TOO_LARGE");
    }
    try {
      // The envelope is one level around the payload.
      return validate(unpackValue(bytesOf(chunk), this.#limits.maxDepth + 1), this.#limits);
    } catch (cause) {
      // With a very large `maxDepth` the engine's own stack may end first.
      throw cause instanceof ParserError ? cause : new ParserViolation("INVALID_PAYLOAD", undefined, { cause });
    }
  }

  destroy(): void {}
}

function bytesOf(chunk: BinaryChunk): Uint8Array {
  if (chunk instanceof Uint8Array) {
    return chunk;
  }
  return ArrayBuffer.isView(chunk)
    ? new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength)
    : new Uint8Array(chunk);
}

/** Other members than the four are passed by: official peers write down whatever their packet object holds. */
function validate(packet: unknown, limits: DecoderLimits): Packet {
  const { type, nsp, data, id } = (packet ?? {}) as { type?: unknown; nsp?: unknown; data?: unknown; id?: unknown };
  if (!Number.isInteger(type) || (type as number) < PacketType.CONNECT || (type as number) > PacketType.CONNECT_ERROR) {
    throw new ParserViolation("INVALID_PACKET_TYPE");
  }
  if (typeof nsp !== "string" || nsp[0] !== "/") {
    throw new ParserViolation("INVALID_NAMESPACE");
  }
  if (nsp.length > limits.maxNamespaceLength) {
    throw new ParserViolation("HEADER_TOO_LONG");
  }
  if (!isIdValid(type as number, id)) {
    throw new ParserViolation("INVALID_PACKET_ID");
  }
  if (!isDataValid(type as number, data)) {
    throw new ParserViolation("INVALID_PAYLOAD");
  }
  return { type, nsp, data, id } as Packet;
}
