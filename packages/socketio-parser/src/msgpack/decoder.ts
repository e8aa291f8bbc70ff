import { isBinary } from "../binary.js";
import type { DecoderLimits } from "../contract.js";
import { EmittingDecoder } from "../emitting-decoder.js";
import { ParserError, ParserViolation } from "../errors.js";
import { DEFAULT_LIMITS } from "../limits.js";
import { type Packet, PacketType } from "../packet.js";
import { isDataValid, isIdValid } from "../shapes.js";
import { Reader } from "./reader.js";

/**
 * One binary message to one packet. Nothing is ever pending. What arrives is held to the shapes of the JSON codec.
 * Of the limits, `maxDepth` and `maxNamespaceLength` mean the same; `maxAttachmentBytes` is for the whole message; bytes
 * stand in the payload, so `maxAttachments` has nothing to count.
 */
export class Decoder extends EmittingDecoder {
  readonly #limits: DecoderLimits;

  constructor(limits?: Partial<DecoderLimits>) {
    super();
    this.#limits = { ...DEFAULT_LIMITS, ...limits };
  }

  get pending(): boolean {
    return false;
  }

  decode(chunk: unknown): Packet {
    if (typeof chunk === "string") {
      throw new ParserViolation("UNEXPECTED_TEXT", "got plaintext data where MessagePack is spoken");
    }
    if (!isBinary(chunk)) {
      throw new ParserViolation("UNKNOWN_TYPE", `Unknown type: ${typeof chunk}`);
    }
    if (chunk.byteLength > this.#limits.maxAttachmentBytes) {
      throw new ParserViolation("ATTACHMENTS_TOO_LARGE");
    }
    try {
      return readPacket(new Reader(chunk, this.#limits.maxDepth), this.#limits);
    } catch (cause) {
      // With a very large `maxDepth` the engine's own stack may end first.
      throw cause instanceof ParserError ? cause : new ParserViolation("INVALID_PAYLOAD", undefined, { cause });
    }
  }

  destroy(): void {}
}

function readPacket(reader: Reader, limits: DecoderLimits): Packet {
  let type: unknown;
  let nsp: unknown;
  let data: unknown;
  let id: unknown;
  for (let members = reader.mapHead() ?? 0; members > 0; members--) {
    switch (reader.name()) {
      case "type":
        type = reader.value();
        break;
      case "nsp":
        nsp = reader.value();
        break;
      case "data":
        data = reader.value();
        break;
      case "id":
        id = reader.value();
        break;
      default:
        // Peers write down whatever else their packet object holds.
        reader.value();
    }
  }
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
  if (!reader.isAtEnd || !isDataValid(type as number, data)) {
    throw new ParserViolation("INVALID_PAYLOAD");
  }
  return { type, nsp, data, id } as Packet;
}
