import { createHash } from "node:crypto";

/**
 * Names that peers may choose, and secrets of sessions, stand in the tables as digests: of one length, whatever they are, and of no use
 * to whoever reads them.
 */
export function logKey(namespace: string): string {
  return digest(`log ${namespace}`);
}

export function sessionKey(namespace: string, pid: string): string {
  return digest(`session ${namespace.length} ${namespace}${pid}`);
}

/** Half of a SHA-256, which PostgreSQL takes for a uuid. */
function digest(text: string): string {
  return createHash("sha256").update(text, "utf16le").digest("hex").slice(0, 32);
}
