/** Bytes without Node's Buffer: browsers, workers and everything else. Selected as `#bytes` by condition. */
import type { BinaryData, BinaryType } from "../packet.js";

export const DEFAULT_BINARY_TYPE: BinaryType = "arraybuffer";

/** How many bytes one `String.fromCharCode` call takes: well below the argument limit of every engine. */
const CHUNK = 8_192;

/** The bytes of `data`, sharing its memory. */
export function bytesOf(data: BinaryData): Uint8Array {
  return ArrayBuffer.isView(data)
    ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
    : new Uint8Array(data);
}

export function toBinaryType(data: BinaryData, type: BinaryType): BinaryData {
  if (type === "nodebuffer") return bytesOf(data);
  return ArrayBuffer.isView(data) ? new Uint8Array(bytesOf(data)).buffer : data;
}

export function encodeBase64(data: BinaryData): string {
  const bytes = bytesOf(data);
  let binary = "";
  for (let i = 0; i < bytes.length; i += CHUNK) {
    binary += String.fromCharCode.apply(null, bytes.subarray(i, i + CHUNK) as unknown as number[]);
  }
  return btoa(binary);
}

/** Decodes the standard alphabet; padding may be missing. `undefined` when `text` is not base64. */
export function decodeBase64(text: string, type: BinaryType): BinaryData | undefined {
  try {
    // atob refuses all we want refused but white space.
    const binary = atob(text.replace(/\s/, "-"));
    const bytes = new Uint8Array(binary.length);
    for (let i = 0; i < binary.length; i++) bytes[i] = binary.charCodeAt(i);
    return type === "nodebuffer" ? bytes : bytes.buffer;
  } catch {
    return undefined;
  }
}

let utf8Encoder: TextEncoder | undefined;
let utf8Decoder: TextDecoder | undefined;

/** UTF-8 of `text`; half a surrogate pair becomes U+FFFD. */
export function encodeUtf8(text: string): Uint8Array {
  utf8Encoder ??= new TextEncoder();
  return utf8Encoder.encode(text);
}

/** `undefined` when `bytes` are not UTF-8. A byte order mark is a character like any other. */
export function decodeUtf8(bytes: Uint8Array): string | undefined {
  try {
    // Made on first use: React Native has none, and there nothing needs it.
    utf8Decoder ??= new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
    return utf8Decoder.decode(bytes);
  } catch {
    return undefined;
  }
}
