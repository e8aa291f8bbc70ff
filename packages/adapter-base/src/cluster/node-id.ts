/** 16 hexadecimal digits, new for each process start. */
export type NodeId = string;

export function randomNodeId(): NodeId {
  const bytes = crypto.getRandomValues(new Uint8Array(8));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
