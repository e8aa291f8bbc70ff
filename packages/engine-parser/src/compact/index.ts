/**
 * What a client needs of the codec, written for size: the same functions on the same wire, for builds that people wait for. It
 * knows no limits (a client reads what its server sends it) and no Buffer; its errors are of one class, with the codes of the codec.
 */
import type { EngineParserErrorCode, ViolationName } from "../errors.js";
import type { Handshake } from "../handshake.js";
import type { BinaryData, BinaryType, EnginePacket, PacketType } from "../packet.js";

/** What a peer did wrong. `code` is stable; `message` is the same in words. */
export class CompactError extends Error {
  readonly code: EngineParserErrorCode;

  constructor(name: ViolationName) {
    super(name.toLowerCase().replaceAll("_", " "));
    this.code = `ERR_SOCKEYE_ENGINE_PARSER_${name}`;
  }
}

const TYPES: readonly PacketType[] = ["open", "close", "ping", "pong", "message", "upgrade", "noop"];

const SEPARATOR = "\x1e";

function bytesOf(data: BinaryData): Uint8Array<ArrayBuffer> {
  const { buffer, byteOffset, byteLength } = ArrayBuffer.isView(data) ? data : new Uint8Array(data);
  return new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength);
}

/** Encodes one packet as one frame. */
export function encodePacket({ type, data = "" }: EnginePacket, supportsBinary: boolean): string | BinaryData {
  if (typeof data === "string") return TYPES.indexOf(type) + data;
  if (supportsBinary) return data;
  let text = "";
  for (const byte of bytesOf(data)) text += String.fromCharCode(byte);
  return `b${btoa(text)}`;
}

/** Decodes one frame. Never throws. */
export function decodePacket(frame: string | BinaryData, binaryType: BinaryType): EnginePacket | CompactError {
  if (typeof frame !== "string") {
    const isWhole = binaryType === "arraybuffer" && !ArrayBuffer.isView(frame);
    return { type: "message", data: isWhole ? frame : asType(bytesOf(frame), binaryType) };
  }
  const data = frame.slice(1);
  if (frame[0] === "b") {
    try {
      // `atob` refuses all that is to be refused but white space.
      const bytes = Uint8Array.from(atob(data.replace(/\s/, "-")), (char) => char.charCodeAt(0));
      return { type: "message", data: asType(bytes, binaryType) };
    } catch {
      return new CompactError("INVALID_BASE64");
    }
  }
  // No other text of one character is a key of an array.
  const type = TYPES[frame[0] as unknown as number];
  if (!type) return new CompactError(frame ? "UNKNOWN_PACKET_TYPE" : "EMPTY_PACKET");
  return data ? { type, data } : { type };
}

/** An ArrayBuffer holds exactly the data: a view on more than that is copied. */
function asType(bytes: Uint8Array<ArrayBuffer>, binaryType: BinaryType): BinaryData {
  return binaryType === "nodebuffer" ? bytes : bytes.slice().buffer;
}

/** Encodes packets as the body of one polling request. */
export function encodePayload(packets: readonly EnginePacket[]): string {
  return packets.map((packet) => encodePacket(packet, false)).join(SEPARATOR);
}

/** Decodes the body of one polling response: the packets, up to the first that is none, in whose place its error stands. */
export function decodePackets(payload: string, binaryType: BinaryType): (EnginePacket | CompactError)[] {
  const packets: (EnginePacket | CompactError)[] = [];
  for (const text of payload.split(SEPARATOR)) {
    const packet = decodePacket(text, binaryType);
    packets.push(packet);
    if (packet instanceof Error) break;
  }
  return packets;
}

/** Decodes and validates the data of an open packet. Never throws. */
export function decodeHandshake(json: unknown): Handshake | CompactError {
  try {
    const { sid, upgrades, pingInterval, pingTimeout, maxPayload = null } = JSON.parse(json as string);
    const isText = (each: unknown) => typeof each === "string";
    const isAmount = (each: unknown) => Number.isFinite(each) && (each as number) >= 0;
    if (isText(json) && isText(sid) && sid && Array.isArray(upgrades) && upgrades.every(isText)) {
      if ([pingInterval, pingTimeout, maxPayload ?? 0].every(isAmount)) {
        return { sid, upgrades, pingInterval, pingTimeout, maxPayload: maxPayload ?? Infinity };
      }
    }
  } catch {}
  return new CompactError("INVALID_HANDSHAKE");
}
