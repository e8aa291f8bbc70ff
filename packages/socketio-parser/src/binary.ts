import type { BinaryChunk } from "./contract.js";

/** Whether `value` travels as an attachment: `ArrayBuffer`, any view of one (`Buffer` too), and `Blob` where it exists. */
export function isBinary(value: unknown): value is BinaryChunk {
  return (
    ArrayBuffer.isView(value) ||
    value instanceof ArrayBuffer ||
    (typeof Blob === "function" && value instanceof Blob) ||
    Object.prototype.toString.call(value) === "[object ArrayBuffer]"
  );
}
