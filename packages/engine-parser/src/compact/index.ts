/**
 * What a client needs of the codec, written for size: the same functions on the same wire, for builds that people wait for. It knows no
 * limits (a client reads what its server sends it), no Buffer and no errors: what is no packet is `undefined`.
 */
import type { BinaryData, EnginePacket, PacketType } from "../packet.js";

const TYPES: readonly PacketType[] = ["open", "close", "ping", "pong", "message", "upgrade", "noop"];

const SEPARATOR = "\x1e";

/** Encodes one packet as one frame. */
export function encodePacket({ type, data = "" }: EnginePacket, supportsBinary: boolean): string | BinaryData {
  if (typeof data === "string") return TYPES.indexOf(type) + data;
  if (supportsBinary) return data;
  // An ArrayBuffer has no `buffer`, and no offset in it.
  const { buffer = data, byteOffset, byteLength } = data as Partial<ArrayBufferView> & ArrayBuffer;
  let text = "";
  for (const byte of new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength)) text += String.fromCharCode(byte);
  return `b${btoa(text)}`;
}

/** Decodes one frame. Never throws. Bytes are an `ArrayBuffer`, whatever form a caller asks other builds for. */
export function decodePacket(frame: string | ArrayBuffer, form?: unknown): EnginePacket | undefined;
export function decodePacket(frame: string | ArrayBuffer): EnginePacket | undefined {
  if (typeof frame !== "string") return { type: "message", data: frame };
  const data = frame.slice(1);
  // No other text of one character is a key of an array.
  const type = TYPES[frame[0] as unknown as number];
  if (type) return data ? { type, data } : { type };
  try {
    // `atob` refuses all that is to be refused but white space.
    const bytes = atob(frame[0] === "b" ? data.replace(/\s/, "-") : "-");
    return { type: "message", data: Uint8Array.from(bytes, (char) => char.charCodeAt(0)).buffer };
  } catch {
    return undefined;
  }
}

/** Encodes packets as the body of one polling request. */
export function encodePayload(packets: readonly EnginePacket[]): string {
  return packets.map((packet) => encodePacket(packet, false)).join(SEPARATOR);
}

/** Decodes the body of one polling response. What follows something that is no packet is not to be believed. */
export function decodePackets(payload: string, form?: unknown): (EnginePacket | undefined)[];
export function decodePackets(payload: string): (EnginePacket | undefined)[] {
  return payload.split(SEPARATOR).map((text) => decodePacket(text));
}
