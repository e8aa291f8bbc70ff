/** Bytes on Node's Buffer (also Bun and Deno). The global one: this package imports nothing. */
import type { BinaryData, BinaryType } from "../packet.js";

export const DEFAULT_BINARY_TYPE: BinaryType = "nodebuffer";

const NOT_BASE64 = /[^A-Za-z0-9+/]/;

/** The bytes of `data`, sharing its memory. */
export function bytesOf(data: BinaryData): Buffer {
  if (Buffer.isBuffer(data)) return data;
  return ArrayBuffer.isView(data) ? Buffer.from(data.buffer, data.byteOffset, data.byteLength) : Buffer.from(data);
}

export function toBinaryType(data: BinaryData, type: BinaryType): BinaryData {
  if (type === "nodebuffer") return bytesOf(data);
  return ArrayBuffer.isView(data) ? new Uint8Array(bytesOf(data)).buffer : data;
}

export function encodeBase64(data: BinaryData): string {
  return bytesOf(data).toString("base64");
}

/** Decodes the standard alphabet; padding may be missing. `undefined` when `text` is not base64. */
export function decodeBase64(text: string, type: BinaryType): BinaryData | undefined {
  let end = text.length;
  if (end % 4 === 0) while (end > text.length - 2 && text[end - 1] === "=") end--;
  const digits = end === text.length ? text : text.slice(0, end);
  if (end % 4 === 1 || NOT_BASE64.test(digits)) return undefined;
  return toBinaryType(Buffer.from(digits, "base64"), type);
}

export function encodeUtf8(text: string): Uint8Array {
  return Buffer.from(text);
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** `undefined` when `bytes` are not UTF-8. A byte order mark is a character like any other. */
export function decodeUtf8(bytes: Uint8Array): string | undefined {
  try {
    return utf8.decode(bytes);
  } catch {
    return undefined;
  }
}
