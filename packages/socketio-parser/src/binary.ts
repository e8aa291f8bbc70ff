import type { BinaryChunk } from "./contract.js";

/** Whether `value` travels as bytes: an `ArrayBuffer`, any view of one (`Buffer` is one), a `Blob` or `File` where they exist. */
export function isBinary(value: unknown): value is BinaryChunk {
  return (
    ArrayBuffer.isView(value) || value instanceof ArrayBuffer || (typeof Blob === "function" && value instanceof Blob)
  );
}
