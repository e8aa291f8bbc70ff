/** Bytes without Node's Buffer: browsers, workers and everything else. Selected as `#bytes` by condition. */
import type { BinaryData, BinaryType } from "../packet.js";

export const DEFAULT_BINARY_TYPE: BinaryType = "arraybuffer";

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
/** How many character codes one `String.fromCharCode` call takes: well below the argument limit of every engine. */
const CHUNK = 8_192;

let sextets: Uint8Array | undefined;

/** Sextet of each character code; 64 marks a character outside the alphabet. */
function sextetTable(): Uint8Array {
  sextets = new Uint8Array(128).fill(64);
  for (let i = 0; i < 64; i++) sextets[ALPHABET.charCodeAt(i)] = i;
  return sextets;
}

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
  const codes = new Uint8Array(Math.ceil(bytes.length / 3) * 4).fill(61);
  let at = 0;
  let bits = 0;
  let pending = 0;
  for (let i = 0; i < bytes.length; i++) {
    pending = (pending << 8) | bytes[i]!;
    bits += 8;
    while (bits >= 6) {
      bits -= 6;
      codes[at++] = ALPHABET.charCodeAt((pending >> bits) & 63);
    }
  }
  if (bits > 0) codes[at] = ALPHABET.charCodeAt((pending << (6 - bits)) & 63);
  let text = "";
  for (let i = 0; i < codes.length; i += CHUNK) {
    text += String.fromCharCode.apply(null, codes.subarray(i, i + CHUNK) as unknown as number[]);
  }
  return text;
}

/** Decodes the standard alphabet; padding may be missing. `undefined` when `text` is not base64. */
export function decodeBase64(text: string, type: BinaryType): BinaryData | undefined {
  const table = sextets ?? sextetTable();
  let end = text.length;
  if (end % 4 === 0) while (end > text.length - 2 && text[end - 1] === "=") end--;
  if (end % 4 === 1) return undefined;
  const bytes = new Uint8Array((end * 3) >> 2);
  let at = 0;
  let bits = 0;
  let pending = 0;
  for (let i = 0; i < end; i++) {
    const sextet = table[text.charCodeAt(i)] ?? 64;
    if (sextet > 63) return undefined;
    pending = (pending << 6) | sextet;
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      bytes[at++] = pending >> bits;
    }
  }
  return type === "nodebuffer" ? bytes : bytes.buffer;
}

export function encodeUtf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** `undefined` when `bytes` are not UTF-8. A byte order mark is a character like any other. */
export function decodeUtf8(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}
