/** Node's own class where there is one: it is faster, and what it decodes are the Buffers that applications expect. */
const { Buffer: NodeBuffer } = globalThis as { Buffer?: typeof Buffer };

export function toBase64(bytes: Uint8Array): string {
  if (NodeBuffer) return NodeBuffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64");
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
}

/** @throws an error of the runtime when the text is not base64, where there is no Buffer */
export function fromBase64(text: string): Uint8Array {
  if (NodeBuffer) return NodeBuffer.from(text, "base64");
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}
